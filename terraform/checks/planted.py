"""Faults planted in a copy: a checker that does not see them is no checker."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from terraform.checks.checkers import Checker

NETWORK = "terraform/modules/network"
LINK = "terraform/modules/snowflake_privatelink"
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
    Fault("names", f"{LINK}/main.tf", "dns_entry[0].dns_name", "dns_entry[0].name", "no attribute `name`"),
    Fault("names", f"{LINK}/main.tf", "  vpc {\n", "  vpcs {\n", "has no block `vpcs`; is `vpc` meant?"),
    Fault("names", f"{LINK}/main.tf", "    vpc_id = var.vpc_id\n", "", "`vpc` lacks its `vpc_id`"),
    Fault("names", f"{LINK}/versions.tf", ">= 6.25.0", ">= 6.26.0", "does not admit"),
    Fault("names", f"{EXAMPLE}/main.tf", "  image_digest ", "  image_digests ", "no variable `image_digests`"),
    Fault("names", f"{EXAMPLE}/main.tf", "  image_digest      = var.image_digest\n", "", "lacks its variable"),
    Fault("names", f"{EXAMPLE}/main.tf", "module.network.vpc_id", "module.network.vpc", "no output `vpc`"),
    Fault("terraform fmt", f"{NETWORK}/main.tf", "  vpc_id = aws", "  vpc_id =  aws", "main.tf"),
    Fault(TEST, f"{LINK}/main.tf", "= var.subnet_ids", "= { a = 1 }", "set of string required"),
    Fault(TEST, f"{NETWORK}/endpoints.tf", '"s3:PutObject", ', '"s3:*", ', "and do nothing else"),
    Fault(TEST, f"{NETWORK}/internet.tf", "count = var.internet ? 1 : 0", "count = 1", "there must be no way out"),
    Fault("checkov", f"{NETWORK}/flow_logs.tf", "  kms_key_id        = var.kms_key_arn\n", "", "CKV_AWS_158"),
    Fault("checkov", "terraform/modules/orchestrator/main.tf", '"IMMUTABLE"', '"MUTABLE"', "CKV_AWS_51"),
    Fault("checkov", "Dockerfile", "USER 10001:10001\n", "", "CKV_DOCKER_3"),
    Fault("hadolint", "Dockerfile", "FROM python:3.13-slim\n", "FROM python:latest\n", "DL3007"),
    Fault("diagram", f"{NETWORK}/variables.tf", '"secretsmanager"]', '"secretsmanager", "sts"]', "is not what"),
)


def unseen(checkers: Mapping[str, Checker], root: Path) -> Iterator[str]:
    """The planted faults that their checker lets pass; those whose checker is not here are not planted."""
    for fault in FAULTS:
        checker = checkers[fault.checker]
        if checker.is_here and (wrong := _plant(checker, fault, root)):
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
        return "" if fault.says in said else f"was not seen: {said or 'nothing was said'}"


def copy(root: Path, work: Path) -> Path:
    shutil.copytree(root / "terraform", work / "terraform", ignore=shutil.ignore_patterns(".terraform*", "__pycache__"))
    for name in ("Dockerfile", "docs/guides/private_network.svg"):
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, work / name)
    return work
