mock_provider "aws" {
  mock_resource "aws_vpc_endpoint" {
    defaults = {
      dns_entry = [{ dns_name = "vpce-0a1b2c3d.vpce-svc-example.eu-central-1.vpce.amazonaws.com", hosted_zone_id = "Z0" }]
    }
  }
}

variables {
  name                       = "claims"
  vpc_id                     = "vpc-0a1b2c3d"
  subnet_ids                 = ["subnet-0a", "subnet-0b", "subnet-0c"]
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
    condition     = toset([for rule in aws_vpc_security_group_egress_rule.from_workload : rule.from_port]) == toset([80, 443])
    error_message = "A run must reach the account by TLS, and OCSP."
  }
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
