# What is made has plausible ARNs, since the provider looks at the form of those that it is given.
mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws", dns_suffix = "amazonaws.com" }
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
    condition     = jsondecode(aws_ecs_task_definition.this["nightly"].container_definitions)[0].command == ["run", "pipelines/claims.yaml", "--target", "snow"] && aws_scheduler_schedule.this["nightly"].target[0].ecs_parameters[0].task_definition_arn == aws_ecs_task_definition.this["nightly"].arn
    error_message = "The schedule must start its task, which says the arguments of `framework`."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.this["nightly"].container_definitions)[0].logConfiguration.options["awslogs-group"] == "/claims/runs/nightly"
    error_message = "A run must write to the log of its schedule."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.this["nightly"].container_definitions)[0].image == "111122223333.dkr.ecr.eu-central-1.amazonaws.com/claims@${var.image_digest}"
    error_message = "A run must take its image by digest."
  }

  assert {
    condition     = try(aws_scheduler_schedule.this["nightly"].target[0].dead_letter_config[0].arn, null) == aws_sqs_queue.not_started.arn && aws_scheduler_schedule.this["nightly"].target[0].retry_policy[0].maximum_event_age_in_seconds == 3600
    error_message = "A run that cannot be started for an hour must be written down."
  }

  assert {
    condition     = toset(aws_scheduler_schedule.this["nightly"].target[0].ecs_parameters[0].network_configuration[0].subnets) == toset(var.subnet_ids) && toset(aws_scheduler_schedule.this["nightly"].target[0].ecs_parameters[0].network_configuration[0].security_groups) == toset([var.security_group_id])
    error_message = "A run must stand in the private subnets, in the group of runs."
  }

  assert {
    condition     = aws_scheduler_schedule.this["nightly"].target[0].ecs_parameters[0].network_configuration[0].assign_public_ip == false
    error_message = "A run must have no public address."
  }

  assert {
    condition     = aws_ecs_task_definition.this["nightly"].task_role_arn == null
    error_message = "A run must have no role of its own."
  }

  assert {
    condition     = [for container in jsondecode(aws_ecs_task_definition.this["nightly"].container_definitions) : container.name] == ["framework"]
    error_message = "Without a private key there must be one container."
  }

  assert {
    condition     = alltrue([for container in jsondecode(aws_ecs_task_definition.this["nightly"].container_definitions) : container.readonlyRootFilesystem && container.user == "10001:10001"])
    error_message = "Containers must be nobody's, and unable to change their image."
  }
}

run "least_privilege" {
  command = apply

  variables {
    secrets = ["DATABRICKS_TOKEN"]
  }

  assert {
    condition = { for statement in jsondecode(aws_iam_role_policy.execution.policy).Statement : statement.Sid => flatten([statement.Action, statement.Resource]) } == {
      Token           = ["ecr:GetAuthorizationToken", "*"]
      Image           = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "arn:aws:ecr:eu-central-1:111122223333:repository/claims"]
      Log             = ["logs:CreateLogStream", "logs:PutLogEvents", "arn:aws:logs:eu-central-1:111122223333:log-group:/claims/runs:*"]
      Secrets         = ["secretsmanager:GetSecretValue", "arn:aws:secretsmanager:eu-central-1:111122223333:secret:claims/secret-AbCdEf"]
      KeyOfTheSecrets = ["kms:Decrypt", "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000000"]
    }
    error_message = "What starts a container must pull its image, read its secrets, write its log, and do nothing else."
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.execution.policy).Statement : try(statement.Condition.StringEquals, null) if statement.Sid == "KeyOfTheSecrets"] == [{ "kms:ViaService" = "secretsmanager.eu-central-1.amazonaws.com" }]
    error_message = "The key must be used for secrets alone."
  }

  assert {
    condition = { for statement in jsondecode(aws_iam_role_policy.scheduler.policy).Statement : statement.Sid => flatten([statement.Action, statement.Resource]) } == {
      Task                   = ["ecs:RunTask", "arn:aws:ecs:eu-central-1:111122223333:task-definition/claims:*"]
      ItsRole                = ["iam:PassRole", "arn:aws:iam::111122223333:role/claims"]
      RunsThatWereNotStarted = ["sqs:SendMessage", "arn:aws:sqs:eu-central-1:111122223333:claims-not-started"]
      KeyOfTheSchedules      = ["kms:Decrypt", "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000000"]
    }
    error_message = "The scheduler must start the task, and name what it may touch."
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.scheduler.policy).Statement : try(statement.Condition, null) if contains(["Task", "ItsRole"], statement.Sid)] == [{ ArnEquals = { "ecs:cluster" = "arn:aws:ecs:eu-central-1:111122223333:cluster/claims" } }, { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }]
    error_message = "The scheduler must start the task on this cluster alone, and hand the role to ECS alone."
  }

  assert {
    condition     = alltrue([for role in [aws_iam_role.execution, aws_iam_role.scheduler] : alltrue([for statement in jsondecode(role.assume_role_policy).Statement : try(statement.Condition.StringEquals["aws:SourceAccount"], null) == "111122223333"])])
    error_message = "The roles must be taken on for this account alone."
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
    condition     = aws_cloudwatch_metric_alarm.quiet["nightly"].treat_missing_data == "breaching" && aws_cloudwatch_metric_alarm.quiet["nightly"].evaluation_periods == 26 && aws_cloudwatch_metric_alarm.quiet["nightly"].alarm_actions == toset([aws_sns_topic.alerts.arn])
    error_message = "Silence must be an alarm."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.not_started.dimensions == tomap({ QueueName = "claims-not-started" }) && aws_cloudwatch_metric_alarm.not_started.alarm_actions == toset([aws_sns_topic.alerts.arn])
    error_message = "A run that was not started must be an alarm."
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.failed.event_pattern).detail["$or"] == [{ containers = { exitCode = [{ "anything-but" = 0 }] } }, { stopCode = ["TaskFailedToStart"] }] && aws_cloudwatch_event_target.failed.arn == aws_sns_topic.alerts.arn
    error_message = "A run that failed, or whose containers did not start, must be told of."
  }

  assert {
    condition     = aws_sns_topic_subscription.email["oncall@example.com"].topic_arn == aws_sns_topic.alerts.arn
    error_message = "The address must hear of it."
  }
}

