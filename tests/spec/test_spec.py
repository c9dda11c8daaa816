"""Tables in, YAML, tables out: every case of this folder, on every warehouse that is up. See README.md."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa
import yaml
from conftest import ENGINES
from proofs.truth import untrue

from framework import cli, yaml_source
from framework.expressions.types import parse_type
from framework.target import warehouse
from framework.warehouse import Warehouse

HERE = Path(__file__).parent
Data = Mapping[str, Any]
Row = tuple[Any, ...]

TARGETS: dict[str, Callable[[pytest.FixtureRequest], dict[str, str]]] = {
    "duckdb": lambda request: {"warehouse": "duckdb", "database": "spec.duckdb"},
    # With every stage a table of its own: nothing of what must come out depends on what is folded into what.
    "stored": lambda request: {"warehouse": "duckdb", "database": "spec.duckdb"},
    "postgres": lambda request: {"warehouse": "postgres", "url": request.getfixturevalue("postgres_database")},
    "snowflake": lambda request: dict(request.getfixturevalue("snowflake_target")),
    "spark": lambda request: dict(request.getfixturevalue("spark_target")),
}

RUN_KEYS = {"why", "options", "others", "sources", "stages", "exit", "codes", "expect"}
CASE_KEYS = RUN_KEYS | {"xfail", "everywhere", "balance", "vars", "suites", "then"}
STAGE_KEYS = {"status", "columns", "rows", "quarantine", "ledger", "money", "checks"}
# Checks that the framework makes itself: while they pass, a case need not list them.
OWN_CHECKS = re.compile(r"(key|per|valid|unreadable|missing|references)\(")


@dataclass(frozen=True)
class Case:
    """`data` is the case as the file gives it."""

    file: str
    name: str
    data: Data

    @property
    def id(self) -> str:
        return f"{self.file}-{self.name}"


def cases() -> Iterator[Case]:
    for path in sorted(HERE.glob("*.yaml")):
        for name, data in yaml_source.read(path).data["cases"].items():
            yield Case(path.stem, name, data)


def _folds(case: Case) -> bool:
    """Whether a stage may be computed on the way: there is another one, or its author says how it is kept."""
    runs = [case.data, *case.data.get("then", ())]
    stages = [stage for run in runs for stage in (run.get("stages") or {}).values()]
    return any(len(run.get("stages") or {}) > 1 for run in runs) or any("materialized" in stage for stage in stages)


def parameters() -> Iterator[Any]:
    files: set[str] = set()
    for case in cases():
        first, everywhere = case.file not in files, case.data.get("everywhere", False)
        files.add(case.file)
        for target in TARGETS:
            if target in ENGINES and not (first or everywhere):
                continue  # a case of each kind, mode and check is enough where a statement takes a tenth of a second
            if target == "stored" and not _folds(case):
                continue  # it would be the same run once more
            marks = [pytest.mark.engines] if target in ENGINES else []
            reason = case.data.get("xfail")
            reason = reason.get(target) if isinstance(reason, Mapping) else reason
            if reason is not None:
                marks.append(pytest.mark.xfail(strict=True, reason=reason))
            yield pytest.param(case, target, id=f"{case.id}-{target}", marks=marks)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("case", "target"), list(parameters()))
def test_case(
    case: Case, target: str, project: Path, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = TARGETS[target](request)
    write(project / "framework.yaml", {"project": "spec", "targets": {"dev": settings}})
    for name, suite in case.data.get("suites", {}).items():
        (project / "checks").mkdir(exist_ok=True)
        write(project / "checks" / f"{name}.yaml", {"suite": name, **suite})
    pipeline = {"pipeline": "spec", "balance": case.data.get("balance", []), "sources": {}, "stages": {}}
    pipeline |= {"vars": case.data["vars"]} if "vars" in case.data else {}
    others: dict[str, Any] = {}
    _only(CASE_KEYS, case.data)
    for number, run in enumerate((case.data, *case.data.get("then", ()))):
        if number:
            _only(RUN_KEYS, run)
        for name, other in run.get("others", {}).items():
            _run_before(
                others.setdefault(name, {"pipeline": name, "sources": {}, "stages": {}}), other, target, project
            )
            capsys.readouterr()
        pipeline["sources"] |= deliver(run.get("sources", {}), project, settings, pipeline["sources"])
        pipeline["stages"] |= _materialized(run.get("stages", {}), target)
        write(project / "pipeline.yaml", pipeline)
        exit_code = cli.main(["run", "pipeline.yaml", "--output", "json", "--debug", *run.get("options", ())])
        printed = capsys.readouterr()
        if printed.err:
            pytest.fail(printed.err)
        found = {"exit": exit_code, **outcome(json.loads(printed.out), project, settings, run)}
        assert list(lines(found)) == list(lines(expected(run, pipeline))), f"run {number + 1}"
        every_stage_stands = target == "stored" or (target == "duckdb" and not _folds(case))
        if every_stage_stands and exit_code == cli.OK:
            assert not untrue(project / "pipeline.yaml", project / settings["database"]), f"run {number + 1}"


def _run_before(pipeline: dict[str, Any], other: Data, target: str, project: Path) -> None:
    """Another pipeline of the project, which must end well."""
    _only({"sources", "stages"}, other)
    pipeline["sources"] |= deliver(other.get("sources", {}), project, {}, pipeline["sources"])
    pipeline["stages"] |= _materialized(other.get("stages", {}), target)
    write(project / f"{pipeline['pipeline']}.yaml", pipeline)
    assert cli.main(["run", f"{pipeline['pipeline']}.yaml", "--debug"]) == 0


def _materialized(stages: Data, target: str) -> Data:
    if target != "stored":
        return stages
    return {n: s if s["kind"] == "publish" else {"materialized": "table", **s} for n, s in stages.items()}


def _only(known: set[str], data: Data) -> None:
    """A key that nobody reads would weaken a case."""
    assert set(data) <= known, f"unknown keys {sorted(set(data) - known)}"


def lines(found: Any, *path: str) -> Iterator[str]:
    """An outcome line by line, so that a difference can be read."""
    if isinstance(found, Mapping):
        ordered = found.items() if path[-1:] == ("columns",) else sorted(found.items())
        for name, value in ordered:
            yield from lines(value, *path, name)
    elif isinstance(found, list):
        yield from (f"{' '.join(path)}: {item}" for item in found)
    else:
        yield f"{' '.join(path)}: {found!r}"


# -- what goes in


class _Dumper(yaml.SafeDumper):
    """Text always quoted, so that it is read as the text that it was."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_Dumper.add_representer(str, lambda d, v: d.represent_scalar("tag:yaml.org,2002:str", v, style='"'))
