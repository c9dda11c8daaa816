mock_provider "aws" {}

mock_provider "databricks" {}

variables {
  name                       = "claims"
  account_id                 = "00000000-0000-0000-0000-000000000000"
  region                     = "eu-central-1"
  vpc_id                     = "vpc-0a1b2c3d"
  subnet_ids                 = ["subnet-0a", "subnet-0b", "subnet-0c"]
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
    condition     = toset([for rule in aws_vpc_security_group_ingress_rule.from_compute : rule.from_port]) == toset([443, 2443, 6666])
    error_message = "Clusters must reach the workspace and the relay on the ports that Databricks names."
  }
}

run "a_service_is_no_endpoint" {
  command = plan

  variables {
    relay_service_name = "vpce-0a1b2c3d"
  }

  expect_failures = [var.relay_service_name]
}
