# What Snowflake gives, and what it asks for: docs.snowflake.com/en/sql-reference/functions/system_get_privatelink_config
# and docs.snowflake.com/en/user-guide/admin-security-privatelink

locals {
  zone   = "privatelink.snowflakecomputing.com"
  config = jsondecode(var.config)

  # Every name of the account in that answer: by region and without, of the web interface, of redirected clients, of
  # OCSP. They are found in the text, since some stand in lists, and not every account has all of them.
  hosts = toset(distinct([for host in regexall("[*a-z0-9][a-z0-9._-]*\\.privatelink\\.snowflakecomputing\\.com", lower(var.config)) : host]))

  # 443 for all that is said to the account, 80 for OCSP; so the provider's page on the same answer opens them:
  # registry.terraform.io/providers/snowflakedb/snowflake/latest/docs/data-sources/system_get_privatelink_config
  ports = { tls = 443, ocsp = 80 }

  # A subnet in a zone without the service is refused. GovCloud names no zones at all.
  zones = data.aws_vpc_endpoint_service.this.availability_zones
  serve = try(length(local.zones), 0) > 0 ? local.zones : toset(keys(var.subnet_ids))
}

# Is there from when Snowflake has let the AWS account in.
data "aws_vpc_endpoint_service" "this" {
  service_name = local.config["privatelink-vpce-id"]
}

resource "aws_vpc_endpoint" "this" {
  vpc_id              = var.vpc_id
  service_name        = data.aws_vpc_endpoint_service.this.service_name
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = false # the names are Snowflake's, in the zone below
  subnet_ids          = [for zone, id in var.subnet_ids : id if contains(local.serve, zone)]
  security_group_ids  = [aws_security_group.this.id]

  tags = { Name = "${var.name}-snowflake" }

  lifecycle {
    precondition {
      condition     = length(setintersection(local.serve, keys(var.subnet_ids))) > 0
      error_message = "The account's service is in none of the zones of subnet_ids: take others for zones of the network."
    }
  }
}

resource "aws_security_group" "this" {
  name        = "${var.name}-snowflake"
  description = "The endpoint of the Snowflake account"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-snowflake" }
}

resource "aws_vpc_security_group_ingress_rule" "from_workload" {
  #checkov:skip=CKV_AWS_260:Port 80 is open to one security group, and to no address, as the tests hold
  for_each = local.ports

  security_group_id            = aws_security_group.this.id
  referenced_security_group_id = var.workload_security_group_id
  description                  = "Runs of pipelines, ${each.key}"
  ip_protocol                  = "tcp"
  from_port                    = each.value
  to_port                      = each.value
}

resource "aws_vpc_security_group_egress_rule" "from_workload" {
  for_each = local.ports

  security_group_id            = var.workload_security_group_id
  referenced_security_group_id = aws_security_group.this.id
  description                  = "The Snowflake account, ${each.key}"
  ip_protocol                  = "tcp"
  from_port                    = each.value
  to_port                      = each.value
}

resource "aws_route53_zone" "this" {
  name    = local.zone
  comment = "${var.name}: the Snowflake account, inside this VPC"

  vpc {
    vpc_id = var.vpc_id
  }
}

resource "aws_route53_record" "this" {
  for_each = local.hosts

  zone_id = aws_route53_zone.this.zone_id
  name    = each.key
  type    = "CNAME"
  ttl     = 60
  records = [aws_vpc_endpoint.this.dns_entry[0].dns_name]
}
