variable "database" {
  description = "The database, as `database` of the target says it. The names of roles, of the user and of the warehouse begin with it."
  type        = string

  validation {
    condition     = can(regex("^[A-Z][A-Z0-9_]{1,60}$", var.database))
    error_message = "database must be 2 to 61 upper-case letters, digits and underscores: so Snowflake keeps a name without quotes."
  }
}

variable "schemas" {
  description = "The schema of each layer, as `schemas` of framework.yaml says them."
  type = object({
    raw          = optional(string, "RAW")
    staging      = optional(string, "STAGING")
    intermediate = optional(string, "INTERMEDIATE")
    marts        = optional(string, "MARTS")
    quarantine   = optional(string, "QUARANTINE")
  })
  default = {}

  validation {
    condition     = alltrue([for name in values(var.schemas) : can(regex("^[A-Z][A-Z0-9_]*$", name))])
    error_message = "schemas must be names in upper case: so Snowflake keeps what framework.yaml has in lower case."
  }

  validation {
    condition     = length(distinct(values(var.schemas))) == 5
    error_message = "schemas must be five different names."
  }
}

variable "retention_days" {
  description = "How many days published tables, and the record of them, can be had back as they were. The other layers are built anew by a run."
  type        = number
  default     = 7

  validation {
    condition     = var.retention_days >= 0 && var.retention_days <= 90
    error_message = "retention_days must be from 0 to 90."
  }
}

variable "warehouse_size" {
  description = "The size of the virtual warehouse."
  type        = string
  default     = "XSMALL"

  validation {
    condition     = contains(["XSMALL", "SMALL", "MEDIUM", "LARGE", "XLARGE"], var.warehouse_size)
    error_message = "warehouse_size must be XSMALL, SMALL, MEDIUM, LARGE or XLARGE."
  }
}

variable "auto_suspend_seconds" {
  description = "After how many idle seconds the warehouse stops, and costs nothing."
  type        = number
  default     = 60

  validation {
    condition     = var.auto_suspend_seconds >= 30
    error_message = "auto_suspend_seconds must be 30 or more: 0 would never suspend."
  }
}

variable "statement_timeout_seconds" {
  description = "The longest that one statement may take."
  type        = number
  default     = 3600

  validation {
    condition     = var.statement_timeout_seconds >= 1
    error_message = "statement_timeout_seconds must be 1 or more."
  }
}

variable "monthly_credits" {
  description = "How many credits the warehouse may use in a month: at three quarters the account's administrators are told, at all of them it takes no new statement, at a tenth more those that run are stopped."
  type        = number

  validation {
    condition     = var.monthly_credits >= 1
    error_message = "monthly_credits must be 1 or more."
  }
}

variable "loader_public_key" {
  description = "The public half of the loader's key pair: the text between the lines BEGIN and END, without line ends."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9+/=]+$", var.loader_public_key))
    error_message = "loader_public_key must be the bare text of the key, in one line."
  }
}

variable "vpc_endpoint_ids" {
  description = "The endpoints by which the loader may come in; by no other way, and not over the internet. Empty: no rule is made."
  type        = list(string)
  default     = []
}