_Dumper.add_representer(Decimal, lambda d, v: d.represent_scalar("tag:yaml.org,2002:float", format(v, "f")))


def write(path: Path, data: Data) -> None:
    path.write_text(yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000))


def deliver(given: Data, project: Path, settings: dict[str, str], known: Data) -> dict[str, Data]:
    """Writes the rows of the sources where the pipeline will find them; the sources as the pipeline says them."""
    sources: dict[str, Data] = {}
    for name, source in given.items():
        said = {key: value for key, value in source.items() if key not in ("as", "rows", "names", "types", "text")}
        kind = source.get("as", "csv")
        place = {"table": f"given.{name}"} if kind == "table" else {"path": f"{name}.{kind}"}
        sources[name] = known.get(name, {} if "pipeline" in said else place) | said
        if "pipeline" in sources[name]:
            continue
        kind = "table" if "table" in sources[name] else sources[name]["path"].rpartition(".")[2]
        if "rows" in source or "text" in source:
            types = source.get("types") or _types(sources[name].get("columns", {}))
            names = source.get("names") or list(types)
            types = {column: types.get(column, "string") for column in names}
            _WRITERS[kind](name, types, source, project, settings)
    return sources


def _types(columns: Data) -> dict[str, str]:
    return {name: told if isinstance(told, str) else told["type"] for name, told in columns.items()}


