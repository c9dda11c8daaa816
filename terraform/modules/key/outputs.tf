output "arn" {
  description = "The key, as the other modules take it."
  value       = aws_kms_key.this.arn
}
