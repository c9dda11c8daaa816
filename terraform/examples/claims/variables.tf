variable "name" {
  description = "What the platform is called."
  type        = string
  default     = "claims"
}

variable "region" {
  description = "The AWS region, which must be that of the Snowflake account."
  type        = string
  default     = "eu-central-1"
}

variable "zones" {
  description = "Three availability zones of the region."
  type        = list(string)
  default     = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
}

variable "snowflake_role" {
  description = "The role that makes databases, warehouses, roles, users, monitors and policies."
  type        = string
  default     = "ACCOUNTADMIN"
}

variable "privatelink_config" {
  description = "What SYSTEM$GET_PRIVATELINK_CONFIG() answers, as it stands."
  type        = string
}

variable "stage_buckets" {
  description = "The bucket of the account's internal stage, as SYSTEM$ALLOWLIST_PRIVATELINK() names it under STAGE."
  type        = set(string)
}

variable "loader_public_key" {
  description = "The public half of the loader's key pair, in one line."
  type        = string
}

variable "image_digest" {
  description = "The image that runs, by its digest."
  type        = string
}

variable "alert_emails" {
  description = "Who is told of failed runs."
  type        = set(string)
  default     = []
}
