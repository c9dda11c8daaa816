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
}

resource "aws_vpc_endpoint" "this" {
  vpc_id              = var.vpc_id
  service_name        = local.config["privatelink-vpce-id"]
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = false # the names are Snowflake's, in the zone below
  subnet_ids          = var.subnet_ids
  security_group_ids  = [aws_security_group.this.id]

  tags = { Name = "${var.name}-snowflake" }
}

resource "aws_security_group" "this" {
  name        = "${var.name}-snowflake"
  description = "The endpoint of the Snowflake account"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-snowflake" }
}

resource "aws_vpc_security_group_ingress_rule" "from_workload" {
  #checkov:skip=CKV_AWS_260:Port 80 is open to one security group, and to no address
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
