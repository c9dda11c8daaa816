"""Faults planted in a copy: a checker that does not see them is no checker."""

import os
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from terraform.checks.checkers import Checker

NETWORK = "terraform/modules/network"
KEY = "terraform/modules/key"
LINK = "terraform/modules/snowflake_privatelink"
OBJECTS = "terraform/modules/snowflake_objects"
DATABRICKS = "terraform/modules/databricks_privatelink"
RUNS = "terraform/modules/orchestrator"
EXAMPLE = "terraform/examples/claims"
TEST = "terraform validate and test"


@dataclass(frozen=True)
class Fault:
    """`old` of a file becomes `new`, and the checker must say so, in words with `says`."""

    checker: str
    path: str
    old: str
    new: str
    says: str


EVERYWHERE = 'cidr_ipv4 = "0.0.0.0/0"'
TO_WORKLOAD = "referenced_security_group_id = var.workload_security_group_id"
TO_ENDPOINT = "referenced_security_group_id = aws_security_group.this.id"
EACH_ZONE = " if contains(local.serve, zone)"
DATABRICKS_ZONE = " if contains(local.serve[each.key], zone)"
ACCOUNT = '  Condition = { StringEquals = { "aws:PrincipalAccount" = data.aws_caller_identity.this.account_id } }\n'
SOURCE = '      Condition = { StringEquals = { "aws:SourceAccount" = local.account, "aws:SourceArn" = aws_scheduler'
PASSED = '        Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }\n'
LET_IN = '[databricks_mws_vpc_endpoint.this["workspace"].vpc_endpoint_id]'
EVERY_ENDPOINT = "[for endpoint in databricks_mws_vpc_endpoint.this : endpoint.vpc_endpoint_id]"
DEAD_LETTER = "    dead_letter_config {\n      arn = aws_sqs_queue.not_started.arn\n    }\n"
BLOCKED = "  blocked_network_rule_list = [snowflake_network_rule.internet[0].fully_qualified_name]\n"
DEFAULT = 'resource "aws_default_security_group" "this" {\n'
ITSELF = "from_port = 0, to_port = 0, protocol = -1, self = true, description = null"
ADDRESSES = "cidr_blocks = [], ipv6_cidr_blocks = [], prefix_list_ids = [], security_groups = []"
ANYBODY = f"{DEFAULT}  ingress = [{{ {ITSELF}, {ADDRESSES} }}]\n"
SG = "referenced_security_group_id = aws_security_group.{}.id"
S3 = "prefix_list_id    = aws_vpc_endpoint.s3.prefix_list_id"
RUNS_IN = "\n  security_group_id            = aws_security_group.endpoints.id"
DATABASE = '  privileges = ["USAGE"]\n'
WAREHOUSE = '       = ["USAGE"]\n\n  on_account_object'
SUBNET = "cidrsubnet(var.cidr, 3, each.value)\n"

