output "target" {
  description = "The settings of a target in framework.yaml that this module makes."
  value = {
    database = snowflake_database.this.name
    user     = snowflake_service_user.loader.name
    role     = snowflake_account_role.this["loader"].name
    compute  = snowflake_warehouse.this.name
  }
}

output "roles" {
  description = "The roles, to be granted to people and tools."
  value       = { for name, role in snowflake_account_role.this : name => role.name }
}
