"""The generated stages of `variants.many_stages` as tables and checks."""

from collections.abc import Callable, Mapping

from benchmarks.contenders.tables import NoRow, Source, Table, Tables

_TEXTS = [f"c{n}" for n in range(1, 5)]
_NUMBERS = [f"n{n}" for n in range(1, 5)]


def tables(count: int) -> Tables:
    """Chains of five over one source, each stage with the columns that it has as a stage of the framework."""
    rows = {"id": "VARCHAR"} | dict.fromkeys(_TEXTS, "VARCHAR") | {f"n{n}": "BIGINT" for n in range(1, 6)}
    names = {"code": "VARCHAR", "name": "VARCHAR"}
    found = {}
    for number in range(count):
        chain, step = divmod(number, 5)
        found[f"many.s{chain}_{step}"] = _STEPS[step](f"many.s{chain}_{step - 1}")
    return Tables({"rows": Source(rows), "names": Source(names)}, found)


def _select(columns: Mapping[str, str], rest: str) -> str:
    return f"SELECT {', '.join(f'{formula} AS {name}' for name, formula in columns.items())} FROM {rest}"


def _cleaned(_: str) -> Table:
    texts = {name: f"nullif(lower(trim({name})), '')" for name in _TEXTS}
    numbers = {name: f"coalesce({name}, 0)" for name in _NUMBERS}
    return Table(_select({"id": "trim(id)", **texts, **numbers}, "raw.rows"))


def _enriched(before: str) -> Table:
    kept = {name: f"stage.{name}" for name in ("id", *_TEXTS, *_NUMBERS)}
    added = {"name": "names.name", "total": "stage.n1 + stage.n2 + stage.n3 + stage.n4"}
    query = _select({**kept, **added}, f"{before} AS stage LEFT JOIN raw.names AS names ON names.code = stage.c1")
    return Table(query, checks=[NoRow("total", "total < 0", warn=True)])


def _summed(before: str) -> Table:
    by = {name: name for name in (*_TEXTS, "name")}
    measures = {name: f"sum({name})" for name in _NUMBERS} | {"row_count": "count(id)"}
    return Table(_select({**by, **measures}, f"{before} GROUP BY {', '.join(by)}"))


def _named(before: str) -> Table:
    texts = {name: f"coalesce({name}, 'none')" for name in _TEXTS} | {"name": "upper(name)"}
    numbers = {name: f"{name} * 2" for name in _NUMBERS} | {"row_count": "row_count"}
    return Table(_select({**texts, **numbers}, before))


_STEPS: tuple[Callable[[str], Table], ...] = (_cleaned, _enriched, _summed, _named, _named)
