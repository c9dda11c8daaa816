variable "name" {
  description = "What the platform is called; the names of all that is made begin with it."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.name))
    error_message = "name must be 2 to 31 lower-case letters, digits and hyphens, and begin with a letter."
  }
}

variable "vpc_id" {
  description = "The VPC that the account is reached from."
  type        = string
}

variable "subnet_ids" {
  description = "The subnets that can get an address of the account, by zone: `subnet_ids` of the network."
  type        = map(string)
}

variable "workload_security_group_id" {
  description = "The group of what may reach the account; it gets the rules that let it out."
  type        = string
}

variable "config" {
  description = "What SYSTEM$GET_PRIVATELINK_CONFIG() answers, as it stands: a JSON object."
  type        = string

  validation {
    condition     = can(regex("^com\\.amazonaws\\.vpce\\.", jsondecode(var.config)["privatelink-vpce-id"]))
    error_message = "config must be the JSON of SYSTEM$GET_PRIVATELINK_CONFIG() on AWS, with privatelink-vpce-id."
  }

  validation {
    condition     = can(regex("\\.privatelink\\.snowflakecomputing\\.com$", jsondecode(var.config)["privatelink-account-url"]))
    error_message = "config must have a privatelink-account-url under privatelink.snowflakecomputing.com."
  }
}
