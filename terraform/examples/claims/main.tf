module "key" {
  source = "../../modules/key"

  name = var.name
}

module "network" {
  source = "../../modules/network"

  name            = var.name
  zones           = var.zones
  kms_key_arn     = module.key.arn
  storage_buckets = var.stage_buckets
}

module "snowflake_privatelink" {
  source = "../../modules/snowflake_privatelink"

  name                       = var.name
  vpc_id                     = module.network.vpc_id
  subnet_ids                 = module.network.subnet_ids
  workload_security_group_id = module.network.workload_security_group_id
  config                     = var.privatelink_config
}

module "snowflake_objects" {
  source = "../../modules/snowflake_objects"

  database          = upper(var.name)
  monthly_credits   = 100
  loader_public_key = var.loader_public_key
  vpc_endpoint_ids  = [module.snowflake_privatelink.vpc_endpoint_id]
}

module "orchestrator" {
  source = "../../modules/orchestrator"

  name              = var.name
  kms_key_arn       = module.key.arn
  subnet_ids        = values(module.network.subnet_ids)
  security_group_id = module.network.workload_security_group_id
  image_digest      = var.image_digest
  alert_emails      = var.alert_emails
  private_key       = true

  schedules = {
    nightly = {
      pipeline  = "pipelines/claims.yaml"
      arguments = ["--target", "snow"]
      schedule  = "cron(0 4 * * ? *)"
      timezone  = "Europe/Berlin"
    }
  }
}