# What the pages of the modules promise, broken: the file, what stands there, what comes instead, what the test says.
PROMISES = (
    (f"{KEY}/main.tf", '["kms:Decrypt", "kms:GenerateDataKey*"]', '["kms:*"]', "not administer the key"),
    (f"{KEY}/main.tf", '"events.amazonaws.com", ', '"events.amazonaws.com", "sns.amazonaws.com", ', "nobody else"),
    (f"{KEY}/main.tf", '${local.account}:*" }', '*:*" }', "of this account, and of no other"),
    (f"{NETWORK}/endpoints.tf", ACCOUNT, "", "principals of this account alone"),
    (f"{NETWORK}/endpoints.tf", "private_dns_enabled = true", "private_dns_enabled = false", "own names must lead"),
    (f"{NETWORK}/endpoints.tf", "[aws_security_group.endpoints.id]", "[aws_security_group.workload.id]", "own group"),
    (f"{NETWORK}/endpoints.tf", " if contains(local.served[each.key], zone)", "", "where its service is"),
    (f"{NETWORK}/endpoints.tf", '= ["s3:GetObject"]', '= ["s3:GetObject", "s3:PutObject"]', "read, and not written"),
    (f"{NETWORK}/endpoints.tf", "= [aws_route_table.private.id]", "= []", "one table of routes"),
    (f"{NETWORK}/main.tf", SUBNET, f"{SUBNET}  map_public_ip_on_launch = true\n", "get a public address"),
    (f"{NETWORK}/main.tf", DEFAULT, ANYBODY, "default group must have no rule"),
    (f"{NETWORK}/security_groups.tf", SG.format("workload"), EVERYWHERE, "open to runs, and to no address"),
    (f"{NETWORK}/security_groups.tf", SG.format("endpoints"), EVERYWHERE, "out to the endpoints, and to no address"),
    (f"{NETWORK}/security_groups.tf", S3, EVERYWHERE, "by the gateway, and to no address"),
    (f"{NETWORK}/security_groups.tf", "= 443\n", "= 0\n", "Nothing but TLS"),
    (f"{NETWORK}/flow_logs.tf", '"ALL"', '"REJECT"', "not those alone that were refused"),
    (f"{NETWORK}/flow_logs.tf", '["logs:DescribeLogGroups"]', '["logs:*"]', "find it among the others"),
    (f"{NETWORK}/variables.tf", "= 365\n", "= 400\n", "kept for a year"),
    (f"{LINK}/main.tf", TO_WORKLOAD, EVERYWHERE, "open to runs, and to no address"),
    (f"{LINK}/main.tf", TO_ENDPOINT, EVERYWHERE, "out to the endpoint, and to no address"),
    (f"{LINK}/main.tf", "ocsp = 80 ", "ocsp = 8080 ", "by TLS, and OCSP"),
    (f"{LINK}/main.tf", EACH_ZONE, "", "where its service is"),
    (f"{OBJECTS}/loader.tf", BLOCKED, "", "must keep the internet out"),
    (f"{OBJECTS}/loader.tf", '"NONE"', '"ALL"', "with its own role alone"),
    (f"{OBJECTS}/main.tf", '= "true"\n', '= "false"\n', "must not hand out"),
    (f"{OBJECTS}/main.tf", "suspend_trigger           = 100", "suspend_trigger           = 200", "at its quota"),
    (f"{OBJECTS}/roles.tf", DATABASE, DATABASE.replace("]", ', "CREATE SCHEMA"]'), "may change the database"),
    (f"{OBJECTS}/roles.tf", '"CREATE VIEW"]', '"CREATE VIEW", "MODIFY"]', "it owns no schema"),
    (f"{OBJECTS}/roles.tf", WAREHOUSE, WAREHOUSE.replace("]", ', "MODIFY"]'), "not change it"),
    (f"{OBJECTS}/roles.tf", 'layer = "marts" }', 'layer = "raw" }', "marts and no other layer"),
    (f"{OBJECTS}/roles.tf", '["SELECT"]', '["SELECT", "INSERT"]', "read, and nothing else"),
    (f"{DATABRICKS}/main.tf", TO_WORKLOAD, EVERYWHERE, "open to runs, and to no address"),
    (f"{DATABRICKS}/main.tf", TO_ENDPOINT, EVERYWHERE, "out to the endpoint, and to no address"),
    (f"{DATABRICKS}/main.tf", "referenced_security_group_id = each.value.group", EVERYWHERE, "groups of clusters"),
    (f"{DATABRICKS}/main.tf", "from = 8443", "from = 8444", "ports that Databricks names"),
    (f"{DATABRICKS}/main.tf", DATABRICKS_ZONE, "", "where its service is"),
    (f"{DATABRICKS}/main.tf", '"ENDPOINT"', '"ACCOUNT"', "by its own endpoints alone"),
    (f"{DATABRICKS}/main.tf", LET_IN, EVERY_ENDPOINT, "be let in"),
    (f"{RUNS}/roles.tf", "[aws_ecr_repository.this.arn]", '["*"]', "write its log, and do nothing else"),
    (f"{RUNS}/roles.tf", "[aws_iam_role.execution.arn]", '["*"]', "name what it may touch"),
    (f"{RUNS}/roles.tf", PASSED, "", "hand the role to ECS alone"),
    (f"{RUNS}/roles.tf", SOURCE, SOURCE.replace("aws:SourceAccount", "aws:PrincipalTag"), "for this account alone"),
    (f"{RUNS}/roles.tf", '"kms:ViaService" = "secretsmanager', '"kms:ViaService" = "*', "used for secrets alone"),
    (f"{RUNS}/schedules.tf", DEAD_LETTER, "", "must be written down"),
    (f"{RUNS}/schedules.tf", "assign_public_ip = false", "assign_public_ip = true", "have no public address"),
    (f"{RUNS}/task.tf", "  family ", "  task_role_arn = aws_iam_role.execution.arn\n  family ", "no role of its own"),
    (f"{RUNS}/task.tf", '@${var.image_digest}"', ':latest"', "its image by digest"),
    (f"{RUNS}/task.tf", "readonlyRootFilesystem = true", "readonlyRootFilesystem = false", "change its image"),
    (f"{RUNS}/main.tf", '"untagged"', '"any"', "may be the one that runs"),
    (f"{RUNS}/main.tf", "  retention_in_days = var.log_days\n", "  retention_in_days = 30\n", "logs kept for a year"),
    (f"{RUNS}/alerts.tf", '"breaching"', '"notBreaching"', "Silence must be an alarm"),
    (f"{RUNS}/alerts.tf", '"published-${each.key}"', '"published"', "not be drowned by another"),
    (f"{RUNS}/alerts.tf", "QueueName = aws_sqs_queue.not_started.name", "QueueName = var.name", "was not started"),
    (f"{RUNS}/alerts.tf", '["TaskFailedToStart"]', '["UserInitiated"]', "containers did not start"),
)

