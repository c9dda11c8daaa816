# Two endpoints, the ports and how they are registered:
# registry.terraform.io/providers/databricks/databricks/latest/docs/guides/aws-private-link-workspace
# What each is for: docs.databricks.com/en/security/network/classic/privatelink.html

locals {
  services = { workspace = var.workspace_service_name, relay = var.relay_service_name }

  # TLS, the relay, and TLS of a workspace with the compliance security profile.
  compute_ports = [443, 6666, 2443]
  compute_rules = merge([
    for index, group in var.compute_security_group_ids : {
      for port in local.compute_ports : "${index}-${port}" => { group = group, port = port }
    }
  ]...)
}

resource "aws_security_group" "this" {
  name        = "${var.name}-databricks"
  description = "The endpoints of Databricks"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-databricks" }
}

resource "aws_vpc_endpoint" "this" {
  for_each = local.services

  vpc_id              = var.vpc_id
  service_name        = each.value
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = var.subnet_ids
  security_group_ids  = [aws_security_group.this.id]

  tags = { Name = "${var.name}-databricks-${each.key}" }
}

resource "aws_vpc_security_group_ingress_rule" "from_workload" {
  security_group_id            = aws_security_group.this.id
  referenced_security_group_id = var.workload_security_group_id
  description                  = "TLS from runs of pipelines"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

resource "aws_vpc_security_group_egress_rule" "from_workload" {
  security_group_id            = var.workload_security_group_id
  referenced_security_group_id = aws_security_group.this.id
  description                  = "TLS to the workspace"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

resource "aws_vpc_security_group_ingress_rule" "from_compute" {
  for_each = local.compute_rules

  security_group_id            = aws_security_group.this.id
  referenced_security_group_id = each.value.group
  description                  = "Clusters, port ${each.value.port}"
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}

resource "databricks_mws_vpc_endpoint" "this" {
  for_each = aws_vpc_endpoint.this

  account_id          = var.account_id
  aws_vpc_endpoint_id = each.value.id
  vpc_endpoint_name   = "${var.name}-${each.key}"
  region              = var.region
}

resource "databricks_mws_private_access_settings" "this" {
  account_id                   = var.account_id
  private_access_settings_name = var.name
  region                       = var.region
  public_access_enabled        = var.public_access
  private_access_level         = "ENDPOINT"
  allowed_vpc_endpoint_ids     = [databricks_mws_vpc_endpoint.this["workspace"].vpc_endpoint_id]
}
