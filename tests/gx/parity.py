"""One check judged twice: by the framework on DuckDB, and by Great Expectations on a pandas frame of the same rows."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml

from framework import yaml_source
from framework.assertion import Assertion
from framework.audit import judge
from framework.compile import compile_plan
from framework.gx.judging import Counted, raised
from framework.gx.judging import judge as supply
from framework.gx.suites import Expected, as_json
from framework.load import load
from framework.model.checks import check_of
from framework.resolve import resolve
from framework.run import CheckResult
from framework.target import warehouse

HERE = Path(__file__).parent
TABLES: Mapping[str, Any] = yaml_source.read(HERE / "tables.yaml").data
CHECKS: Mapping[str, Any] = yaml_source.read(HERE / "checks.yaml").data
NUMBERS = ("integer", "decimal", "double")
KEY = "id"


@dataclass(frozen=True)
class Case:
    """`item` is the check as a file has it; `gx` is what Great Expectations is told beside its arguments."""

    table: str
    item: Mapping[str, Any]
    gx: Mapping[str, Any]

    @property
    def type(self) -> str:
        return type_of(self.item)

    @property
    def name(self) -> str:
        return str(self.item["name"])


@dataclass(frozen=True)
class Counts:
    """What both say of a check; without rows that are judged by themselves the verdict alone."""

    success: bool
    unexpected: int | None = None
    elements: int | None = None
    missing: int | None = None


# -- cases


@cache
def cases(table: str) -> Sequence[Case]:
    items = [item for item in items_of(table) if not any(applies(rule, table, item) for rule in CHECKS["apart"])]
    found = []
    for number, item in enumerate(items):
        said = {key: value for key, value in item.items() if key != "gx"}
        found.append(Case(table, {**said, "name": f"c{number}"}, item.get("gx", {})))
    return found


def items_of(table: str) -> Iterator[Mapping[str, Any]]:
    """The checks of a table, those that are judged by one side alone among them."""
    columns: Mapping[str, str] = {name: kind for name, kind in TABLES[table]["columns"].items() if name != KEY}
    only = TABLES[table].get("only")
    for column, kind in columns.items():
        for family in _families(kind):
            if only is None or family in only:
                yield from (_put(item, {"$a": column}) for item in CHECKS[family])
    for a, b in combinations(columns, 2):
        if columns[a] == columns[b]:
            yield from (_put(item, {"$a": a, "$b": b}) for item in CHECKS["pairs"])
    yield from CHECKS["tables"].get(table, ())
    yield from CHECKS["every table"]


def _families(kind: str) -> Iterator[str]:
    word = kind.partition("(")[0]
    yield from ("any", word)
    if word in NUMBERS:
        yield "number"
    if word == "string":
        yield "likes"


def _put(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _put(part, names) for key, part in value.items()}
    if isinstance(value, list):
        return [_put(part, names) for part in value]
    return names.get(value, value) if isinstance(value, str) else value


def type_of(item: Mapping[str, Any]) -> str:
    return next(key for key in item if key.startswith("expect_"))


def applies(rule: Mapping[str, Any], table: str, item: Mapping[str, Any]) -> bool:
    """Whether a rule leaves a check of a table out."""
    column = item[type_of(item)].get("column")
    kind = TABLES[table]["columns"].get(column, "").partition("(")[0]
    return (
        type_of(item) in rule["checks"] and table in rule.get("tables", (table,)) and kind in rule.get("types", (kind,))
    )


# -- the framework


@cache
def ours(table: str, folder: Path) -> Mapping[str, tuple[Assertion, CheckResult]]:
    """All checks of a table with their results, by name: one scan, and the queries that need their own."""
    given = TABLES[table]
    checks = [dict(case.item) for case in cases(table)]
    pipeline = {
        "pipeline": "parity",
        "sources": {"given": {"table": "given.rows", "columns": given["columns"], "checks": checks}},
        "stages": {"kept": {"kind": "normalize", "from": "given", "key": [KEY], "columns": {KEY: None}}},
    }
    path = folder / f"{table}.yaml"
    path.write_text(yaml.dump(pipeline, Dumper=_Dumper, sort_keys=False, allow_unicode=True), encoding="utf-8")
    chosen = warehouse("duckdb")
    program = compile_plan(resolve(load(path, folder)), chosen, evidence=True)
    engine = chosen.connect({}, folder)
    try:
        with engine.begin() as connection:
            _fill(connection, given)
            source = next(s for s in program.sources if s.source.name == "given")
            assert source.audit.select is not None
            row = tuple(connection.execute(source.audit.select).one())
            sets = [(s, int(connection.execute(s.select).scalar_one()), "") for s in source.sets]
            found = judge("given", source.source.assertions, source.audit, row, sets, {})
    finally:
        engine.dispose()
    return {result.name: (a, result) for a, result in zip(source.source.assertions, found, strict=True)}


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


_Dumper.add_representer(Decimal, lambda d, v: d.represent_scalar("tag:yaml.org,2002:float", format(v, "f")))
_Dumper.add_representer(str, lambda d, v: d.represent_scalar("tag:yaml.org,2002:str", v, style='"'))
_SQL = {"string": "varchar", "integer": "bigint"}


def _fill(connection: sa.Connection, given: Mapping[str, Any]) -> None:
    columns = ", ".join(f'"{name}" {_SQL.get(kind, kind)}' for name, kind in given["columns"].items())
    connection.execute(sa.text("CREATE SCHEMA given"))
    connection.execute(sa.text(f"CREATE TABLE given.rows ({columns})"))
    values = ", ".join(f"CAST(:v{i} AS {_SQL.get(kind, kind)})" for i, kind in enumerate(given["columns"].values()))
    for row in given["rows"]:
        told = {f"v{i}": str(v) if isinstance(v, Decimal) else v for i, v in enumerate(row)}
        connection.execute(sa.text(f"INSERT INTO given.rows VALUES ({values})"), told)


def counted(result: CheckResult) -> Counts:
    success = result.status in ("passed", "proved")
    if result.failing is None or result.judged is None or result.missing is None:
        return Counts(success)
    return Counts(success, result.failing, result.judged + result.missing, result.missing)


def supplied(table: str, name: str, folder: Path) -> Counts:
    """What the code of Great Expectations says of the figures that the framework has counted."""
    assertion, found = ours(table, folder)[name]
    assert assertion.expectation is not None
    mostly = {} if assertion.mostly is None else {"mostly": float(assertion.mostly)}
    arguments = as_json({**assertion.expectation.arguments, **mostly})
    rows = len(TABLES[table]["rows"])
    seen = rows if found.judged is None else found.judged
    failing = found.failing if found.failing is not None else int(found.status not in ("passed", "proved"))
    counts = Counted(seen + (found.missing or 0), seen, failing, found.figure, tuple(TABLES[table]["columns"]))
    result = supply(Expected("rows", assertion, assertion.expectation.type, arguments, None), counts)
    assert raised(result) is None, raised(result)
    return _counts(result)


# -- Great Expectations


@cache
def theirs(table: str, folder: Path) -> Mapping[str, Counts]:
    """What Great Expectations says of the same checks, by name."""
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    frames = context.data_sources.add_pandas("frames").add_dataframe_asset(table)
    rows = frames.add_batch_definition_whole_dataframe("whole")
    on_pandas = rows.get_batch(batch_parameters={"dataframe": frame(TABLES[table])})
    found = _judged(on_pandas, [case for case in cases(table) if "like_pattern" not in case.type])
    likes = [case for case in cases(table) if "like_pattern" in case.type]
    if likes:
        url = f"sqlite:///{folder / table}.sqlite"
        _fill_sqlite(url, TABLES[table])
        texts = context.data_sources.add_sqlite("texts", connection_string=url).add_table_asset(
            table, table_name="rows"
        )
        found |= _judged(texts.add_batch_definition_whole_table("whole").get_batch(), likes)
    return found


def _judged(batch: Any, judged: Sequence[Case]) -> dict[str, Counts]:
    import great_expectations as gx

    suite = gx.ExpectationSuite("parity", expectations=[_expectation(case) for case in judged])
    found = batch.validate(suite, result_format={"result_format": "BASIC", "partial_unexpected_count": 0})
    return {one.expectation_config.meta["case"]: _told(one) for one in found.results}


def _fill_sqlite(url: str, given: Mapping[str, Any]) -> None:
    """The columns of text alone, which SQLite has as they are."""
    texts = [(name, i) for i, (name, kind) in enumerate(given["columns"].items()) if kind == "string"]
    rows = sa.table("rows", *(sa.column(name) for name, _ in texts))
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text(f"CREATE TABLE rows ({', '.join(f'{name} text' for name, _ in texts)})"))
        for row in given["rows"]:
            connection.execute(sa.insert(rows).values({name: row[i] for name, i in texts}))
    engine.dispose()


def _expectation(case: Case) -> Any:
    from great_expectations.expectations.registry import get_expectation_impl
    from great_expectations.expectations.row_conditions import Column

    check = check_of(case.item)
    said = check.expectation()
    assert said is not None
    arguments = copy.deepcopy(dict(said.arguments))
    if check.mostly is not None:
        arguments["mostly"] = float(check.mostly)
    if "id_above" in case.gx:
        arguments["row_condition"] = Column(KEY) > case.gx["id_above"]
    return get_expectation_impl(said.type)(**arguments, meta={"case": case.name})


def _told(one: Any) -> Counts:
    problems = [value for value in one.exception_info.values() if isinstance(value, Mapping)]
    raised = [p["exception_message"] for p in (*problems, one.exception_info) if p.get("raised_exception")]
    assert not raised, raised
    return _counts(one)


def _counts(one: Any) -> Counts:
    result = one.result
    if "element_count" not in result:
        return Counts(bool(one.success))
    unexpected = result["unexpected_count"] or 0  # of no rows SQL counts none, and says null
    return Counts(bool(one.success), unexpected, result["element_count"], result.get("missing_count", 0))


def frame(given: Mapping[str, Any]) -> Any:
    """The rows as a person would have them in pandas: a null makes doubles of integers, decimals are objects."""
    import pandas as pd

    rows = given["rows"]
    return pd.DataFrame(
        {name: _series(kind, [row[i] for row in rows]) for i, (name, kind) in enumerate(given["columns"].items())}
    )


def _series(kind: str, values: Sequence[Any]) -> Any:
    import pandas as pd

    word = kind.partition("(")[0]
    if word == "integer":
        return pd.Series(values, dtype="int64" if None not in values else "float64")
    if word == "double":
        return pd.Series([None if v is None else float(v) for v in values], dtype="float64")
    if word == "timestamp":
        return pd.Series([None if v is None else datetime.fromisoformat(v) for v in values], dtype="datetime64[ns]")
    if word == "boolean" and None not in values and values:
        return pd.Series(values, dtype="bool")
    if word == "decimal":
        return pd.Series([float("nan") if v is None else Decimal(str(v)) for v in values], dtype="object")
    assert all(v is None or isinstance(v, str | bool | date) for v in values)
    return pd.Series(values, dtype="object")
