mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }

  mock_data "aws_region" {
    defaults = { region = "eu-central-1" }
  }

  mock_data "aws_vpc_endpoint_service" {
    defaults = { availability_zones = ["eu-central-1a", "eu-central-1b", "eu-central-1c"] }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-central-1:111122223333:log-group:/claims/flow" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/claims-flow-logs" }
  }
}

variables {
  name        = "claims"
  cidr        = "10.60.0.0/20"
  zones       = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
  kms_key_arn = "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000000"
}

run "closed_by_default" {
  command = apply

  assert {
    condition     = length(aws_subnet.private) == 3
    error_message = "There must be a private subnet in each of the three zones."
  }

  assert {
    condition     = aws_subnet.private["eu-central-1c"].cidr_block == "10.60.4.0/23"
    error_message = "Each zone must get an eighth of the addresses, in the order of the zones."
  }

  assert {
    condition     = length(aws_internet_gateway.this) + length(aws_nat_gateway.this) + length(aws_route.private_out) == 0
    error_message = "Without `internet` there must be no way out."
  }

  assert {
    condition     = length(aws_vpc_security_group_egress_rule.workload_to_internet) == 0
    error_message = "Without `internet` no rule may let a run out."
  }

  assert {
    condition     = toset([for service in data.aws_vpc_endpoint_service.interface : service.service]) == toset(["ecr.api", "ecr.dkr", "logs", "secretsmanager"]) && alltrue([for name, endpoint in aws_vpc_endpoint.interface : endpoint.service_name == data.aws_vpc_endpoint_service.interface[name].service_name])
    error_message = "The endpoints must be those that a Fargate task needs."
  }

  assert {
    condition     = alltrue([for endpoint in aws_vpc_endpoint.interface : endpoint.private_dns_enabled == true])
    error_message = "The services' own names must lead to the endpoints."
  }

  assert {
    condition     = alltrue([for endpoint in aws_vpc_endpoint.interface : endpoint.security_group_ids == toset([aws_security_group.endpoints.id]) && endpoint.subnet_ids == toset(values(output.subnet_ids))])
    error_message = "The endpoints must stand in each private subnet, in their own group."
  }

  assert {
    condition     = alltrue([for endpoint in aws_vpc_endpoint.interface : [for statement in jsondecode(endpoint.policy).Statement : try(statement.Condition, null)] == [{ StringEquals = { "aws:PrincipalAccount" = "111122223333" } }]])
    error_message = "The endpoints must serve principals of this account alone."
  }

  assert {
    condition     = jsondecode(aws_vpc_endpoint.s3.policy).Statement[*].Sid == ["LayersOfImages"]
    error_message = "Without buckets of a warehouse S3 must give the layers of images alone."
  }

  assert {
    condition     = [for statement in jsondecode(aws_vpc_endpoint.s3.policy).Statement : flatten([statement.Action, statement.Resource])] == [["s3:GetObject", "arn:aws:s3:::prod-eu-central-1-starport-layer-bucket/*"]]
    error_message = "The layers of images must be read, and not written."
  }

  assert {
    condition     = aws_vpc_endpoint.s3.service_name == data.aws_vpc_endpoint_service.s3.service_name && aws_vpc_endpoint.s3.route_table_ids == toset([aws_route_table.private.id]) && alltrue([for association in aws_route_table_association.private : association.route_table_id == aws_route_table.private.id])
    error_message = "Every private subnet must have the one table of routes, with the gateway of S3."
  }

  assert {
    condition     = alltrue([for subnet in aws_subnet.private : coalesce(subnet.map_public_ip_on_launch, false) == false])
    error_message = "Nothing in a private subnet may get a public address."
  }
}

run "groups_let_runs_out_to_the_endpoints_alone" {
  command = apply

  assert {
    condition     = try(length(aws_default_security_group.this.ingress), 0) + try(length(aws_default_security_group.this.egress), 0) == 0
    error_message = "The default group must have no rule."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.endpoints_from_workload.security_group_id == aws_security_group.endpoints.id && aws_vpc_security_group_ingress_rule.endpoints_from_workload.referenced_security_group_id == aws_security_group.workload.id && aws_vpc_security_group_ingress_rule.endpoints_from_workload.cidr_ipv4 == null
    error_message = "The endpoints must be open to runs, and to no address."
  }

  assert {
    condition     = aws_vpc_security_group_egress_rule.workload_to_endpoints.security_group_id == aws_security_group.workload.id && aws_vpc_security_group_egress_rule.workload_to_endpoints.referenced_security_group_id == aws_security_group.endpoints.id && aws_vpc_security_group_egress_rule.workload_to_endpoints.cidr_ipv4 == null
    error_message = "Runs must be let out to the endpoints, and to no address."
  }

  assert {
    condition     = aws_vpc_security_group_egress_rule.workload_to_s3.security_group_id == aws_security_group.workload.id && aws_vpc_security_group_egress_rule.workload_to_s3.prefix_list_id == aws_vpc_endpoint.s3.prefix_list_id && aws_vpc_security_group_egress_rule.workload_to_s3.cidr_ipv4 == null
    error_message = "Runs must be let out to S3 by the gateway, and to no address."
  }

  assert {
    condition     = alltrue([for rule in [aws_vpc_security_group_ingress_rule.endpoints_from_workload, aws_vpc_security_group_egress_rule.workload_to_endpoints, aws_vpc_security_group_egress_rule.workload_to_s3] : rule.ip_protocol == "tcp" && rule.from_port == 443 && rule.to_port == 443])
    error_message = "Nothing but TLS may be let through."
  }
}

