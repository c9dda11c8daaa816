variable "name" {
  description = "What the platform is called; the names of all that is made begin with it."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}$", var.name))
    error_message = "name must be 2 to 31 lower-case letters, digits and hyphens, and begin with a letter."
  }
}

variable "account_id" {
  description = "The account of Databricks."
  type        = string
}

variable "region" {
  description = "The region of the workspace, which is that of the VPC."
  type        = string
}

variable "vpc_id" {
  description = "The VPC that the workspace is reached from."
  type        = string
}

variable "subnet_ids" {
  description = "The subnets that can get an address of the workspace and of the relay, by zone: `subnet_ids` of the network."
  type        = map(string)
}

variable "workload_security_group_id" {
  description = "The group of what runs pipelines; it gets the rule that lets it out to the workspace."
  type        = string
}

variable "compute_security_group_ids" {
  description = "The groups of clusters that stand in this VPC, if there are any: they speak to the relay too."
  type        = list(string)
  default     = []
}

variable "workspace_service_name" {
  description = "The service of the workspace and its REST API in the region, from Databricks' table of private link endpoints."
  type        = string

  validation {
    condition     = can(regex("^com\\.amazonaws\\.vpce\\.", var.workspace_service_name))
    error_message = "workspace_service_name must be as com.amazonaws.vpce.REGION.vpce-svc-ID."
  }
}

variable "relay_service_name" {
  description = "The service of the relay for secure cluster connectivity in the region, from the same table."
  type        = string

  validation {
    condition     = can(regex("^com\\.amazonaws\\.vpce\\.", var.relay_service_name))
    error_message = "relay_service_name must be as com.amazonaws.vpce.REGION.vpce-svc-ID."
  }
}

variable "public_access" {
  description = "Whether the workspace can still be reached over the internet."
  type        = bool
  default     = false
}
