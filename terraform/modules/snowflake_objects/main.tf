locals {
  # As framework/ddl.py names the schema of the framework's own tables.
  schemas = merge(var.schemas, { framework = "_FRAMEWORK" })

  # Of what is built anew by each run nothing has to be had back; what is published, and the record of it, stay together.
  retention = { for layer in keys(local.schemas) : layer => contains(["marts", "framework"], layer) ? var.retention_days : 0 }
}

resource "snowflake_database" "this" {
  name                        = var.database
  comment                     = "What pipelines build, by layer"
  data_retention_time_in_days = var.retention_days
}

# The owner of a schema says who reads it, not the owner of each table: a run cannot hand out what it makes.
resource "snowflake_schema" "this" {
  for_each = local.schemas

  database                    = snowflake_database.this.name
  name                        = each.value
  with_managed_access         = "true"
  data_retention_time_in_days = local.retention[each.key]
}

resource "snowflake_resource_monitor" "this" {
  name                      = "${var.database}_LOADING"
  credit_quota              = var.monthly_credits
  frequency                 = "MONTHLY"
  start_timestamp           = "IMMEDIATELY"
  notify_triggers           = [75]
  suspend_trigger           = 100
  suspend_immediate_trigger = 110
}

resource "snowflake_warehouse" "this" {
  name                         = "${var.database}_LOADING"
  comment                      = "Computes what pipelines build"
  warehouse_size               = var.warehouse_size
  auto_suspend                 = var.auto_suspend_seconds
  auto_resume                  = "true"
  initially_suspended          = true
  resource_monitor             = snowflake_resource_monitor.this.name
  statement_timeout_in_seconds = var.statement_timeout_seconds
}
