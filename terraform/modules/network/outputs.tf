output "vpc_id" {
  description = "The VPC."
  value       = aws_vpc.this.id
}

output "subnet_ids" {
  description = "The private subnets, by zone."
  value       = { for zone, subnet in aws_subnet.private : zone => subnet.id }
}

output "workload_security_group_id" {
  description = "The group of what runs pipelines. Modules with an endpoint of their own open it towards that."
  value       = aws_security_group.workload.id
}

output "private_route_table_id" {
  description = "The routes of the private subnets, for a peering or a transit gateway."
  value       = aws_route_table.private.id
}
