"""A column is made of nothing but its lineage: other values in any other column of the sources leave it as it is."""

import contextlib
import io
import json
import tempfile
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

from framework.cli import OK, main
from framework.diagnostics import PipelineError
from framework.lineage.edges import Edge
from framework.lineage.graph import Graph, Node, PipelineLineage
from framework.lineage.tracing import trace
from framework.load import load
from framework.resolve import resolve

EXAMPLES = max(1, settings.default.max_examples // 5) if settings.default else 20

Rows = list[dict[str, str]]
Data = Mapping[str, Rows]
Pipeline = dict[str, Any]

TEXTS = ("a", "b", "c", "d", "e", "f")
SOURCES: Mapping[str, tuple[str, ...]] = {"raw": ("id", *TEXTS), "names": ("k", "v", "w"), "many": ("row", "k", "m")}
KEYS = {"raw": "id", "names": "k", "many": "row"}
WORDS = ["1", "2", "3", "x", ""]


# -- random pipelines


@dataclass(frozen=True)
class Shape:
    """The columns of a stage, which are text or integers, and its key."""

    name: str
    columns: Mapping[str, str]
    key: tuple[str, ...]

    def of(self, type_: str) -> list[str]:
        return [name for name, known in self.columns.items() if known == type_]

    @property
    def rest(self) -> list[str]:
        return [name for name in self.columns if name not in self.key]


Stage = tuple[dict[str, Any], Shape]
texts_of = {
    "coalesce({0}, {1})": "text",
    "upper({0})": "text",
    "case when {0} = '1' then {1} else {2} end": "text",
    "nullif({0}, {1})": "text",
    "try_cast({0} as integer)": "integer",
    "length({0})": "integer",
    "row_number() over (partition by {0} order by {1})": "integer",
    "lag({0}) over (order by {1}, {2})": "text",
    "sum(try_cast({0} as integer)) over (partition by {1})": "integer",
    "'fixed'": "text",
}
whole = st.sampled_from(sorted(texts_of.items()))


def _computed(draw: st.DrawFn, before: Shape) -> tuple[str, str]:
    """An expression over text columns, and its type."""
    text, type_ = draw(whole)
    some = st.sampled_from(before.of("text"))
    return text.format(draw(some), draw(some), draw(some)), type_


def _condition(draw: st.DrawFn, shape: Shape) -> str:
    column = draw(st.sampled_from(shape.of("text")))
    return draw(st.sampled_from([f"{column} is not null", f"{column} <> '2'", f"coalesce({column}, 'z') > '1'"]))


def _sometimes(draw: st.DrawFn, clause: str, value: Any) -> dict[str, Any]:
    return {clause: value} if draw(st.sampled_from([True, False, False])) else {}


def _checks(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    check = {"not_null": [draw(st.sampled_from(shape.of("text")))], "on_fail": "quarantine"}
    found = _sometimes(draw, "checks", [check])
    return found | (
        _sometimes(draw, "quarantine", {"with": [draw(st.sampled_from(shape.of("text")))]}) if found else {}
    )


def _normalized(draw: st.DrawFn, before: Shape, name: str) -> Stage:
    columns: dict[str, str | None] = dict.fromkeys(before.key)
    known = {key: before.columns[key] for key in before.key}
    for index in range(draw(st.integers(2, 5))):
        computed, type_ = _computed(draw, before)
        column = f"{name}_{index}"
        if draw(st.booleans()):
            computed = draw(st.sampled_from(before.of("text")))
            type_ = "text"
        columns[column], known[column] = computed, type_
    columns[f"{name}_t"], known[f"{name}_t"] = draw(st.sampled_from(before.of("text"))), "text"
    shape = Shape(name, known, before.key)
    stage: dict[str, Any] = {"kind": "normalize", "from": before.name, "columns": columns}
    if draw(st.sampled_from([True, False, False])):
        shape = replace(shape, key=(f"{name}_t",))
        stage["deduplicate"] = {"order_by": draw(st.sampled_from(before.key))}
    stage["key"] = list(shape.key)
    return stage | _sometimes(draw, "where", _condition(draw, before)) | _checks(draw, shape), shape


def _unpivoted(draw: st.DrawFn, before: Shape, name: str) -> Stage:
    rest = [n for n in before.of("text") if n not in before.key]
    turned = draw(st.lists(st.sampled_from(rest), min_size=1, max_size=2, unique=True))
    names = [*before.key, f"{name}_part", f"{name}_value", *(n for n in rest if n not in turned)]
    known = {n: before.columns.get(n, "text") for n in names}
    shape = Shape(name, known, (*before.key, f"{name}_part"))
    stage = {"kind": "normalize", "from": before.name, "key": list(shape.key), "columns": dict.fromkeys(names)}
    return stage | {"unpivot": {"columns": turned, "name": f"{name}_part", "value": f"{name}_value"}}, shape


def _enriched(draw: st.DrawFn, before: Shape, name: str) -> Stage:
    left = draw(st.sampled_from(before.of("text")))
    taken = {f"{name}_v": draw(st.sampled_from(["v", "w", "coalesce(v, w)", "'hit'"]))}
    missing = draw(st.sampled_from(["keep", "quarantine", "fail", {f"{name}_v": "none"}]))
    lookup = {"names": {"on": {left: "k"}, "take": taken, "missing": missing}}
    computed, type_ = _computed(draw, before)
    shape = replace(before, name=name, columns={**before.columns, f"{name}_v": "text", f"{name}_c": type_})
    return {
        "kind": "enrich",
        "from": before.name,
        "lookup": lookup,
        "columns": {f"{name}_c": computed},
        **_checks(draw, shape),
    }, shape


def _joined(draw: st.DrawFn, before: Shape, name: str) -> Stage:
    kind = draw(st.sampled_from(["inner", "left", "semi", "anti", "many"]))
    left = draw(st.sampled_from(before.of("text")))
    join: dict[str, Any] = {"on": {left: "k"}}
    shape = replace(before, name=name)
    if kind == "many":
        join |= {"type": draw(st.sampled_from(["inner", "left"])), "fan_out": True}
        join["take"] = {f"{name}_row": "row", f"{name}_v": "m"}
        columns = {**before.columns, f"{name}_row": "text", f"{name}_v": "text"}
        shape = Shape(name, columns, (*before.key, f"{name}_row"))
        return {"kind": "assemble", "from": before.name, "join": {"many": join}}, shape
    join["type"] = kind
    if kind in ("inner", "left"):
        join["take"] = {f"{name}_v": "v"}
        shape = replace(shape, columns={**before.columns, f"{name}_v": "text"})
        join |= _sometimes(draw, "where", f"names.w <> {draw(st.sampled_from(before.of('text')))}")
    stage = {"kind": "assemble", "from": before.name, "join": {"names": join}}
    return stage | _sometimes(draw, "where", _condition(draw, shape)) | _checks(draw, shape), shape


def _united(draw: st.DrawFn, before: Shape, name: str) -> Stage:
    shape = Shape(name, {**before.columns, f"{name}_tag": "text"}, (*before.key, f"{name}_tag"))
    return {"kind": "assemble", "union": [before.name, f"{before.name}_too"], "tag": f"{name}_tag"}, shape


def _too(draw: st.DrawFn, before: Shape) -> dict[str, Any]:
    """A second branch with the columns of the first, some of them of other columns."""
    rest = before.rest
    others = {t: draw(st.permutations([n for n in rest if before.columns[n] == t])) for t in ("text", "integer")}
    turn = {t: iter(names) for t, names in others.items()}
    columns = dict.fromkeys(before.key) | {n: next(turn[before.columns[n]]) for n in rest}
    return {"kind": "normalize", "from": before.name, "key": list(before.key), "columns": columns}


def _selected(draw: st.DrawFn, before: Shape, name: str) -> Stage:
    one, other = (draw(st.sampled_from(before.of("text"))) for _ in range(2))
    keys = ", ".join(f"x.{key}" for key in before.key)
    known = {key: before.columns[key] for key in before.key} | {f"{name}_s": "text", f"{name}_n": "text"}
    form = draw(
        st.sampled_from(["", " where x.{0} <> '2'", " where exists (select 1 from names as n where n.k = x.{0})"])
    )
    text = draw(
        st.sampled_from(
            [
                f"select {keys}, x.{one} || 'y' as {name}_s, x.{other} as {name}_n from {before.name} as x",
                f"with y as (select * from {before.name}) select {keys}, (select max(n.v) from names as n "
                f"where n.k = x.{one}) as {name}_s, x.{other} as {name}_n from y as x",
                f"select {keys}, max(n.v) over (partition by x.{one}) as {name}_s, x.{other} as {name}_n "
                f"from {before.name} as x left join names as n on n.k = x.{other}",
            ]
        )
    )
    return {"kind": "sql", "key": list(before.key), "sql": text + form.format(one)}, Shape(name, known, before.key)


def _grouped(draw: st.DrawFn, before: Shape, name: str) -> Stage:
    by = draw(st.lists(st.sampled_from(before.of("text")), min_size=1, max_size=2, unique=True))
    measured = draw(st.sampled_from(before.of("text")))
    measures = {
        f"{name}_rows": ("count(*)", "integer"),
        f"{name}_max": (f"max({measured})", "text"),
        f"{name}_some": (f"count(distinct {measured}) filter (where {_condition(draw, before)})", "integer"),
    }
    known = dict.fromkeys(by, "text") | {n: type_ for n, (_, type_) in measures.items()}
    stage = {"kind": "aggregate", "from": before.name, "by": by, "measures": {n: e for n, (e, _) in measures.items()}}
    stage |= _sometimes(draw, "where", _condition(draw, before))
    return stage | _sometimes(draw, "having", f"{name}_rows > 1"), Shape(name, known, tuple(by))


def _limited(draw: st.DrawFn, before: Shape, name: str) -> Stage:
    stage, shape = _normalized(draw, before, name)
    return stage | {"limit": {"rows": 2, "order_by": draw(st.sampled_from(shape.of("text")))}}, shape


STEPS = (_normalized, _unpivoted, _enriched, _joined, _united, _selected, _grouped, _limited)


@st.composite
def pipelines(draw: st.DrawFn) -> Pipeline:
    """A few stages over three sources, the last and one before it published."""
    before = Shape("raw", dict.fromkeys(SOURCES["raw"], "text"), ("id",))
    stages: dict[str, Any] = {}
    shapes = []
    stage, before = _normalized(draw, before, "s0")
    stages["s0"] = stage
    for index in range(1, draw(st.integers(2, 4))):
        made = draw(st.sampled_from([step for step in STEPS if step is not _unpivoted or _can_unpivot(before)]))
        if made is _united:
            stages[f"{before.name}_too"] = _too(draw, before)
        stages[f"s{index}"], before = made(draw, before, f"s{index}")
        shapes.append(before)
    for number, shape in enumerate(dict.fromkeys((shapes[-1].name, draw(st.sampled_from(shapes)).name))):
        key = next(s.key for s in shapes if s.name == shape)
        mode = draw(st.sampled_from(["upsert", "replace", "append", "history"]))
        published = {"kind": "publish", "from": shape, "mode": mode, "key": list(key), "surrogate_key": "own_key"}
        stages[f"fact{number}"] = published
    return _pipeline(stages)


def _can_unpivot(shape: Shape) -> bool:
    return any(name not in shape.key for name in shape.of("text"))


def _pipeline(stages: Mapping[str, Any]) -> Pipeline:
    used = json.dumps(stages)
    sources = {
        name: {"path": f"{name}.csv", "key": [KEYS[name]], "columns": dict.fromkeys(columns, "string")}
        for name, columns in SOURCES.items()
        if name == "raw" or name in used
    }
    return {"pipeline": "lineage", "sources": sources, "stages": dict(stages)}


# -- random rows


def _column(source: str, column: str, size: int) -> st.SearchStrategy[list[str]]:
    if column == KEYS[source]:
        words = WORDS[:-1] if source == "names" else [str(n) for n in range(20)]
        return st.lists(st.sampled_from(words), min_size=size, max_size=size, unique=True)
    return st.lists(st.sampled_from(WORDS), min_size=size, max_size=size)


SIZES = {"raw": 6, "names": 3, "many": 3}


@st.composite
def data(draw: st.DrawFn) -> Data:
    columns = {s: {c: draw(_column(s, c, SIZES[s])) for c in names} for s, names in SOURCES.items()}
    return {
        source: [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]
        for source, values in columns.items()
    }


def changed(rows: Data, source: str, column: str, values: Iterable[str]) -> Data:
    found = [row | {column: value} for row, value in zip(rows[source], values, strict=True)]
    return {**rows, source: found}


# -- the law


def lineage(pipeline: Pipeline, without: str = "") -> Graph:
    """The graph of a pipeline; `without` is a kind of edges, or a reason for some, that is left out."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pipeline.yaml"
        path.write_text(json.dumps(pipeline))  # json is yaml
        relations = trace(resolve(load(path, Path(folder))))

    def kept(edges: Iterable[Edge]) -> tuple[Edge, ...]:
        return tuple(e for e in edges if without != e.kind and not (e.reasons and {*e.reasons} <= {without}))

    changed = [
        replace(r, columns=tuple(replace(c, edges=kept(c.edges)) for c in r.columns), rows=kept(r.rows))
        for r in relations
    ]
    return Graph([PipelineLineage("lineage", tuple(changed))])


def proved(pipeline: Pipeline) -> Graph:
    """The graph of a random pipeline, if its keys and sums are proved: what they are is no matter here."""
    try:
        return lineage(pipeline)
    except PipelineError as error:
        if any(d.severity == "error" and not d.code.id.startswith("F3") for d in error.diagnostics):
            raise
        reject()


def free(graph: Graph, pipeline: Pipeline, source: str, column: str) -> list[tuple[str, str]]:
    """The published columns that a column of a source does not go into."""
    origin = Node("lineage", source, column)
    published = [name for name, stage in pipeline["stages"].items() if stage["kind"] == "publish"]
    return [
        (name, str(node.column))
        for name in published
        for node in graph.columns(Node("lineage", name, None))
        if origin not in graph.above(node)
    ]


Values = Mapping[tuple[str, str], list[str]]


def came_out(pipeline: Pipeline, *runs: Data) -> Values | None:
    """The values of each published column after runs over these rows, in no order; None where a check stopped one."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        Path("pipeline.yaml").write_text(json.dumps(pipeline))
        Path("framework.yaml").write_text("targets: {dev: {warehouse: duckdb, database: dev.duckdb}}\n")
        for day, rows in enumerate(runs, start=1):
            if not _ran(rows, f"2026-01-{day:02}"):
                return None
        with duckdb.connect("dev.duckdb") as connection:
            return {
                (name, column): sorted(map(repr, values))
                for name, stage in pipeline["stages"].items()
                if stage["kind"] == "publish"
                for column, values in _values(connection, name).items()
            }


def _ran(rows: Data, day: str) -> bool:
    for source, names in SOURCES.items():
        lines = [",".join(names), *(",".join(row[name] for name in names) for row in rows[source])]
        Path(f"{source}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = main(["run", "pipeline.yaml", "--as-of", day])
    assert code in (OK, 1), said.getvalue()
    return code == OK


def _values(connection: duckdb.DuckDBPyConnection, name: str) -> dict[str, list[Any]]:
    found = connection.execute(f'FROM marts."{name}"')
    names = [column[0] for column in found.description or ()]
    rows = found.fetchall()
    return {column: [row[index] for row in rows] for index, column in enumerate(names)}


def breaches(before: Values, after: Values, columns: Collection[tuple[str, str]]) -> list[tuple[str, str]]:
    """The columns that are not what they were."""
    return [column for column in columns if before[column] != after[column]]


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.data(), pipelines(), data())
def test_a_column_outside_of_the_lineage_changes_nothing(drawn: st.DataObject, pipeline: Pipeline, rows: Data) -> None:
    graph = proved(pipeline)
    candidates = [
        (source, column)
        for source in pipeline["sources"]
        for column in SOURCES[source]
        if free(graph, pipeline, source, column)
    ]
    assume(candidates)
    # What another run brings stands beside what the first one left.
    later = [drawn.draw(data())] if drawn.draw(st.booleans()) else []
    before = came_out(pipeline, rows, *later)
    assume(before is not None)
    assert before is not None
    for source, column in drawn.draw(st.lists(st.sampled_from(candidates), min_size=1, max_size=3, unique=True)):
        values = drawn.draw(_column(source, column, SIZES[source]))
        after = came_out(pipeline, changed(rows, source, column, values), *later)
        if after is not None:
            assert breaches(before, after, free(graph, pipeline, source, column)) == [], (source, column)


# -- it can fail: with one rule switched off, a breach is found

ROWS: Data = {
    "raw": [
        {"id": "1", "a": "1", "b": "1", "c": "x", "d": "", "e": "1", "f": "2"},
        {"id": "2", "a": "2", "b": "1", "c": "y", "d": "", "e": "2", "f": "2"},
        {"id": "3", "a": "3", "b": "2", "c": "z", "d": "", "e": "2", "f": "2"},
    ],
    "names": [{"k": "1", "v": "one", "w": ""}, {"k": "2", "v": "two", "w": ""}, {"k": "4", "v": "two", "w": ""}],
    "many": [{"row": "1", "k": "1", "m": ""}, {"row": "2", "k": "1", "m": ""}, {"row": "3", "k": "4", "m": ""}],
}
CLEAN = {"kind": "normalize", "from": "raw", "key": ["id"]}
LINE = CLEAN | {"columns": {"id": None, "a": None, "b": None, "e": None}}
NAMES = {"on": {"e": "k"}}


def chain(**stages: Any) -> Pipeline:
    """The stages, the last of them published as it is."""
    last = next(reversed(stages))
    return _pipeline({**stages, "fact": {"kind": "publish", "from": last, "mode": "replace"}})


PASSED = chain(s=CLEAN | {"columns": {"id": None, "a": None}})
COMPUTED = chain(s=CLEAN | {"columns": {"id": None, "both": "concat(a, c)"}})
CHOSEN = chain(s=CLEAN | {"columns": {"id": None, "way": "case when f = '2' then a end"}})
WINDOW = chain(s=CLEAN | {"columns": {"id": None, "n": "lag(a) over (partition by b order by c)"}})
WHERE = chain(s=CLEAN | {"where": "f = '2'", "columns": {"id": None}})
COUNT = {"kind": "sql", "key": ["n"], "sql": "select count(*) as n from s"}
NO_KEY = chain(s=CLEAN | {"columns": {"id": "case when f = '2' then id end"}}, t=COUNT)
FIRST = chain(s={**CLEAN, "key": ["b"], "columns": {"b": None, "n": "id"}, "deduplicate": {"order_by": "c desc"}})
HELD = chain(
    s=CLEAN
    | {"columns": {"id": None, "a": "nullif(a, '9')"}, "checks": [{"not_null": ["a"], "on_fail": "quarantine"}]}
    | {"drop": ["a"]}
)
GROUP = chain(
    s=CLEAN
    | {"columns": {"id": None, "a": "nullif(a, '3')", "b": None}, "quarantine": {"with": ["b"]}, "drop": ["a", "b"]}
    | {"checks": [{"not_null": ["a"], "on_fail": "quarantine"}]}
)
LIMIT = chain(
    s=CLEAN | {"columns": {"id": None, "f": None, "a": None}, "limit": {"rows": 1, "order_by": "a"}, "drop": ["a"]}
)
MELTED = chain(
    s={
        "kind": "normalize",
        "from": "raw",
        "unpivot": {"columns": ["d"], "name": "of", "value": "is"},
        "key": ["id", "of"],
        "columns": {"id": None, "of": "'d'"},
    }
)
LOOKUP = chain(line=LINE, s={"kind": "enrich", "from": "line", "lookup": {"names": NAMES | {"take": ["v"]}}})
INNER = chain(line=LINE, s={"kind": "assemble", "from": "line", "join": {"names": NAMES}, "drop": ["e"]})
ANTI = chain(
    line=LINE, s={"kind": "assemble", "from": "line", "join": {"names": NAMES | {"type": "anti"}}, "drop": ["e"]}
)
MULTIPLIED = chain(
    line=LINE,
    s={
        "kind": "assemble",
        "from": "line",
        "join": {"many": {"type": "left", "on": {"e": "k"}, "take": ["row"], "fan_out": True}},
    },
    t=COUNT,
)
GROUPED = chain(line=LINE, s={"kind": "aggregate", "from": "line", "by": {"b": None}, "measures": {"n": "count(*)"}})
HAVING = chain(
    line=LINE,
    s={"kind": "aggregate", "from": "line", "by": ["b"], "measures": {"most": "max(a)"}, "having": "min(e) <> '9'"},
)
TOTAL = chain(line=LINE, s={"kind": "sql", "key": ["most"], "sql": "select max(a) as most from line"})
SELECTED = chain(line=LINE, s={"kind": "sql", "key": ["id"], "sql": "select id from line where e <> '9'"})
MATCHED = chain(
    line=LINE,
    s={"kind": "sql", "key": ["id"], "sql": "select x.id, n.v from line as x left join names as n on n.k = x.e"},
)

KEPT = {"kind": "publish", "from": "s", "key": ["id"]}
STANDING = _pipeline(
    {
        "s": CLEAN | {"columns": {"id": "concat(id, c)", "b": None}},
        "fact": KEPT | {"mode": "append"},
    }
)
HISTORY = _pipeline(
    {
        "s": CLEAN | {"columns": {"id": None, "a": None}},
        "fact": KEPT | {"mode": "history"},
    }
)

OFF = [
    (PASSED, "direct", "a", ["7", "2", "3"]),
    (COMPUTED, "derived", "c", ["7", "y", "z"]),
    (CHOSEN, "derived", "f", ["3", "2", "2"]),
    (WINDOW, "aggregated", "b", ["1", "1", "1"]),
    (WINDOW, "aggregated", "c", ["z", "y", "x"]),
    (TOTAL, "aggregated", "a", ["7", "2", "3"]),
    (WHERE, "filtered_by", "f", ["3", "2", "2"]),
    (WHERE, "filtered", "f", ["3", "2", "2"]),
    (NO_KEY, "rejected", "f", ["3", "2", "2"]),
    (FIRST, "superseded", "c", ["z", "y", "x"]),
    (HELD, "quarantined", "a", ["9", "2", "3"]),
    (GROUP, "quarantined with its group", "b", ["2", "1", "2"]),
    (LIMIT, "over the limit", "a", ["3", "2", "1"]),
    (MELTED, "filtered_by", "d", ["x", "", ""]),
    (LOOKUP, "on", "e", ["2", "2", "2"]),
    (STANDING, "key", "c", ["7", "y", "z"]),
    (HISTORY, "history", "a", ["7", "2", "3"]),
    (INNER, "unmatched", "names.k", ["1", "3", "4"]),
    (ANTI, "matched", "e", ["1", "2", "3"]),
    (MULTIPLIED, "on", "e", ["2", "2", "2"]),
    (GROUPED, "by", "b", ["1", "1", "1"]),
    (HAVING, "having", "e", ["9", "2", "9"]),
    (SELECTED, "where", "e", ["9", "2", "2"]),
    (MATCHED, "on", "e", ["2", "2", "2"]),
]


@pytest.mark.parametrize(("pipeline", "without", "column", "values"), OFF, ids=[f"{o[1]} {o[2]}" for o in OFF])
def test_a_rule_left_out_is_found(pipeline: Pipeline, without: str, column: str, values: list[str]) -> None:
    source, _, name = column.rpartition(".")
    source = source or "raw"
    later = [ROWS] if without in ("key", "history") else []
    before = came_out(pipeline, ROWS, *later)
    after = came_out(pipeline, changed(ROWS, source, name, values), *later)
    assert before is not None
    assert after is not None
    assert breaches(before, after, free(lineage(pipeline), pipeline, source, name)) == []
    assert breaches(before, after, free(lineage(pipeline, without), pipeline, source, name)) != []
