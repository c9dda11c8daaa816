"""How Postgres spells the catalogue."""

from framework.expressions.lowering import Template

TYPES = {"string": "TEXT"}
TEMPLATES: dict[str, Template] = {}
