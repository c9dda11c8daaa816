# What a task without a way out needs is told by AWS:
# docs.aws.amazon.com/AmazonECS/latest/developerguide/platform-version-migration.html (ecr.dkr, ecr.api, S3, secrets)
# docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html (logs, and the bucket with the layers)

locals {
  # Names of buckets with the layers of images, by the second of those pages.
  layers = "arn:${local.partition}:s3:::prod-${local.region}-starport-layer-bucket/*"

  # A subnet in a zone without the service is refused. GovCloud names no zones at all.
  served = { for name, service in data.aws_vpc_endpoint_service.interface : name => try(length(service.availability_zones), 0) > 0 ? service.availability_zones : toset(var.zones) }
}

# What a service is called in this region, and in which of the zones it is.
data "aws_vpc_endpoint_service" "interface" {
  for_each = var.interface_endpoints

  service      = each.key
  service_type = "Interface"
}

data "aws_vpc_endpoint_service" "s3" {
  service      = "s3"
  service_type = "Gateway"
}

resource "aws_vpc_endpoint" "s3" {
  vpc_id            = aws_vpc.this.id
  service_name      = data.aws_vpc_endpoint_service.s3.service_name
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
  for_each = data.aws_vpc_endpoint_service.interface

  vpc_id              = aws_vpc.this.id
  service_name        = each.value.service_name
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = [for zone, subnet in aws_subnet.private : subnet.id if contains(local.served[each.key], zone)]
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

  lifecycle {
    precondition {
      condition     = length(setintersection(local.served[each.key], var.zones)) > 0
      error_message = "${each.key} is in none of the zones: take others for zones."
    }
  }
}
