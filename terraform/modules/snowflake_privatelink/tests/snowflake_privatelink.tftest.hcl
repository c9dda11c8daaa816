mock_provider "aws" {
  mock_data "aws_vpc_endpoint_service" {
    defaults = { availability_zones = ["eu-central-1a", "eu-central-1b", "eu-central-1c"] }
  }

  mock_resource "aws_vpc_endpoint" {
    defaults = {
      dns_entry = [{ dns_name = "vpce-0a1b2c3d.vpce-svc-example.eu-central-1.vpce.amazonaws.com", hosted_zone_id = "Z0" }]
    }
  }
}

variables {
  name                       = "claims"
  vpc_id                     = "vpc-0a1b2c3d"
  subnet_ids                 = { eu-central-1a = "subnet-0a", eu-central-1b = "subnet-0b", eu-central-1c = "subnet-0c" }
  workload_security_group_id = "sg-0a1b2c3d"
  config                     = <<-JSON
    {
      "privatelink-account-name": "ab12345.eu-central-1.privatelink",
      "privatelink-vpce-id": "com.amazonaws.vpce.eu-central-1.vpce-svc-0a1b2c3d",
      "privatelink-account-url": "ab12345.eu-central-1.privatelink.snowflakecomputing.com",
      "regionless-privatelink-account-url": "ACME-CLAIMS.privatelink.snowflakecomputing.com",
      "privatelink_ocsp-url": "ocsp.ab12345.eu-central-1.privatelink.snowflakecomputing.com",
      "privatelink-connection-urls": "[\"acme-primary.privatelink.snowflakecomputing.com\"]",
      "privatelink-internal-stage": "sfc-eu-ds1-example.s3.eu-central-1.amazonaws.com"
    }
  JSON
}

run "every_name_of_the_account" {
  command = apply

  assert {
    condition = output.hosts == tolist([
      "ab12345.eu-central-1.privatelink.snowflakecomputing.com",
      "acme-claims.privatelink.snowflakecomputing.com",
      "acme-primary.privatelink.snowflakecomputing.com",
      "ocsp.ab12345.eu-central-1.privatelink.snowflakecomputing.com",
    ])
    error_message = "Each name of the account needs a record, in lists too, and no name of another zone."
  }

  assert {
    condition     = alltrue([for record in aws_route53_record.this : record.records == toset([aws_vpc_endpoint.this.dns_entry[0].dns_name])])
    error_message = "Each record must lead to the endpoint."
  }

  assert {
    condition     = aws_vpc_endpoint.this.service_name == "com.amazonaws.vpce.eu-central-1.vpce-svc-0a1b2c3d"
    error_message = "The endpoint must be of the account's own service."
  }

  assert {
    condition     = alltrue([for rules in [aws_vpc_security_group_egress_rule.from_workload, aws_vpc_security_group_ingress_rule.from_workload] : toset([for rule in rules : "${rule.ip_protocol} ${rule.from_port}-${rule.to_port}"]) == toset(["tcp 80-80", "tcp 443-443"])])
    error_message = "A run must reach the account by TLS, and OCSP."
  }
}

run "open_to_runs_and_to_no_address" {
  command = apply

  assert {
    condition     = alltrue([for rule in values(aws_vpc_security_group_ingress_rule.from_workload) : rule.security_group_id == aws_security_group.this.id && rule.referenced_security_group_id == var.workload_security_group_id && rule.cidr_ipv4 == null && rule.cidr_ipv6 == null])
    error_message = "The endpoint must be open to runs, and to no address."
  }

  assert {
    condition     = alltrue([for rule in values(aws_vpc_security_group_egress_rule.from_workload) : rule.security_group_id == var.workload_security_group_id && rule.referenced_security_group_id == aws_security_group.this.id && rule.cidr_ipv4 == null && rule.cidr_ipv6 == null])
    error_message = "Runs must be let out to the endpoint, and to no address."
  }

  assert {
    condition     = aws_vpc_endpoint.this.security_group_ids == toset([aws_security_group.this.id]) && aws_vpc_endpoint.this.subnet_ids == toset(values(var.subnet_ids))
    error_message = "The endpoint must stand in each subnet, in its own group."
  }

  assert {
    condition     = [for vpc in aws_route53_zone.this.vpc : vpc.vpc_id] == [var.vpc_id] && aws_route53_zone.this.name == "privatelink.snowflakecomputing.com"
    error_message = "The account's names must be answered inside the VPC alone."
  }
}

run "a_service_that_is_not_in_every_zone" {
  command = apply

  override_data {
    target = data.aws_vpc_endpoint_service.this
    values = { availability_zones = ["eu-central-1a", "eu-central-1d"] }
  }

  assert {
    condition     = aws_vpc_endpoint.this.subnet_ids == toset(["subnet-0a"])
    error_message = "An endpoint must stand where its service is: AWS refuses it elsewhere."
  }
}

run "a_service_that_is_in_none_of_the_zones" {
  command = plan

  override_data {
    target = data.aws_vpc_endpoint_service.this
    values = { availability_zones = ["eu-central-1d"] }
  }

  expect_failures = [aws_vpc_endpoint.this]
}

run "a_name_with_capitals" {
  command = plan

  variables {
    name = "Claims"
  }

  expect_failures = [var.name]
}

run "another_cloud" {
  command = plan

  variables {
    config = "{\"privatelink-pls-id\": \"sf-pvlinksvc\", \"privatelink-account-url\": \"ab12345.west-europe.azure.privatelink.snowflakecomputing.com\"}"
  }

  expect_failures = [var.config]
}

run "an_account_without_private_link" {
  command = plan

  variables {
    config = "{}"
  }

  expect_failures = [var.config]
}
