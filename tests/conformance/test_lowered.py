"""What each function of the catalogue is called on a warehouse that no test can reach, with the page that says so.

`lowered/<warehouse>.yaml` has by function some calls, what they become, and what of the vendor's documentation that
leans on. `--update-golden` writes `sql` and keeps the rest.
"""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
import yaml

from conformance import table
from framework.expressions.catalogue import functions
from framework.expressions.lowering import lower
from framework.expressions.tree import Expression, Reference, Variable
from framework.expressions.typed import Scope, typed
from framework.expressions.types import parse_type
from framework.target import warehouse

FOLDER = Path(__file__).parent / "lowered"
HOSTS = {
    "snowflake": ("docs.snowflake.com", "docs.snowflake.net"),
    "databricks": ("docs.databricks.com", "learn.microsoft.com", "spark.apache.org"),
}
FILES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
_COLUMNS = {
    **dict.fromkeys(("n", "m"), "integer"),
    **{"amount": "decimal(18,2)", "rate": "double", "word": "string", "other": "string"},
    **{"flag": "boolean", "day": "date", "at": "timestamp", "doc": "json"},
}


def _columns() -> dict[str, Expression]:
    types = {name: parse_type(text) for name, text in _COLUMNS.items()}
    return {name: Reference(t, True, name) for name, t in types.items() if t is not None}


ROWS = Scope(_columns(), "the table")
GROUPED = Scope({}, "the table", aggregated=ROWS)


def lowered(call: str, name: str) -> str:
    """The text of a call as it arrives at the warehouse."""
    e, problems = typed(call, ROWS)
    if any(problem.severity == "error" for problem in problems):
        e = table.expression(call, GROUPED)
    found = warehouse(name)
    element = lower(e, lambda reference: sa.column(reference.name), found.lowering)
    text = str(element.compile(dialect=found.dialect(), compile_kwargs={"literal_binds": True}))
    return text.replace("%%", "%")


def read(name: str) -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    return rows


@pytest.mark.parametrize("name", FILES)
def test_the_text_of_each_call(name: str, update_golden: bool) -> None:
    rows = read(name)
    made = {call["call"]: lowered(call["call"], name) for calls in rows.values() for call in calls}
    if update_golden:
        _write(name, made)
    written = {call["call"]: call["sql"] for calls in read(name).values() for call in calls}
    assert written == made


@pytest.mark.parametrize("name", FILES)
def test_every_function_has_a_call(name: str) -> None:
    rows = read(name)
    assert rows.keys() == functions().keys()
    for function, calls in rows.items():
        for call in calls:
            e, problems = typed(call["call"], ROWS)
            if any(problem.severity == "error" for problem in problems):
                e = table.expression(call["call"], GROUPED)
            assert isinstance(e, Variable) or function in table.called(e), f"{call['call']} does not call {function}"


@pytest.mark.parametrize("name", FILES)
def test_what_is_cited_is_of_the_vendor(name: str) -> None:
    calls = [call for calls in read(name).values() for call in calls]
    cited = [urlsplit(call["cites"]) for call in calls if "cites" in call]
    assert {(url.scheme, url.hostname in HOSTS[name]) for url in cited} <= {("https", True)}
    assert all(call.get("says", "").strip() for call in calls if "cites" in call)
    assert not [call for call in calls if call.keys() - {"call", "sql", "cites", "says"}]


def test_there_are_texts_to_look_at() -> None:
    assert "snowflake" in FILES


def _write(name: str, made: dict[str, str]) -> None:
    path = FOLDER / f"{name}.yaml"
    head = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    rows = {function: [_ordered(call, made[call["call"]]) for call in calls] for function, calls in read(name).items()}
    text = yaml.safe_dump(rows, sort_keys=False, allow_unicode=True, width=120)
    path.write_text("\n".join([*head, text]), encoding="utf-8")


def _ordered(call: dict[str, Any], sql: str) -> dict[str, Any]:
    found = {**call, "sql": sql}
    return {key: found[key] for key in ("call", "sql", "cites", "says") if key in found}
