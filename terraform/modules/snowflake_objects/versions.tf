terraform {
  required_version = ">= 1.9.0, < 2.0.0"

  required_providers {
    snowflake = {
      source  = "snowflakedb/snowflake"
      version = ">= 2.11.0, < 3.0.0"
    }
  }
}
