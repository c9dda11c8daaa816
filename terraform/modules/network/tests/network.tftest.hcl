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
}

variables {
  name        = "claims"
  cidr        = "10.60.0.0/20"
  zones       = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
  kms_key_arn = "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000000"
}

run "closed_by_default" {
  command = plan

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
    condition     = toset([for endpoint in aws_vpc_endpoint.interface : endpoint.service_name]) == toset([for name in ["ecr.api", "ecr.dkr", "logs", "secretsmanager"] : "com.amazonaws.eu-central-1.${name}"])
    error_message = "The endpoints must be those that a Fargate task needs."
  }

  assert {
    condition     = jsondecode(aws_vpc_endpoint.s3.policy).Statement[*].Sid == ["LayersOfImages"]
    error_message = "Without buckets of a warehouse S3 must give the layers of images alone."
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
