mock_provider "snowflake" {}

variables {
  database          = "CLAIMS"
  monthly_credits   = 100
  loader_public_key = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"
}

run "layers_as_the_framework_names_them" {
  command = plan

  assert {
    condition     = toset([for schema in snowflake_schema.this : schema.name]) == toset(["RAW", "STAGING", "INTERMEDIATE", "MARTS", "QUARANTINE", "_FRAMEWORK"])
    error_message = "There must be a schema for each layer, and that of the framework."
  }

  assert {
    condition     = alltrue([for schema in snowflake_schema.this : schema.with_managed_access == "true"])
    error_message = "What a run makes, it must not hand out."
  }

  assert {
    condition     = snowflake_schema.this["marts"].data_retention_time_in_days == 7 && snowflake_schema.this["framework"].data_retention_time_in_days == 7 && snowflake_schema.this["staging"].data_retention_time_in_days == 0
    error_message = "The marts and their record must be kept as they were, what is built anew must not."
  }
}

run "least_privilege" {
  command = apply

  assert {
    condition     = [for grant in snowflake_grant_privileges_to_account_role.enter : grant.on_schema[0].schema_name if grant.account_role_name == "CLAIMS_READER"] == [snowflake_schema.this["marts"].fully_qualified_name]
    error_message = "Readers must enter the marts and no other layer."
  }

  assert {
    condition     = alltrue([for name, grant in snowflake_grant_privileges_to_account_role.read : grant.privileges == toset(["SELECT"]) && contains([for door in snowflake_grant_privileges_to_account_role.enter : "${door.account_role_name} ${door.on_schema[0].schema_name}"], "${grant.account_role_name} ${grant.on_schema_object[0].future[0].in_schema}")])
    error_message = "Readers and stewards must read, and nothing else."
  }

  assert {
    condition     = { for role, grant in snowflake_grant_privileges_to_account_role.database : role => grant.privileges } == { loader = toset(["USAGE"]), reader = toset(["USAGE"]), steward = toset(["USAGE"]) }
    error_message = "A role must enter the database; none of them may change the database."
  }

  assert {
    condition     = alltrue([for layer, grant in snowflake_grant_privileges_to_account_role.build : grant.privileges == toset(concat(["USAGE", "CREATE TABLE", "CREATE VIEW"], layer == "raw" ? ["CREATE STAGE"] : [])) && grant.account_role_name == "CLAIMS_LOADER"])
    error_message = "The loader must make tables and views, and stages in the raw layer; it owns no schema."
  }

  assert {
    condition     = snowflake_grant_privileges_to_account_role.warehouse.account_role_name == "CLAIMS_LOADER" && snowflake_grant_privileges_to_account_role.warehouse.privileges == toset(["USAGE"])
    error_message = "The loader must use the warehouse, and not change it."
  }

  assert {
    condition     = toset([for grant in snowflake_grant_privileges_to_account_role.enter : grant.on_schema[0].schema_name if grant.account_role_name == "CLAIMS_STEWARD"]) == toset([for layer in ["quarantine", "framework"] : snowflake_schema.this[layer].fully_qualified_name]) && alltrue([for grant in snowflake_grant_privileges_to_account_role.enter : grant.privileges == toset(["USAGE"])])
    error_message = "Stewards must enter what is held back, and the record, beside the marts."
  }

  assert {
    condition     = snowflake_service_user.loader.default_secondary_roles_option == "NONE" && snowflake_service_user.loader.rsa_public_key == var.loader_public_key && snowflake_service_user.loader.default_role == "CLAIMS_LOADER"
    error_message = "The loader must log in by its key pair, with its own role alone."
  }
}

run "it_stops_when_idle_and_when_it_costs_too_much" {
  command = plan

  assert {
    condition     = snowflake_warehouse.this.auto_suspend == 60 && snowflake_warehouse.this.resource_monitor == "CLAIMS_LOADING"
    error_message = "The warehouse must stop when it is idle, and be watched."
  }

  assert {
    condition     = snowflake_resource_monitor.this.suspend_trigger == 100 && snowflake_resource_monitor.this.credit_quota == 100
    error_message = "The monitor must stop the warehouse at its quota."
  }
}

run "without_endpoints_no_policy" {
  command = plan

  assert {
    condition     = length(snowflake_network_policy.private) == 0
    error_message = "Without endpoints there must be no policy: it would keep the loader out."
  }
}

run "in_by_the_endpoint_alone" {
  command = apply

  variables {
    vpc_endpoint_ids = ["vpce-0a1b2c3d"]
  }

  assert {
    condition     = snowflake_service_user.loader.network_policy == "CLAIMS_LOADER_PRIVATE"
    error_message = "The policy must be the loader's."
  }

  assert {
    condition     = snowflake_network_rule.internet[0].value_list == toset(["0.0.0.0/0"]) && snowflake_network_rule.endpoints[0].type == "AWSVPCEID"
    error_message = "The endpoint must be let in, and the internet kept out."
  }

  assert {
    condition     = snowflake_network_rule.endpoints[0].value_list == toset(["vpce-0a1b2c3d"]) && snowflake_network_policy.private[0].allowed_network_rule_list == toset([snowflake_network_rule.endpoints[0].fully_qualified_name])
    error_message = "The policy must let in the endpoints, and nothing else."
  }

  assert {
    condition     = snowflake_network_policy.private[0].blocked_network_rule_list == toset([snowflake_network_rule.internet[0].fully_qualified_name])
    error_message = "The policy must keep the internet out: a rule for endpoints says nothing of it."
  }
}

run "a_warehouse_that_never_stops" {
  command = plan

  variables {
    auto_suspend_seconds = 0
  }

  expect_failures = [var.auto_suspend_seconds]
}

run "a_layer_in_lower_case" {
  command = plan

  variables {
    schemas = { marts = "marts" }
  }

  expect_failures = [var.schemas]
}

run "two_layers_in_one_schema" {
  command = plan

  variables {
    schemas = { marts = "STAGING" }
  }

  expect_failures = [var.schemas]
}
