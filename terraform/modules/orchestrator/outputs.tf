output "repository_url" {
  description = "Where the image is pushed."
  value       = aws_ecr_repository.this.repository_url
}

output "cluster_arn" {
  description = "The cluster that runs are started on."
  value       = aws_ecs_cluster.this.arn
}

output "task_definition_arns" {
  description = "The task of each schedule, to start a run by hand."
  value       = { for name, task in aws_ecs_task_definition.this : name => task.arn }
}

output "secret_names" {
  description = "The secrets that have to be filled."
  value       = concat([for secret in aws_secretsmanager_secret.variable : secret.name], aws_secretsmanager_secret.private_key[*].name)
}

output "alerts_topic_arn" {
  description = "Where alerts go, for subscriptions of other kinds."
  value       = aws_sns_topic.alerts.arn
}
