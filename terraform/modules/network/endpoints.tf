# What a task without a way out needs is told by AWS:
# docs.aws.amazon.com/AmazonECS/latest/developerguide/platform-version-migration.html (ecr.dkr, ecr.api, S3, secrets)
# docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html (logs, and the bucket with the layers)

locals {
  # Names of buckets with the layers of images, by the second of those pages.
  layers = "arn:${local.partition}:s3:::prod-${local.region}-starport-layer-bucket/*"
}

resource "aws_vpc_endpoint" "s3" {
  vpc_id            = aws_vpc.this.id
  service_name      = "com.amazonaws.${local.region}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [aws_route_table.private.id]

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid       = "LayersOfImages"
        Effect    = "Allow"
        Principal = "*"
        Action    = ["s3:GetObject"]
        Resource  = [local.layers]
      }],
      [for buckets in [sort(var.storage_buckets)] : {
        Sid       = "StagedRows"
        Effect    = "Allow"
        Principal = "*"
        Action    = ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
        Resource  = [for bucket in buckets : "arn:${local.partition}:s3:::${bucket}/*"]
      } if length(buckets) > 0],
    )
  })

  tags = { Name = "${var.name}-s3" }
}

resource "aws_vpc_endpoint" "interface" {
  for_each = var.interface_endpoints

  vpc_id              = aws_vpc.this.id
  service_name        = "com.amazonaws.${local.region}.${each.key}"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = [for subnet in aws_subnet.private : subnet.id]
  security_group_ids  = [aws_security_group.endpoints.id]

  # Nobody carries rows out to an account of their own through an endpoint of ours.
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "ThisAccountAlone"
      Effect    = "Allow"
      Principal = "*"
      Action    = "*"
      Resource  = "*"
      Condition = { StringEquals = { "aws:PrincipalAccount" = data.aws_caller_identity.this.account_id } }
    }]
  })

  tags = { Name = "${var.name}-${each.key}" }
}
