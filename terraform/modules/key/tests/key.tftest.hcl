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
  name = "claims"
}

run "who_may_use_it" {
  command = plan

  assert {
    condition     = aws_kms_key.this.enable_key_rotation
    error_message = "The key must be changed every year."
  }

  assert {
    condition = { for statement in jsondecode(aws_kms_key.this.policy).Statement : statement.Sid => flatten([statement.Action]) if contains(keys(statement.Principal), "Service") } == {
      LogGroupsOfThisAccount    = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
      AlertsFromEventsAndAlarms = ["kms:Decrypt", "kms:GenerateDataKey*"]
    }
    error_message = "Services must encrypt and decrypt, and not administer the key."
  }

  assert {
    condition     = { for statement in jsondecode(aws_kms_key.this.policy).Statement : statement.Sid => flatten(values(statement.Principal)) } == { TheAccountsOwnPoliciesDecide = ["arn:aws:iam::111122223333:root"], LogGroupsOfThisAccount = ["logs.eu-central-1.amazonaws.com"], AlertsFromEventsAndAlarms = ["events.amazonaws.com", "cloudwatch.amazonaws.com"] }
    error_message = "The account and three services must use the key, and nobody else."
  }

  assert {
    condition     = [for statement in jsondecode(aws_kms_key.this.policy).Statement : statement.Condition.ArnLike if statement.Sid == "LogGroupsOfThisAccount"] == [{ "kms:EncryptionContext:aws:logs:arn" = "arn:aws:logs:eu-central-1:111122223333:*" }]
    error_message = "The key must encrypt the log groups of this account, and of no other."
  }
}

run "a_name_with_capitals" {
  command = plan

  variables {
    name = "Claims"
  }

  expect_failures = [var.name]
}
