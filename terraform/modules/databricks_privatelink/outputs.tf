output "private_access_settings_id" {
  description = "For `private_access_settings_id` of the workspace: until it has them, they say nothing."
  value       = databricks_mws_private_access_settings.this.private_access_settings_id
}

output "rest_api" {
  description = "The registered endpoint of the workspace, for `vpc_endpoints` of databricks_mws_networks."
  value       = databricks_mws_vpc_endpoint.this["workspace"].vpc_endpoint_id
}

output "dataplane_relay" {
  description = "The registered endpoint of the relay, for `vpc_endpoints` of databricks_mws_networks."
  value       = databricks_mws_vpc_endpoint.this["relay"].vpc_endpoint_id
}