FAULTS = (
    Fault("names", f"{NETWORK}/main.tf", "enable_dns_support ", "enable_dns_suport ", "is `enable_dns_support` meant?"),
    Fault("names", f"{NETWORK}/endpoints.tf", "  vpc_id            = aws_vpc.this.id\n", "", "lacks its `vpc_id`"),
    Fault("names", f"{NETWORK}/outputs.tf", "aws_vpc.this.id", "aws_vpc.this.identity", "no attribute `identity`"),
    Fault("names", f"{NETWORK}/outputs.tf", "aws_vpc.this.id", "aws_vpc.main.id", "is `aws_vpc.this` meant?"),
    Fault("names", f"{NETWORK}/internet.tf", "aws_eip.nat[0].id", "aws_eip.nat.id", "`aws_eip.nat` is several"),
    Fault("names", f"{NETWORK}/main.tf", "cidrsubnet(var.cidr,", "cidrsubnet(var.cdir,", "is `cidr` meant?"),
    Fault("names", f"{NETWORK}/flow_logs.tf", "  retention_in_days = var.flow_log_days\n", "", "nothing reads"),
    Fault("names", f"{NETWORK}/flow_logs.tf", '"aws_flow_log"', '"aws_flow_logs"', "no resource `aws_flow_logs`"),
    Fault("names", f"{NETWORK}/flow_logs.tf", '"aws_flow_log" "this" {', '"aws_flow_log" "this" {{', "cannot be read"),
    Fault("names", f"{NETWORK}/tests/network.tftest.hcl", "  zones       =", "  zone        =", "no variable `zone`"),
    Fault("names", f"{RUNS}/task.tf", "merge(local.run,", "merge(local.runs,", "is `run` meant?"),
    Fault("names", f"{LINK}/main.tf", "dns_entry[0].dns_name", "dns_entry[0].name", "no attribute `name`"),
    Fault("names", f"{LINK}/main.tf", "  vpc {\n", "  vpcs {\n", "has no block `vpcs`; is `vpc` meant?"),
    Fault("names", f"{LINK}/main.tf", "    vpc_id = var.vpc_id\n", "", "`vpc` lacks its `vpc_id`"),
    Fault("names", f"{LINK}/versions.tf", ">= 6.25.0", ">= 6.26.0", "does not admit"),
    Fault("names", f"{EXAMPLE}/main.tf", "  image_digest ", "  image_digests ", "no variable `image_digests`"),
    Fault("names", f"{EXAMPLE}/main.tf", "  image_digest      = var.image_digest\n", "", "lacks its variable"),
    Fault("names", f"{EXAMPLE}/main.tf", "module.network.vpc_id", "module.network.vpc", "no output `vpc`"),
    Fault("closed", f"{NETWORK}/security_groups.tf", RUNS_IN, RUNS_IN.replace("endpoints", "workload"), "in to runs"),
    Fault("closed", f"{NETWORK}/security_groups.tf", SG.format("workload"), EVERYWHERE, "lets in addresses"),
    Fault("closed", f"{NETWORK}/security_groups.tf", S3, EVERYWHERE, "lets out to addresses"),
    Fault("closed", f"{NETWORK}/main.tf", DEFAULT, ANYBODY, "has rules inside"),
    Fault("terraform fmt", f"{NETWORK}/main.tf", "  vpc_id = aws", "  vpc_id =  aws", "main.tf"),
    Fault(TEST, f"{LINK}/main.tf", "= [aws_security_group.this.id]", "= { a = 1 }", "set of string required"),
    Fault(TEST, f"{NETWORK}/endpoints.tf", '"s3:PutObject", ', '"s3:*", ', "and do nothing else"),
    Fault(TEST, f"{NETWORK}/internet.tf", "count = var.internet ? 1 : 0", "count = 1", "there must be no way out"),
    *(Fault(TEST, *promise) for promise in PROMISES),
    Fault("checkov", f"{NETWORK}/flow_logs.tf", "  kms_key_id        = var.kms_key_arn\n", "", "CKV_AWS_158"),
    Fault("checkov", f"{RUNS}/main.tf", '"IMMUTABLE"', '"MUTABLE"', "CKV_AWS_51"),
    Fault("checkov", "Dockerfile", "USER 10001:10001\n", "", "CKV_DOCKER_3"),
    Fault("hadolint", "Dockerfile", "FROM python:3.13-slim\n", "FROM python:latest\n", "DL3007"),
    Fault("diagram", f"{NETWORK}/variables.tf", '"secretsmanager"]', '"secretsmanager", "sts"]', "is not what"),
)


