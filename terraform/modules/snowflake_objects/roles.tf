# Three roles: the loader builds, readers read the marts, stewards see what was held back as well.
locals {
  roles = {
    loader  = "Builds every layer; is taken on by the framework alone"
    reader  = "Reads the marts"
    steward = "Reads the marts, what is held back in quarantine, and the record of runs"
  }

  reads = {
    reader-marts       = { role = "reader", layer = "marts" }
    steward-quarantine = { role = "steward", layer = "quarantine" }
    steward-framework  = { role = "steward", layer = "framework" }
  }

  selects = merge([
    for name, read in local.reads : {
      for kind in ["TABLES", "VIEWS"] : "${name}-${lower(kind)}" => merge(read, { kind = kind })
    }
  ]...)
}

resource "snowflake_account_role" "this" {
  for_each = local.roles

  name    = "${var.database}_${upper(each.key)}"
  comment = each.value
}

# What a role may do, the administrator of objects may: no table is left that nobody can reach.
resource "snowflake_grant_account_role" "to_sysadmin" {
  for_each = snowflake_account_role.this

  role_name        = each.value.name
  parent_role_name = "SYSADMIN"
}

resource "snowflake_grant_account_role" "stewards_read" {
  role_name        = snowflake_account_role.this["reader"].name
  parent_role_name = snowflake_account_role.this["steward"].name
}

resource "snowflake_grant_privileges_to_account_role" "database" {
  for_each = snowflake_account_role.this

  account_role_name = each.value.name
  # The schemas of all layers are made here: a run makes those that are not there, and so none.
  privileges = ["USAGE"]

  on_account_object {
    object_type = "DATABASE"
    object_name = snowflake_database.this.name
  }
}

resource "snowflake_grant_privileges_to_account_role" "warehouse" {
  account_role_name = snowflake_account_role.this["loader"].name
  privileges        = ["USAGE"]

  on_account_object {
    object_type = "WAREHOUSE"
    object_name = snowflake_warehouse.this.name
  }
}

resource "snowflake_grant_privileges_to_account_role" "build" {
  for_each = snowflake_schema.this

  account_role_name = snowflake_account_role.this["loader"].name
  # Files are loaded by way of a temporary stage in the raw layer.
  privileges = concat(["USAGE", "CREATE TABLE", "CREATE VIEW"], each.key == "raw" ? ["CREATE STAGE"] : [])

  on_schema {
    schema_name = each.value.fully_qualified_name
  }
}

resource "snowflake_grant_privileges_to_account_role" "enter" {
  for_each = local.reads

  account_role_name = snowflake_account_role.this[each.value.role].name
  privileges        = ["USAGE"]

  on_schema {
    schema_name = snowflake_schema.this[each.value.layer].fully_qualified_name
  }
}

resource "snowflake_grant_privileges_to_account_role" "read" {
  for_each = local.selects

  account_role_name = snowflake_account_role.this[each.value.role].name
  privileges        = ["SELECT"]

  on_schema_object {
    future {
      object_type_plural = each.value.kind
      in_schema          = snowflake_schema.this[each.value.layer].fully_qualified_name
    }
  }
}
