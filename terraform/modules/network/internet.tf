# One NAT gateway, in the first zone: when that zone is lost, alerts that leave AWS are lost, and runs are not.

resource "aws_internet_gateway" "this" {
  count = var.internet ? 1 : 0

  vpc_id = aws_vpc.this.id

  tags = { Name = var.name }
}

resource "aws_subnet" "public" {
  count = var.internet ? 1 : 0

  vpc_id            = aws_vpc.this.id
  availability_zone = var.zones[0]
  cidr_block        = cidrsubnet(var.cidr, 3, 7)

  tags = { Name = "${var.name}-public-${var.zones[0]}" }
}

resource "aws_route_table" "public" {
  count = var.internet ? 1 : 0

  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.name}-public" }
}

resource "aws_route" "public_out" {
  count = var.internet ? 1 : 0

  route_table_id         = aws_route_table.public[0].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this[0].id
}

resource "aws_route_table_association" "public" {
  count = var.internet ? 1 : 0

  subnet_id      = aws_subnet.public[0].id
  route_table_id = aws_route_table.public[0].id
}

resource "aws_eip" "nat" {
  count = var.internet ? 1 : 0

  domain = "vpc"

  tags = { Name = "${var.name}-nat" }
}

resource "aws_nat_gateway" "this" {
  count = var.internet ? 1 : 0

  subnet_id     = aws_subnet.public[0].id
  allocation_id = aws_eip.nat[0].id

  tags = { Name = var.name }

  depends_on = [aws_internet_gateway.this]
}

resource "aws_route" "private_out" {
  count = var.internet ? 1 : 0

  route_table_id         = aws_route_table.private.id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this[0].id
}

resource "aws_vpc_security_group_egress_rule" "workload_to_internet" {
  count = var.internet ? 1 : 0

  security_group_id = aws_security_group.workload.id
  cidr_ipv4         = "0.0.0.0/0"
  description       = "TLS to the internet"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}
