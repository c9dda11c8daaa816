output "target" {
  description = "The target `snow` of framework.yaml, but for the account's identifier."
  value = merge(module.snowflake_objects.target, {
    warehouse        = "snowflake"
    host             = module.snowflake_privatelink.host
    private_key_path = "/keys/loader.p8"
  })
}

output "repository_url" {
  description = "Where the image is pushed."
  value       = module.orchestrator.repository_url
}

output "subnet_ids" {
  description = "The private subnets, for a run that is started by hand."
  value       = values(module.network.subnet_ids)
}

output "workload_security_group_id" {
  description = "The group of runs, for a run that is started by hand, and for rules of your own."
  value       = module.network.workload_security_group_id
}

output "secret_names" {
  description = "The secrets that have to be filled by hand."
  value       = module.orchestrator.secret_names
}
