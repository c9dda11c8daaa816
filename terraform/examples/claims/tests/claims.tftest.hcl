mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws", dns_suffix = "amazonaws.com" }
  }

  mock_data "aws_region" {
    defaults = { region = "eu-central-1" }
  }

  mock_data "aws_vpc_endpoint_service" {
    defaults = { availability_zones = ["eu-central-1a", "eu-central-1b", "eu-central-1c"] }
  }
}

mock_provider "snowflake" {}

run "it_fits_together" {
  command = plan

  variables {
    privatelink_config = "{\"privatelink-vpce-id\": \"com.amazonaws.vpce.eu-central-1.vpce-svc-0a\", \"privatelink-account-url\": \"ab12345.eu-central-1.privatelink.snowflakecomputing.com\"}"
    stage_buckets      = ["sfc-eu-ds1-example"]
    loader_public_key  = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"
    image_digest       = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
  }

  assert {
    condition     = output.target == { warehouse = "snowflake", database = "CLAIMS", user = "CLAIMS_LOADER", role = "CLAIMS_LOADER", compute = "CLAIMS_LOADING", host = "ab12345.eu-central-1.privatelink.snowflakecomputing.com", private_key_path = "/keys/loader.p8" }
    error_message = "The target must be what framework.yaml takes."
  }

  assert {
    condition     = output.secret_names == ["claims/private-key"]
    error_message = "The private key must have a secret."
  }
}