run "every_connection_is_written_down" {
  command = apply

  assert {
    condition     = aws_flow_log.this.traffic_type == "ALL" && aws_flow_log.this.vpc_id == aws_vpc.this.id && aws_flow_log.this.log_destination == aws_cloudwatch_log_group.flow.arn
    error_message = "Every connection must be logged, not those alone that were refused."
  }

  assert {
    condition     = aws_cloudwatch_log_group.flow.retention_in_days == 365 && aws_cloudwatch_log_group.flow.kms_key_id == var.kms_key_arn
    error_message = "Flow logs must be encrypted, and kept for a year."
  }

  assert {
    condition = { for statement in jsondecode(aws_iam_role_policy.flow.policy).Statement : statement.Sid => flatten([statement.Action, statement.Resource]) } == {
      Write = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams", "arn:aws:logs:eu-central-1:111122223333:log-group:/claims/flow:*"]
      Find  = ["logs:DescribeLogGroups", "*"]
    }
    error_message = "The role must write to its group, find it among the others, and do nothing else."
  }
}

run "a_service_that_is_not_in_every_zone" {
  command = apply

  override_data {
    target = data.aws_vpc_endpoint_service.interface["logs"]
    values = { availability_zones = ["eu-central-1a", "eu-central-1c", "eu-central-1d"] }
  }

  assert {
    condition     = aws_vpc_endpoint.interface["logs"].subnet_ids == toset([output.subnet_ids["eu-central-1a"], output.subnet_ids["eu-central-1c"]])
    error_message = "An endpoint must stand where its service is: AWS refuses it elsewhere."
  }
}

run "a_service_that_is_in_none_of_the_zones" {
  command = plan

  override_data {
    target = data.aws_vpc_endpoint_service.interface["logs"]
    values = { availability_zones = ["eu-central-1d"] }
  }

  expect_failures = [aws_vpc_endpoint.interface["logs"]]
}

run "a_partition_that_names_no_zones" {
  command = apply

  override_data {
    target = data.aws_vpc_endpoint_service.interface["logs"]
    values = { availability_zones = [] }
  }

  assert {
    condition     = length(aws_vpc_endpoint.interface["logs"].subnet_ids) == 3
    error_message = "Where AWS names no zones an endpoint must stand in each."
  }
}

run "buckets_of_the_warehouse" {
  command = plan

  variables {
    storage_buckets = ["stage-b", "stage-a"]
  }

  assert {
    condition     = jsondecode(aws_vpc_endpoint.s3.policy).Statement[1].Resource == ["arn:aws:s3:::stage-a/*", "arn:aws:s3:::stage-b/*"]
    error_message = "The gateway must let rows into the buckets that are named, and into no others."
  }

  assert {
    condition     = jsondecode(aws_vpc_endpoint.s3.policy).Statement[1].Action == ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
    error_message = "The gateway must let rows in, and out again, and do nothing else."
  }
}

run "a_way_out_when_asked" {
  command = plan

  variables {
    internet = true
  }

  assert {
    condition     = aws_subnet.public[0].cidr_block == "10.60.14.0/23" && aws_subnet.public[0].availability_zone == "eu-central-1a"
    error_message = "The NAT gateway must stand in the first zone, in the last eighth of the addresses."
  }

  assert {
    condition     = aws_route.private_out[0].destination_cidr_block == "0.0.0.0/0"
    error_message = "The private subnets must have a route out."
  }
}

run "two_zones_are_too_few" {
  command = plan

  variables {
    zones = ["eu-central-1a", "eu-central-1b"]
  }

  expect_failures = [var.zones]
}

run "addresses_that_are_none" {
  command = plan

  variables {
    cidr = "10.60.0.0/28"
  }

  expect_failures = [var.cidr]
}

run "a_bucket_is_a_name" {
  command = plan

  variables {
    storage_buckets = ["s3://stage/rows"]
  }

  expect_failures = [var.storage_buckets]
}
