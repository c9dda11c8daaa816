variable "name" {
  description = "What the platform is called; the names of all that is made begin with it."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.name))
    error_message = "name must be 2 to 31 lower-case letters, digits and hyphens, and begin with a letter."
  }
}

variable "cidr" {
  description = "The addresses of the VPC, /16 to /24; each zone gets an eighth of them."
  type        = string
  default     = "10.60.0.0/20"

  validation {
    condition     = can(cidrhost(var.cidr, 0)) && try(tonumber(split("/", var.cidr)[1]), 0) >= 16 && try(tonumber(split("/", var.cidr)[1]), 99) <= 24
    error_message = "cidr must be a block of IPv4 addresses from /16 to /24, as 10.60.0.0/20."
  }
}

variable "zones" {
  description = "Three availability zones. The first also holds the NAT gateway where there is one."
  type        = list(string)

  validation {
    condition     = length(var.zones) == 3 && length(distinct(var.zones)) == 3
    error_message = "zones must be three different availability zones."
  }
}

variable "kms_key_arn" {
  description = "The key that encrypts the flow logs. Its policy must let CloudWatch Logs use it; modules/key makes one."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a KMS key."
  }
}

variable "interface_endpoints" {
  description = "The AWS services reached from inside, as in com.amazonaws.REGION.NAME. The default is what a Fargate task needs to pull its image, read its secrets and write its log."
  type        = set(string)
  default     = ["ecr.api", "ecr.dkr", "logs", "secretsmanager"]
}

variable "storage_buckets" {
  description = "The S3 buckets that may be reached beside those with the layers of images: the warehouse's stage, as SYSTEM$ALLOWLIST_PRIVATELINK() names it, or the workspace's root bucket."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for bucket in var.storage_buckets : can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", bucket))])
    error_message = "storage_buckets must be names of buckets, without s3:// and without a path."
  }
}

variable "internet" {
  description = "Whether there is a way out to the internet, by one NAT gateway: for alerts to Slack or a lineage catalog of a vendor. The warehouse needs none."
  type        = bool
  default     = false
}

variable "flow_log_days" {
  description = "How long flow logs are kept."
  type        = number
  default     = 365

  validation {
    condition     = contains([365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.flow_log_days)
    error_message = "flow_log_days must be a year or more, in one of the numbers that CloudWatch Logs takes."
  }
}