def unseen(checkers: Mapping[str, Checker], root: Path) -> Iterator[str]:
    """The planted faults that their checker lets pass; those whose checker is not here are not planted."""
    planted = [fault for fault in FAULTS if checkers[fault.checker].is_here]
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # each has a copy of its own, and mostly waits for a program
        found = pool.map(lambda fault: _plant(checkers[fault.checker], fault, root), planted)
        for fault, wrong in zip(planted, found, strict=True):
            if wrong:
                yield f"{fault.checker}, {fault.path}, {fault.new.strip() or 'without'} {fault.old.strip()}: {wrong}"


def _plant(checker: Checker, fault: Fault, root: Path) -> str:
    with TemporaryDirectory() as work:
        copied = copy(root, Path(work))
        path = copied / fault.path
        text = path.read_text(encoding="utf-8")
        if fault.old not in text:
            return "there is no place for it any more"
        path.write_text(text.replace(fault.old, fault.new, 1), encoding="utf-8")
        part = path.relative_to(copied).parent
        part = part.parent if part.name == "tests" else part
        said = checker.look(copied, part if part.parts else Path("terraform/modules/key"))
        return "" if fault.says in " ".join(said.split()) else f"was not seen: {said or 'nothing was said'}"


def copy(root: Path, work: Path) -> Path:
    shutil.copytree(root / "terraform", work / "terraform", ignore=shutil.ignore_patterns(".terraform*", "__pycache__"))
    for name in ("Dockerfile", "docs/guides/private_network.svg"):
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, work / name)
    return work
