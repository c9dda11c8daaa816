# What is made has plausible ARNs, since the provider looks at the form of those that it is given.
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

  mock_resource "aws_ecr_repository" {
    defaults = {
      arn            = "arn:aws:ecr:eu-central-1:111122223333:repository/claims"
      repository_url = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/claims"
    }
  }

  mock_resource "aws_ecs_cluster" {
    defaults = { arn = "arn:aws:ecs:eu-central-1:111122223333:cluster/claims" }
  }

  mock_resource "aws_ecs_task_definition" {
    defaults = {
      arn                  = "arn:aws:ecs:eu-central-1:111122223333:task-definition/claims:7"
      arn_without_revision = "arn:aws:ecs:eu-central-1:111122223333:task-definition/claims"
    }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/claims" }
  }

  mock_resource "aws_scheduler_schedule_group" {
    defaults = { arn = "arn:aws:scheduler:eu-central-1:111122223333:schedule-group/claims" }
  }

  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:eu-central-1:111122223333:claims-not-started" }
  }

  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-central-1:111122223333:claims-alerts" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-central-1:111122223333:log-group:/claims/runs" }
  }

  mock_resource "aws_secretsmanager_secret" {
    defaults = { arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:claims/secret-AbCdEf" }
  }
}

variables {
  name              = "claims"
  kms_key_arn       = "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000000"
  subnet_ids        = ["subnet-0a", "subnet-0b", "subnet-0c"]
  security_group_id = "sg-0a1b2c3d"
  image_digest      = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
  schedules = {
    nightly = { pipeline = "pipelines/claims.yaml", schedule = "cron(0 4 * * ? *)", arguments = ["--target", "snow"] }
  }
}

run "a_run_is_the_command_line" {
  command = apply

  assert {
    condition     = jsondecode(aws_scheduler_schedule.this["nightly"].target[0].input).containerOverrides[0].command == ["run", "pipelines/claims.yaml", "--target", "snow"]
    error_message = "The schedule must say the arguments of `framework`."
  }

  assert {
    condition     = aws_scheduler_schedule.this["nightly"].target[0].ecs_parameters[0].network_configuration[0].assign_public_ip == false
    error_message = "A run must have no public address."
  }

  assert {
    condition     = aws_ecs_task_definition.this.task_role_arn == null
    error_message = "A run must have no role of its own."
  }

  assert {
    condition     = [for container in jsondecode(aws_ecs_task_definition.this.container_definitions) : container.name] == ["framework"]
    error_message = "Without a private key there must be one container."
  }

  assert {
    condition     = alltrue([for container in jsondecode(aws_ecs_task_definition.this.container_definitions) : container.readonlyRootFilesystem && container.user == "10001:10001"])
    error_message = "Containers must be nobody's, and unable to change their image."
  }
}

run "least_privilege" {
  command = apply

  variables {
    secrets = ["DATABRICKS_TOKEN"]
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.execution.policy).Statement : statement.Sid if statement.Resource == "*"] == ["Token"]
    error_message = "Only the token of ECR may be asked for of everything."
  }

  assert {
    condition     = alltrue([for statement in jsondecode(aws_iam_role_policy.scheduler.policy).Statement : statement.Resource != "*"])
    error_message = "The scheduler must name what it may touch."
  }

  assert {
    condition     = flatten([for statement in jsondecode(aws_iam_role_policy.execution.policy).Statement : statement.Resource if statement.Sid == "Secrets"]) == [aws_secretsmanager_secret.variable["DATABRICKS_TOKEN"].arn]
    error_message = "The secrets of this platform may be read, and no others."
  }
}

run "alerts_get_through" {
  command = apply

  variables {
    alert_emails = ["oncall@example.com"]
  }

  assert {
    condition     = [for statement in jsondecode(aws_sns_topic_policy.alerts.policy).Statement : contains(keys(statement), "Condition") if statement.Principal.Service == "events.amazonaws.com"] == [false]
    error_message = "EventBridge cannot publish where the topic has a condition for it."
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.failed.event_pattern).detail.clusterArn == [aws_ecs_cluster.this.arn]
    error_message = "Only runs of this platform may be told of."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.quiet.treat_missing_data == "breaching" && aws_cloudwatch_metric_alarm.quiet.evaluation_periods == 26
    error_message = "Silence must be an alarm."
  }

  assert {
    condition     = aws_sns_topic_subscription.email["oncall@example.com"].topic_arn == aws_sns_topic.alerts.arn
    error_message = "The address must hear of it."
  }
}

run "the_key_is_a_file_before_the_run_begins" {
  command = apply

  variables {
    private_key = true
  }

  assert {
    condition     = [for container in jsondecode(aws_ecs_task_definition.this.container_definitions) : container.name] == ["key", "framework"]
    error_message = "A container must write the key."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[1].dependsOn == [{ containerName = "key", condition = "SUCCESS" }]
    error_message = "The run must wait for the key."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[1].secrets == []
    error_message = "The run must not have the key in its environment."
  }
}

run "a_tag_can_be_moved" {
  command = plan

  variables {
    image_digest = "latest"
  }

  expect_failures = [var.image_digest]
}

run "a_schedule_in_five_fields" {
  command = plan

  variables {
    schedules = { nightly = { pipeline = "pipelines/claims.yaml", schedule = "0 4 * * *" } }
  }

  expect_failures = [var.schedules]
}
