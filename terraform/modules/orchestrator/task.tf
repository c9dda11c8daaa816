locals {
  image = "${aws_ecr_repository.this.repository_url}@${var.image_digest}"

  logs = {
    for name, group in aws_cloudwatch_log_group.runs : name => {
      logDriver = "awslogs"
      options = {
        awslogs-group         = group.name
        awslogs-region        = local.region
        awslogs-stream-prefix = "run"
      }
    }
  }

  # ECS gives secrets as variables, and a driver reads its key from a file: a container before the run writes it.
  write_key = "import os; os.write(os.open('/keys/loader.p8', os.O_WRONLY | os.O_CREAT, 0o400), os.environ['PRIVATE_KEY'].encode())"

  key = [for arn in aws_secretsmanager_secret.private_key[*].arn : {
    name                   = "key"
    image                  = local.image
    essential              = false
    user                   = "10001:10001"
    readonlyRootFilesystem = true
    entryPoint             = ["python", "-c", local.write_key]
    secrets                = [{ name = "PRIVATE_KEY", valueFrom = arn }]
    mountPoints            = [{ sourceVolume = "keys", containerPath = "/keys", readOnly = false }]
  }]

  run = {
    name                   = "framework"
    image                  = local.image
    essential              = true
    user                   = "10001:10001"
    readonlyRootFilesystem = true
    stopTimeout            = 120 # the statements that run are stopped first
    dependsOn              = [for container in local.key : { containerName = container.name, condition = "SUCCESS" }]
    environment            = [for name in sort(keys(var.environment)) : { name = name, value = var.environment[name] }]
    secrets                = [for name in sort(var.secrets) : { name = name, valueFrom = aws_secretsmanager_secret.variable[name].arn }]
    mountPoints = [
      { sourceVolume = "scratch", containerPath = "/scratch", readOnly = false },
      { sourceVolume = "target", containerPath = "/project/target", readOnly = false },
      { sourceVolume = "keys", containerPath = "/keys", readOnly = true },
    ]
  }

  commands = { for name, schedule in var.schedules : name => concat(["run", schedule.pipeline], schedule.arguments) }
}

# It has no role of its own (task_role_arn): a pipeline has no business with AWS.
resource "aws_ecs_task_definition" "this" {
  for_each = var.schedules

  family                   = "${var.name}-${each.key}"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  execution_role_arn       = aws_iam_role.execution.arn
  container_definitions = jsonencode([
    for container in concat(local.key, [merge(local.run, { command = local.commands[each.key] })]) :
    merge(container, { logConfiguration = local.logs[each.key] })
  ])

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  ephemeral_storage {
    size_in_gib = var.scratch_gib
  }

  # Disks of the task, of the owner that the image gives these folders:
  # docs.aws.amazon.com/AmazonECS/latest/developerguide/bind-mounts.html
  dynamic "volume" {
    for_each = toset(["scratch", "target", "keys"])

    content {
      name = volume.value
    }
  }
}
