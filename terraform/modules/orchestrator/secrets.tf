# Secrets without a value: what is put in by hand is in no state of Terraform.

resource "aws_secretsmanager_secret" "variable" {
  #checkov:skip=CKV2_AWS_57:What is rotated is the vendor's token; AWS cannot make a new one there
  for_each = var.secrets

  name        = "${var.name}/${each.key}"
  description = "The variable ${each.key} of runs"
  kms_key_id  = var.kms_key_arn
}

resource "aws_secretsmanager_secret" "private_key" {
  #checkov:skip=CKV2_AWS_57:The other half of the key stands with the warehouse's user; the guide says how both are changed
  count = var.private_key ? 1 : 0

  name        = "${var.name}/private-key"
  description = "The private key of the loader, PEM"
  kms_key_id  = var.kms_key_arn
}
