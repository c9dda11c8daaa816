terraform {
  required_version = ">= 1.9.0, < 2.0.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.25.0, < 7.0.0"
    }
    snowflake = {
      source  = "snowflakedb/snowflake"
      version = ">= 2.11.0, < 3.0.0"
    }
  }

}

provider "aws" {
  region = var.region

  default_tags {
    tags = { platform = var.name, made_by = "terraform" }
  }
}

# Who it is, and its key, come from the environment: SNOWFLAKE_ORGANIZATION_NAME, SNOWFLAKE_ACCOUNT_NAME, SNOWFLAKE_USER,
# SNOWFLAKE_PRIVATE_KEY.
provider "snowflake" {
  authenticator            = "SNOWFLAKE_JWT"
  role                     = var.snowflake_role
  preview_features_enabled = ["snowflake_network_rule_resource"]
}
