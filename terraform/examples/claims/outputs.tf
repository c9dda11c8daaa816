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

output "secret_names" {
  description = "The secrets that have to be filled by hand."
  value       = module.orchestrator.secret_names
}
