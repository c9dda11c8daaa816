variable "name" {
  description = "What the platform is called; the names of all that is made begin with it."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.name))
    error_message = "name must be 2 to 31 lower-case letters, digits and hyphens, and begin with a letter."
  }
}

variable "kms_key_arn" {
  description = "The key for logs, secrets, images, schedules and alerts; modules/key makes one that these services may use."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a KMS key."
  }
}

variable "subnet_ids" {
  description = "The private subnets that runs are started in."
  type        = list(string)
}

variable "security_group_id" {
  description = "The group of runs: `workload_security_group_id` of the network."
  type        = string
}

variable "image_digest" {
  description = "The image that runs, by its digest in the repository that this module makes."
  type        = string

  validation {
    condition     = can(regex("^sha256:[0-9a-f]{64}$", var.image_digest))
    error_message = "image_digest must be sha256: and 64 hexadecimal digits, as docker push prints it."
  }
}

variable "schedules" {
  description = "The runs, by name: the pipeline's file in the image, further arguments of `framework run`, when, and after how many hours without one that published there is an alarm. `schedule` is cron(...) or rate(...) of EventBridge Scheduler."
  type = map(object({
    pipeline    = string
    schedule    = string
    arguments   = optional(list(string), [])
    timezone    = optional(string, "UTC")
    enabled     = optional(bool, true)
    quiet_hours = optional(number, 26)
  }))

  validation {
    condition     = length(var.schedules) > 0 && alltrue([for name in keys(var.schedules) : can(regex("^[a-z][a-z0-9-]{0,30}$", name))])
    error_message = "schedules must have one or more names of at most 31 lower-case letters, digits and hyphens, each of which begins with a letter."
  }

  validation {
    condition     = alltrue([for run in values(var.schedules) : run.quiet_hours >= 1 && run.quiet_hours <= 168])
    error_message = "quiet_hours must be from 1 to 168."
  }

  validation {
    condition     = alltrue([for run in values(var.schedules) : can(regex("^(cron|rate)\\(.+\\)$", run.schedule))])
    error_message = "Each schedule must be cron(...) or rate(...), as cron(0 4 * * ? *)."
  }

  validation {
    condition     = alltrue([for run in values(var.schedules) : can(regex("\\.ya?ml$", run.pipeline))])
    error_message = "Each pipeline must be a YAML file of the image."
  }
}

variable "cpu" {
  description = "The processor of a run, in 1024ths of a vCPU."
  type        = number
  default     = 1024

  validation {
    condition     = contains([256, 512, 1024, 2048, 4096, 8192, 16384], var.cpu)
    error_message = "cpu must be 256, 512, 1024, 2048, 4096, 8192 or 16384: so Fargate has it."
  }
}

variable "memory" {
  description = "The memory of a run in MiB, one that Fargate has for that processor."
  type        = number
  default     = 4096

  # docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
  validation {
    condition = contains(lookup({
      "256"   = [512, 1024, 2048]
      "512"   = range(1024, 4097, 1024)
      "1024"  = range(2048, 8193, 1024)
      "2048"  = range(4096, 16385, 1024)
      "4096"  = range(8192, 30721, 1024)
      "8192"  = range(16384, 61441, 4096)
      "16384" = range(32768, 122881, 8192)
    }, tostring(var.cpu), []), var.memory)
    error_message = "memory must be what Fargate has for that cpu: with 1024, for one, 2048 to 8192 in steps of 1024."
  }
}

variable "scratch_gib" {
  description = "The disk of a run, for the files that it loads."
  type        = number
  default     = 40

  validation {
    condition     = var.scratch_gib >= 21 && var.scratch_gib <= 200
    error_message = "scratch_gib must be from 21 to 200."
  }
}

variable "environment" {
  description = "Variables of the environment that are no secrets."
  type        = map(string)
  default     = {}
}

variable "secrets" {
  description = "The names of variables that framework.yaml reads and that are secrets, as DATABRICKS_TOKEN. Each gets an empty secret, to be filled by hand."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for name in var.secrets : can(regex("^[A-Z][A-Z0-9_]*$", name))])
    error_message = "secrets must be names of variables: upper-case letters, digits and underscores."
  }
}

variable "private_key" {
  description = "Whether the loader logs in by a key pair. There is a secret for the private key then, and each run finds it in /keys/loader.p8."
  type        = bool
  default     = false
}

variable "alert_emails" {
  description = "Who is told of failed runs and of alarms. AWS asks each address whether it wants to."
  type        = set(string)
  default     = []
}

variable "log_days" {
  description = "How long the logs of runs are kept."
  type        = number
  default     = 365

  validation {
    condition     = contains([365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_days)
    error_message = "log_days must be a year or more, in one of the numbers that CloudWatch Logs takes."
  }
}
