"""Which names of a select are those of its own `with`."""

from sqlglot import exp


def of_with(table: exp.Table) -> bool:
    """Whether a name is that of a `with` which is seen from there; one that is not recursive does not see itself."""
    name, node = table.name.lower(), table.parent
    before: exp.Expr = table
    while node is not None:
        if isinstance(node, exp.With):
            seen = node.expressions[: node.expressions.index(before) + bool(node.recursive)]
        else:
            seen = node.ctes if isinstance(node, exp.Query) and not isinstance(before, exp.With) else []
        if any(cte.alias_or_name.lower() == name for cte in seen):
            return True
        before, node = node, node.parent
    return False
