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
  command = plan

  assert {
    condition     = toset([for name, grant in snowflake_grant_privileges_to_account_role.enter : name if grant.account_role_name == "CLAIMS_READER"]) == toset(["reader-marts"])
    error_message = "Readers must enter the marts and no other layer."
  }

  assert {
    condition     = alltrue([for grant in snowflake_grant_privileges_to_account_role.read : grant.privileges == toset(["SELECT"])])
    error_message = "Readers and stewards must read, and nothing else."
  }

  assert {
    condition     = toset(snowflake_grant_privileges_to_account_role.build["raw"].privileges) == toset(["USAGE", "CREATE TABLE", "CREATE VIEW", "CREATE STAGE"]) && !contains(snowflake_grant_privileges_to_account_role.build["marts"].privileges, "CREATE STAGE")
    error_message = "The loader must stage files in the raw layer, and nowhere else."
  }

  assert {
    condition     = !contains(snowflake_grant_privileges_to_account_role.database["reader"].privileges, "CREATE SCHEMA")
    error_message = "Readers must make nothing."
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
  command = plan

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
