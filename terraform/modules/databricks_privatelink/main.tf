# Two endpoints and how they are registered:
# registry.terraform.io/providers/databricks/databricks/latest/docs/guides/aws-private-link-workspace
# What each is for: docs.databricks.com/en/security/network/classic/privatelink.html

locals {
  services = { workspace = var.workspace_service_name, relay = var.relay_service_name }

  # So Databricks opens them in github.com/databricks/terraform-databricks-sra, aws/tf/privatelink.tf. It opens 5432 too, for
  # its Postgres (Lakebase), which nothing here speaks to.
  compute_ports = {
    rest    = { from = 443, to = 443, what = "the workspace and its REST API" }
    relay   = { from = 6666, to = 6666, what = "the relay" }
    fips    = { from = 2443, to = 2443, what = "the relay, with the compliance security profile" }
    control = { from = 8443, to = 8443, what = "the API of the control plane" }
    lineage = { from = 8444, to = 8444, what = "logs and lineage of Unity Catalog" }
    later   = { from = 8445, to = 8451, what = "what Databricks keeps for later" }
  }
  compute_rules = merge([
    for index, group in var.compute_security_group_ids : {
      for name, ports in local.compute_ports : "${index}-${name}" => merge(ports, { group = group })
    }
  ]...)

  # A subnet in a zone without the service is refused. GovCloud names no zones at all.
  serve = { for name, service in data.aws_vpc_endpoint_service.this : name => try(length(service.availability_zones), 0) > 0 ? service.availability_zones : toset(keys(var.subnet_ids)) }
}

data "aws_vpc_endpoint_service" "this" {
  for_each = local.services

  service_name = each.value
}

resource "aws_security_group" "this" {
  name        = "${var.name}-databricks"
  description = "The endpoints of Databricks"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-databricks" }
}

resource "aws_vpc_endpoint" "this" {
  for_each = data.aws_vpc_endpoint_service.this

  vpc_id              = var.vpc_id
  service_name        = each.value.service_name
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = [for zone, id in var.subnet_ids : id if contains(local.serve[each.key], zone)]
  security_group_ids  = [aws_security_group.this.id]

  tags = { Name = "${var.name}-databricks-${each.key}" }

  lifecycle {
    precondition {
      condition     = length(setintersection(local.serve[each.key], keys(var.subnet_ids))) > 0
      error_message = "The service of the ${each.key} is in none of the zones of subnet_ids: take others for zones of the network."
    }
  }
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
  description                  = "Clusters, to ${each.value.what}"
  ip_protocol                  = "tcp"
  from_port                    = each.value.from
  to_port                      = each.value.to
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
