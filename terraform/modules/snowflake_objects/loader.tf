resource "snowflake_service_user" "loader" {
  name                           = "${var.database}_LOADER"
  comment                        = "The framework; logs in by its key pair alone"
  rsa_public_key                 = var.loader_public_key
  default_role                   = snowflake_account_role.this["loader"].name
  default_warehouse              = snowflake_warehouse.this.name
  default_secondary_roles_option = "NONE"
  network_policy                 = one(snowflake_network_policy.private[*].name)
}

resource "snowflake_grant_account_role" "loader" {
  role_name = snowflake_account_role.this["loader"].name
  user_name = snowflake_service_user.loader.name
}

# A rule for endpoints says nothing of the internet, so that is blocked by a rule of its own.
resource "snowflake_network_rule" "endpoints" {
  count = length(var.vpc_endpoint_ids) > 0 ? 1 : 0

  database   = snowflake_database.this.name
  schema     = snowflake_schema.this["framework"].name
  name       = "LOADER_ENDPOINTS"
  comment    = "The endpoints of the private network"
  type       = "AWSVPCEID"
  mode       = "INGRESS"
  value_list = var.vpc_endpoint_ids
}

resource "snowflake_network_rule" "internet" {
  count = length(var.vpc_endpoint_ids) > 0 ? 1 : 0

  database   = snowflake_database.this.name
  schema     = snowflake_schema.this["framework"].name
  name       = "INTERNET"
  comment    = "Every address of the internet"
  type       = "IPV4"
  mode       = "INGRESS"
  value_list = ["0.0.0.0/0"]
}

resource "snowflake_network_policy" "private" {
  count = length(var.vpc_endpoint_ids) > 0 ? 1 : 0

  name                      = "${var.database}_LOADER_PRIVATE"
  comment                   = "In by the private network, and by no other way"
  allowed_network_rule_list = [snowflake_network_rule.endpoints[0].fully_qualified_name]
  blocked_network_rule_list = [snowflake_network_rule.internet[0].fully_qualified_name]
}