def _csv(name: str, types: Data, source: Data, project: Path, settings: Data, delimiter: str = ",") -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerow(types)
    writer.writerows([_cell(value) for value in row] for row in source.get("rows", ()))
    kind = "csv" if delimiter == "," else "tsv"
    encoding = source.get("csv", {}).get("encoding", "utf-8")
    (project / f"{name}.{kind}").write_text(source.get("text", text.getvalue()), encoding=encoding, newline="")


def _cell(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _tsv(name: str, types: Data, source: Data, project: Path, settings: Data) -> None:
    _csv(name, types, source, project, settings, "\t")


def _jsonl(name: str, types: Data, source: Data, project: Path, settings: Data) -> None:
    lines = (json.dumps(dict(zip(types, row, strict=True)), default=str) for row in source.get("rows", ()))
    (project / f"{name}.jsonl").write_text(source.get("text", "".join(f"{line}\n" for line in lines)), encoding="utf-8")


def _parquet(name: str, types: Data, source: Data, project: Path, settings: Data) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE given ({_columns(types, _opened({'warehouse': 'duckdb'}))})")
        for row in source["rows"]:
            connection.execute(f"INSERT INTO given VALUES ({', '.join('?' for _ in types)})", list(row))
        connection.execute(f"COPY given TO '{name}.parquet' (FORMAT parquet)")


def _table(name: str, types: Data, source: Data, project: Path, settings: dict[str, str]) -> None:
    with connected(settings, project) as connection, connection.begin():
        opened = _opened(settings)
        connection.execute(sa.text("CREATE SCHEMA IF NOT EXISTS given"))
        connection.execute(sa.text(f"CREATE TABLE IF NOT EXISTS given.{name} ({_columns(types, opened)})"))
        connection.execute(sa.text(f"DELETE FROM given.{name}"))
        row = ", ".join(f"CAST(:v{{0}}_{i} AS {_type(told, opened)})" for i, told in enumerate(types.values()))
        rows = ", ".join(f"({row.format(number)})" for number in range(len(source["rows"])))
        if rows:
            given = {f"v{n}_{i}": v for n, values in enumerate(source["rows"]) for i, v in enumerate(values)}
            connection.execute(sa.text(f"INSERT INTO given.{name} VALUES {rows}"), given)


_WRITERS: dict[str, Callable[[str, Data, Data, Path, dict[str, str]], None]] = {
    "csv": _csv,
    "tsv": _tsv,
    "jsonl": _jsonl,
    "parquet": _parquet,
    "table": _table,
}


def _columns(types: Data, opened: Warehouse) -> str:
    quote = opened.dialect().identifier_preparer.quote
    return ", ".join(f"{quote(name)} {_type(told, opened)}" for name, told in types.items())


def _type(told: str, opened: Warehouse) -> str:
    found = parse_type(told)
    assert found is not None, told
    return opened.lowering.type_name(found)


@contextmanager
def connected(settings: dict[str, str], project: Path) -> Iterator[sa.Connection]:
    """A connection to the target, closed with its engine."""
    engine = _opened(settings).connect({k: v for k, v in settings.items() if k != "warehouse"}, project)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _opened(settings: dict[str, str]) -> Warehouse:
    return warehouse(settings["warehouse"])


# -- what comes out


@dataclass(frozen=True)
class Reader:
    warehouse: Warehouse
    connection: sa.Connection

    def rows(self, schema: str, name: str, types: Mapping[str, str], *, reasons: bool = False) -> list[Row] | None:
        """The rows that stand under a name, sorted; None where nothing stands there."""
        if name not in self.warehouse.relations(self.connection, schema):
            return None
        result = self.connection.execute(self._select(schema, name, types))
        assert {c for c in result.keys() if not c.startswith("_")} == set(types)  # noqa: SIM118  # no mapping
        rows = []
        for row in result:
            found = row._mapping
            values = [_typed(found[column], told) for column, told in types.items()]
            if reasons:
                values += _held(found["_bucket"], found.get("_reasons"))
            rows.append(tuple(values))
        return sorted(rows, key=repr)

    def _select(self, schema: str, name: str, types: Mapping[str, str]) -> sa.Select[Any]:
        """All columns. A moment of the stand-in for Snowflake comes as text: it sends one that is null as 1970."""
        place = sa.table(name, schema=schema)
        if self.warehouse.name != "snowflake":
            return sa.select(sa.text("*")).select_from(place)
        there = self.warehouse.columns(self.connection, schema, name)
        place = sa.table(name, *(sa.column(column) for column in there), schema=schema)
        chosen = (sa.cast(c, sa.Text).label(c.name) if types.get(c.name) == "timestamp" else c for c in place.c)
        return sa.select(*chosen)


def _held(bucket: str, reasons: str | None) -> list[str]:
    """Why a row was rejected is told by its key; only what is quarantined needs reasons."""
    return [bucket, *json.loads(reasons or "[]")] if bucket == "quarantined" else [bucket]


def outcome(printed: Data, project: Path, settings: dict[str, str], run: Data) -> dict[str, Any]:
    """Everything that a case compares, in the form in which it states it."""
    if "diagnostics" in printed:
        return {"codes": sorted(d["code"] for d in printed["diagnostics"] if d["severity"] == "error")}
    results = json.loads((project / "target" / "run_results.json").read_text())
    assert printed == results
    manifest = json.loads((project / "target" / "manifest.json").read_text())
    found: dict[str, Any] = {"codes": [results["code"]] if results["code"] else []}
    with connected(settings, project) as connection:
        reader = Reader(_opened(settings), connection)
        for stage in results["stages"]:
            planned = next(s for s in manifest["stages"] if s["name"] == stage["name"])
            found[stage["name"]] = _stage(stage, planned, reader, run.get("expect", {}).get(stage["name"], {}))
    for source in results["sources"]:
        if source["ledger"]["buckets"].get("malformed"):
            found[source["name"]] = account(source["ledger"])
    listed = run.get("expect", {})
    for check in results["checks"]:
        told = listed.get(check["relation"], {}).get("checks", {})
        good = check["status"] in ("passed", "proved")
        if good and OWN_CHECKS.match(check["name"]) and check["name"] not in told:
            continue
        checks = found.setdefault(check["relation"], {}).setdefault("checks", {})
        checks[check["name"]] = " ".join([check["status"], *_counted(check)])
    return found


def _counted(check: Data) -> list[str]:
    """The rows that fail; with `mostly` of how many, and then of a check that passes as well."""
    if check["mostly"] is not None:
        return [f"{check['failing']} of {check['judged']}"] if check["failing"] is not None else []
    return [str(check["failing"])] if check["failing"] and check["status"] != "passed" else []


def _stage(stage: Data, planned: Data, reader: Reader, told: Data) -> dict[str, Any]:
    status = "built" if stage["status"] == "folded" else stage["status"]
    found: dict[str, Any] = {"status": status}
    types = {c["name"]: c["type"] for c in planned["columns"]}
    if status != ("built" if planned["mode"] is None else "published"):
        types = told.get("columns", types)  # what stands is of an earlier run
    rows = reader.rows(planned["layer"], stage["name"], types)
    if rows is not None:
        found |= {"columns": types, "rows": rows}
    if status == "built" and planned["mode"] is None:
        held = reader.rows("quarantine", f"{stage['name']}__quarantine", types, reasons=True)
        found |= {"quarantine": held} if held else {}
    if stage["ledger"] is not None:
        found |= account(stage["ledger"])
    return found


_PYTHON: dict[str, type] = {
    "string": str,
    "integer": int,
    "decimal": Decimal,
    "double": float,
    "boolean": bool,
    "date": date,
    "timestamp": datetime,
}


def _typed(value: Any, told: str) -> Any:
    """A value that is of its column's type, in the form that cases are compared in."""
    if value is None:
        return None
    name = told.partition("(")[0]
    if name not in _PYTHON:
        return value
    if name == "timestamp" and isinstance(value, str):  # see Reader
        return datetime.fromisoformat(value)
    assert type(value) is _PYTHON[name], f"a {told} came as {type(value).__name__}"
    if isinstance(value, Decimal):
        scale = int(told.rstrip(")").rpartition(",")[2])
        assert value.as_tuple().exponent == -scale, f"a {told} came as {value}"
    return float(f"{value:.9g}") if isinstance(value, float) else value


def account(ledger: Data) -> dict[str, Any]:
    """A ledger line without its zeros, but for what came in and what came out."""
    lines = {"in": ledger["rows_in"], "added": ledger["added"], **ledger["buckets"]}
    if ledger["grouped"] is not None:
        lines["groups"] = _some(ledger["grouped"], "out")
    if ledger["open"]:
        lines["open"] = True
    if ledger["changes"] is not None:
        lines |= ledger["changes"]
    unused = {name: count for name, count in ledger["memos"].items() if name.startswith("unused ")}
    found: dict[str, Any] = {"ledger": _some(lines, "in", "out", "grouped") | unused}
    money = {}
    for one in ledger["money"]:
        sums = {"added": one["added"], **one["buckets"]}
        if one["came_in"] is not None:
            sums["in"] = one["came_in"]
        money[one["column"]] = _some({k: _sum(v) for k, v in sums.items()}, "in", "out", "grouped")
    return found | ({"money": money} if money else {})


def _sum(value: Any) -> str:
    """Money without the zeros behind it."""
    return format(Decimal(str(value)).normalize() + 0, "f")


def _some(lines: Data, *kept: str) -> dict[str, Any]:
    return {name: value for name, value in lines.items() if value not in (0, "0") or name in kept}


# -- what must come out


def expected(run: Data, pipeline: Data) -> dict[str, Any]:
    exit_code = run.get("exit", 0)
    found: dict[str, Any] = {"exit": exit_code, "codes": run.get("codes", [])}
    if exit_code == 2:
        assert "expect" not in run, "an invalid pipeline builds nothing"
        return found
    for name, told in run.get("expect", {}).items():
        if name in pipeline["sources"]:
            _only({"checks", "ledger"}, told)
            found[name] = dict(told)
            continue
        _only(STAGE_KEYS, told)
        published = pipeline["stages"][name]["kind"] == "publish"
        found[name] = {"status": told.get("status", "published" if published else "built"), **_stated(told)}
    return found


def _stated(told: Data) -> dict[str, Any]:
    stated = {key: told[key] for key in ("ledger", "checks") if key in told}
    if "rows" in told:
        types = told["columns"]
        stated |= {"columns": types, "rows": sorted((_row(row, types) for row in told["rows"]), key=repr)}
        if told.get("quarantine"):
            stated["quarantine"] = sorted((_row(row, types) for row in told["quarantine"]), key=repr)
    if "money" in told:
        stated["money"] = {
            column: {name: _sum(value) for name, value in sums.items()} for column, sums in told["money"].items()
        }
    return stated


def _row(row: Sequence[Any], types: Mapping[str, str]) -> Row:
    """A row of the file as typed values; what follows the columns (bucket, reasons) is text."""
    values = [_stated_value(value, told) for value, told in zip(row, types.values(), strict=False)]
    return (*values, *row[len(values) :])


def _stated_value(value: Any, told: str) -> Any:
    if value is None:
        return None
    if told.startswith("decimal"):
        return Decimal(str(value))
    if told == "timestamp":
        return datetime.fromisoformat(str(value))
    return float(f"{float(value):.9g}") if told == "double" else value
