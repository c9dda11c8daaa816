mock_provider "aws" {
  mock_data "aws_vpc_endpoint_service" {
    defaults = { availability_zones = ["eu-central-1a", "eu-central-1b", "eu-central-1c"] }
  }
}

mock_provider "databricks" {}

variables {
  name                       = "claims"
  account_id                 = "00000000-0000-0000-0000-000000000000"
  region                     = "eu-central-1"
  vpc_id                     = "vpc-0a1b2c3d"
  subnet_ids                 = { eu-central-1a = "subnet-0a", eu-central-1b = "subnet-0b", eu-central-1c = "subnet-0c" }
  workload_security_group_id = "sg-0a1b2c3d"
  workspace_service_name     = "com.amazonaws.vpce.eu-central-1.vpce-svc-0a"
  relay_service_name         = "com.amazonaws.vpce.eu-central-1.vpce-svc-0b"
}

run "reached_privately_alone" {
  command = plan

  assert {
    condition     = databricks_mws_private_access_settings.this.public_access_enabled == false && databricks_mws_private_access_settings.this.private_access_level == "ENDPOINT"
    error_message = "By default the workspace must be reached by its own endpoints alone."
  }

  assert {
    condition     = { for name, endpoint in aws_vpc_endpoint.this : name => endpoint.service_name } == { workspace = var.workspace_service_name, relay = var.relay_service_name }
    error_message = "There must be an endpoint for the workspace and one for the relay."
  }

  assert {
    condition     = length(aws_vpc_security_group_ingress_rule.from_compute) == 0
    error_message = "Without clusters in the VPC no rule may be made for them."
  }
}

run "with_clusters_in_the_vpc" {
  command = plan

  variables {
    compute_security_group_ids = ["sg-0c"]
  }

  assert {
    condition     = toset([for rule in aws_vpc_security_group_ingress_rule.from_compute : "${rule.ip_protocol} ${rule.from_port}-${rule.to_port}"]) == toset(["tcp 443-443", "tcp 2443-2443", "tcp 6666-6666", "tcp 8443-8443", "tcp 8444-8444", "tcp 8445-8451"])
    error_message = "Clusters must reach the workspace and the relay on the ports that Databricks names."
  }

  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.from_compute : rule.referenced_security_group_id == "sg-0c" && rule.cidr_ipv4 == null && rule.cidr_ipv6 == null])
    error_message = "The endpoints must be open to the groups of clusters, and to no address."
  }
}

run "open_to_runs_and_to_no_address" {
  command = apply

  assert {
    condition     = alltrue([for rule in [aws_vpc_security_group_ingress_rule.from_workload] : rule.security_group_id == aws_security_group.this.id && rule.referenced_security_group_id == var.workload_security_group_id && rule.cidr_ipv4 == null && rule.cidr_ipv6 == null])
    error_message = "The endpoint must be open to runs, and to no address."
  }

  assert {
    condition     = alltrue([for rule in [aws_vpc_security_group_egress_rule.from_workload] : rule.security_group_id == var.workload_security_group_id && rule.referenced_security_group_id == aws_security_group.this.id && rule.cidr_ipv4 == null && rule.cidr_ipv6 == null])
    error_message = "Runs must be let out to the endpoint, and to no address."
  }

  assert {
    condition     = alltrue([for endpoint in aws_vpc_endpoint.this : endpoint.private_dns_enabled == true && endpoint.security_group_ids == toset([aws_security_group.this.id]) && endpoint.subnet_ids == toset(values(var.subnet_ids))])
    error_message = "The workspace's own names must lead to the endpoints, which stand in each subnet, in their own group."
  }

  assert {
    condition     = length(databricks_mws_private_access_settings.this.allowed_vpc_endpoint_ids) == 1
    error_message = "One endpoint must be let in, that of the workspace."
  }
}

run "a_service_that_is_not_in_every_zone" {
  command = apply

  override_data {
    target = data.aws_vpc_endpoint_service.this["relay"]
    values = { availability_zones = ["eu-central-1a", "eu-central-1d"] }
  }

  assert {
    condition     = aws_vpc_endpoint.this["relay"].subnet_ids == toset(["subnet-0a"])
    error_message = "An endpoint must stand where its service is: AWS refuses it elsewhere."
  }
}

run "a_service_that_is_in_none_of_the_zones" {
  command = plan

  override_data {
    target = data.aws_vpc_endpoint_service.this["relay"]
    values = { availability_zones = ["eu-central-1d"] }
  }

  expect_failures = [aws_vpc_endpoint.this["relay"]]
}

run "a_name_with_capitals" {
  command = plan

  variables {
    name = "Claims"
  }

  expect_failures = [var.name]
}

run "a_service_is_no_endpoint" {
  command = plan

  variables {
    relay_service_name = "vpce-0a1b2c3d"
  }

  expect_failures = [var.relay_service_name]
}