run "each_schedule_is_listened_to" {
  command = apply

  variables {
    schedules = {
      nightly = { pipeline = "pipelines/claims.yaml", schedule = "cron(0 4 * * ? *)" }
      weekly  = { pipeline = "pipelines/audit.yaml", schedule = "cron(0 6 ? * MON *)", quiet_hours = 168 }
      stopped = { pipeline = "pipelines/old.yaml", schedule = "rate(1 hour)", enabled = false }
    }
  }

  assert {
    condition     = { for name, alarm in aws_cloudwatch_metric_alarm.quiet : name => "${alarm.metric_name} ${alarm.evaluation_periods}" } == { nightly = "published-nightly 26", weekly = "published-weekly 168" }
    error_message = "The silence of one schedule must not be drowned by another; one that is off is meant to be silent."
  }

  assert {
    condition     = { for name, filter in aws_cloudwatch_log_metric_filter.published : filter.log_group_name => filter.metric_transformation[0].name } == { "/claims/runs/nightly" = "published-nightly", "/claims/runs/weekly" = "published-weekly", "/claims/runs/stopped" = "published-stopped" }
    error_message = "What a schedule published must be counted in its own log."
  }
}

run "the_image_that_runs_is_kept" {
  command = plan

  assert {
    condition     = [for rule in jsondecode(aws_ecr_lifecycle_policy.this.policy).rules : rule.selection.tagStatus] == ["untagged"]
    error_message = "No image with a tag may expire: it may be the one that runs."
  }

  assert {
    condition     = aws_ecr_repository.this.image_tag_mutability == "IMMUTABLE" && aws_ecr_repository.this.image_scanning_configuration[0].scan_on_push
    error_message = "Tags must not be moved, and images must be scanned."
  }

  assert {
    condition     = aws_cloudwatch_log_group.runs["nightly"].retention_in_days == 365 && aws_cloudwatch_log_group.runs["nightly"].kms_key_id == var.kms_key_arn && aws_sns_topic.alerts.kms_master_key_id == var.kms_key_arn && aws_scheduler_schedule.this["nightly"].kms_key_arn == var.kms_key_arn && aws_ecr_repository.this.encryption_configuration[0].kms_key == var.kms_key_arn
    error_message = "Logs, images, schedules and alerts must be encrypted with the platform's key, and logs kept for a year."
  }
}

run "the_key_is_a_file_before_the_run_begins" {
  command = apply

  variables {
    private_key = true
  }

  assert {
    condition     = [for container in jsondecode(aws_ecs_task_definition.this["nightly"].container_definitions) : container.name] == ["key", "framework"]
    error_message = "A container must write the key."
  }

  assert {
    condition     = alltrue([for container in jsondecode(aws_ecs_task_definition.this["nightly"].container_definitions) : container.readonlyRootFilesystem && container.user == "10001:10001"])
    error_message = "What writes the key must be nobody's too, and unable to change its image."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.this["nightly"].container_definitions)[1].dependsOn == [{ containerName = "key", condition = "SUCCESS" }]
    error_message = "The run must wait for the key."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.this["nightly"].container_definitions)[1].secrets == []
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

run "a_memory_that_fargate_does_not_have" {
  command = plan

  variables {
    memory = 8193
  }

  expect_failures = [var.memory]
}

run "a_processor_that_fargate_does_not_have" {
  command = plan

  variables {
    cpu = 1000
  }

  expect_failures = [var.cpu]
}

run "a_month_of_logs" {
  command = plan

  variables {
    log_days = 30
  }

  expect_failures = [var.log_days]
}

run "a_schedule_with_a_blank" {
  command = plan

  variables {
    schedules = { "every night" = { pipeline = "pipelines/claims.yaml", schedule = "cron(0 4 * * ? *)" } }
  }

  expect_failures = [var.schedules]
}

run "a_name_with_capitals" {
  command = plan

  variables {
    name = "Claims"
  }

  expect_failures = [var.name]
}
