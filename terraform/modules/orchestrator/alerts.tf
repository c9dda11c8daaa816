# Three things can go wrong: a run fails, a run is not started, and nothing happens at all.

resource "aws_sns_topic" "alerts" {
  name              = "${var.name}-alerts"
  kms_master_key_id = var.kms_key_arn
}

resource "aws_sns_topic_policy" "alerts" {
  arn = aws_sns_topic.alerts.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        # A condition here would let no event through: docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.md
        Sid       = "Events"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.alerts.arn
      },
      {
        Sid       = "AlarmsOfThisAccount"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.alerts.arn
        Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
      },
    ]
  })
}

resource "aws_sns_topic_subscription" "email" {
  for_each = var.alert_emails

  topic_arn = aws_sns_topic.alerts.arn
  protocol  = "email"
  endpoint  = each.key
}

# A run that ended with another exit code than 0, or whose containers could not be started.
resource "aws_cloudwatch_event_rule" "failed" {
  name        = "${var.name}-failed"
  description = "A run that failed"

  event_pattern = jsonencode({
    source        = ["aws.ecs"]
    "detail-type" = ["ECS Task State Change"]
    detail = {
      clusterArn = [aws_ecs_cluster.this.arn]
      lastStatus = ["STOPPED"]
      "$or" = [
        { containers = { exitCode = [{ "anything-but" = 0 }] } },
        { stopCode = ["TaskFailedToStart"] },
      ]
    }
  })
}

resource "aws_cloudwatch_event_target" "failed" {
  rule = aws_cloudwatch_event_rule.failed.name
  arn  = aws_sns_topic.alerts.arn

  input_transformer {
    input_paths    = { definition = "$.detail.taskDefinitionArn", task = "$.detail.taskArn", reason = "$.detail.stoppedReason" }
    input_template = "\"A run of <definition> failed: <reason>. Its log is under /${var.name}/runs/, its task is <task>.\""
  }
}

resource "aws_cloudwatch_metric_alarm" "not_started" {
  alarm_name          = "${var.name}-not-started"
  alarm_description   = "The scheduler could not start a run; the queue says which and why"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.not_started.name }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alerts.arn]
  ok_actions          = [aws_sns_topic.alerts.arn]
}

# The last line of a good run, as framework/printing.py writes it; one that published nothing does not count.
# docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
resource "aws_cloudwatch_log_metric_filter" "published" {
  for_each = aws_cloudwatch_log_group.runs

  name           = "${var.name}-${each.key}-published"
  log_group_name = each.value.name
  pattern        = "\"published in\" -\": 0 tables\""

  metric_transformation {
    namespace = var.name
    name      = "published-${each.key}"
    value     = "1"
  }
}

# A schedule that is switched off is meant to be silent.
resource "aws_cloudwatch_metric_alarm" "quiet" {
  for_each = { for name, schedule in var.schedules : name => schedule if schedule.enabled }

  alarm_name          = "${var.name}-${each.key}-quiet"
  alarm_description   = "No run of ${each.value.pipeline} has published for ${each.value.quiet_hours} hours"
  namespace           = var.name
  metric_name         = aws_cloudwatch_log_metric_filter.published[each.key].metric_transformation[0].name
  statistic           = "Sum"
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  period              = 3600
  evaluation_periods  = each.value.quiet_hours
  treat_missing_data  = "breaching"
  alarm_actions       = [aws_sns_topic.alerts.arn]
  ok_actions          = [aws_sns_topic.alerts.arn]
}
