# A run may speak to the endpoints, and to nothing else. Modules that add an endpoint add their rule to it.
resource "aws_security_group" "workload" {
  #checkov:skip=CKV2_AWS_5:ECS gives it to each run that it starts: the schedules of modules/orchestrator name it
  name        = "${var.name}-workload"
  description = "Runs of pipelines"
  vpc_id      = aws_vpc.this.id

  tags = { Name = "${var.name}-workload" }
}

resource "aws_security_group" "endpoints" {
  name        = "${var.name}-endpoints"
  description = "Endpoints of AWS services"
  vpc_id      = aws_vpc.this.id

  tags = { Name = "${var.name}-endpoints" }
}

resource "aws_vpc_security_group_egress_rule" "workload_to_endpoints" {
  security_group_id            = aws_security_group.workload.id
  referenced_security_group_id = aws_security_group.endpoints.id
  description                  = "TLS to the endpoints of AWS services"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

resource "aws_vpc_security_group_egress_rule" "workload_to_s3" {
  security_group_id = aws_security_group.workload.id
  prefix_list_id    = aws_vpc_endpoint.s3.prefix_list_id
  description       = "TLS to S3 by the gateway endpoint"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_ingress_rule" "endpoints_from_workload" {
  security_group_id            = aws_security_group.endpoints.id
  referenced_security_group_id = aws_security_group.workload.id
  description                  = "TLS from runs of pipelines"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}
