"""Rules of security groups, wherever they are written: a test of a module sees those that it names, and no other."""

from collections.abc import Iterator
from pathlib import Path

from terraform.checks.names import Finding, Module
from terraform.checks.tree import Block

_KINDS = {"aws_vpc_security_group_ingress_rule": "in", "aws_vpc_security_group_egress_rule": "out"}


def look(root: Path) -> Iterator[Finding]:
    """Where something is let in that is no group, or in to runs, or out to all the world without `internet`."""
    for folder in sorted({path.parent for path in root.rglob("*.tf") if ".terraform" not in path.parts}):
        for block in Module(folder).named("resource"):
            yield from (Finding(block.path, block.line, message) for message in _open(block))


def _open(block: Block) -> Iterator[str]:
    type_, name = block.labels
    if type_ == "aws_security_group_rule" or (type_.endswith("security_group") and _has_rules(block)):
        yield f"`{name}` has rules inside: write each as a resource of its own"
    if type_ not in _KINDS:
        return
    if _KINDS[type_] == "in":
        if block.attribute("referenced_security_group_id") is None:
            yield f"`{name}` lets in addresses: let in a group"
        if "workload" in _text(block, "security_group_id"):
            yield f"`{name}` lets something in to runs"
        return
    is_narrow = {"referenced_security_group_id", "prefix_list_id"} & {a.name for a in block.attributes}
    if not is_narrow and "var.internet" not in _text(block, "count"):
        yield f"`{name}` lets out to addresses, with or without `internet`"


def _has_rules(block: Block) -> bool:
    return any(name in ("ingress", "egress") for name in (*(a.name for a in block.attributes), *_kinds(block)))


def _kinds(block: Block) -> Iterator[str]:
    return (inner.labels[0] if inner.kind == "dynamic" else inner.kind for inner in block.blocks)


def _text(block: Block, name: str) -> str:
    """The names that an argument reads."""
    attribute = block.attribute(name)
    return " ".join(map(str, attribute.references({}))) if attribute is not None else ""
