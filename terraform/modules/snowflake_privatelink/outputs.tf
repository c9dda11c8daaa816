output "host" {
  description = "The account's private host name, for `host` of a target in framework.yaml."
  value       = local.config["privatelink-account-url"]
}

output "vpc_endpoint_id" {
  description = "The endpoint, for a network policy that lets nothing else in."
  value       = aws_vpc_endpoint.this.id
}

output "hosts" {
  description = "Every name that is answered inside the VPC."
  value       = sort(local.hosts)
}
