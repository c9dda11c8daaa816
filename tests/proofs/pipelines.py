"""Random pipelines that validate, and their stages computed in memory, to hold what is proved against rows.

Every figure is carried beside the number of the row that it comes from: `fee2` beside `fee2_row`.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import duckdb
import sqlalchemy as sa

from framework import yaml_source
from framework.algebra import Group, Query, Select, Union
from framework.assertion import SetTest
from framework.compile.rows import lower_query
from framework.diagnostics import PipelineError
from framework.expressions.tree import Reference
from framework.load import of_document
from framework.plan import Plan
from framework.resolve import resolve
from framework.warehouses.duckdb import Duckdb

Stage = dict[str, Any]
SOURCES: Mapping[str, Any] = {
    "lines": {
        "table": "given.lines",
        "key": ["paid_row"],
        "columns": {"paid_row": "integer", "k": "string", "n": "integer", "paid": "decimal(9,2)", "day": "date"},
        "checks": [{"not_null": ["paid_row"]}],
    },
    "names": {
        "table": "given.names",
        "key": ["k", "n"],
        "columns": {"row": "integer", "k": "string", "n": "integer", "fee": "decimal(9,2)"},
        "checks": [{"unique": ["row"]}],
    },
    "feed": {
        "table": "given.feed",
        "key": ["row"],
        "columns": {
            "row": "integer",
            "k": "string",
            "n": "integer",
            "fee": {"type": "decimal(9,2)", "per": ["k"]},
        },
    },
    "spans": {
        "table": "given.spans",
        "key": ["k", "starts"],
        "valid": {"from": "starts", "to": "ends"},
        "columns": {"row": "integer", "k": "string", "starts": "date", "ends": "date", "fee": "decimal(9,2)"},
    },
}


@dataclass
class Made:
    """A pipeline in the making: its stages, the columns of each, and what occurs in it."""

    stages: dict[str, Stage] = field(default_factory=dict)
    columns: dict[str, list[str]] = field(default_factory=dict)
    occurring: Counter[str] = field(default_factory=Counter)
    plan: Plan | None = None

    def add(self, name: str, stage: Stage, words: list[str]) -> bool:
        """Whether the stage validates; one that does not is left out."""
        try:
            plan = _resolved({**self.stages, name: stage})
        except PipelineError:
            return False
        self.stages[name], self.plan = stage, plan
        self.columns[name] = list(plan.stage(name).relation.names)
        self.occurring.update(set(words))
        return True


def _resolved(stages: Mapping[str, Stage]) -> Plan:
    text = {"pipeline": "random", "sources": SOURCES, "stages": stages}
    return resolve(of_document(yaml_source.parse(_yaml(text), "random.yaml")))


def _yaml(value: Any) -> str:
    """Flow style, which a reader of YAML takes as it is."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_yaml(k)}: {_yaml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_yaml, value)) + "]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return "null" if value is None else str(value).lower()


# -- stages


def made(seed: int) -> Made:
    """The pipeline of a seed: a chain of stages, each over one of those before it."""
    chance, found = random.Random(seed), Made()
    found.add("line", _normalized(chance, "lines", "paid_row", ["paid", "day"]), ["normalize"])
    found.add("name", _normalized(chance, "names", "row", ["fee"]), ["normalize"])
    for index in range(chance.randint(3, 6)):
        for _ in range(4):
            before = chance.choice([n for n in found.stages if n != "name"] or ["line"])
            stage, words = chance.choice(_KINDS)(chance, found, before, index)
            if found.add(f"stage{index}", stage, words):
                break
    return found


def _normalized(chance: random.Random, source: str, row: str, figures: list[str]) -> Stage:
    columns = {row: None, "k": "nullif(lower(k), 'z')", "n": None, **dict.fromkeys(figures)}
    return {"kind": "normalize", "from": source, "key": [row], "columns": columns}


def _where(chance: random.Random, columns: list[str]) -> tuple[dict[str, str], list[str]]:
    choices = ["n = 1", "n is not null", "k = 'p'", "n > 0 or k is null", "not n > 1", "n = 1 or k = 'p'"]
    choices += [f"{c} is not null" for c in columns if c.endswith("_row")]
    choices += [f"{c} = 1" for c in columns if c.startswith("first")] * 3
    if chance.random() < 0.5:
        return {}, []
    return {"where": chance.choice(choices)}, ["where"]


def _right(chance: random.Random, found: Made, before: str) -> tuple[str, list[str], str, str]:
    """A relation to join: its name, the columns of `on`, and its figure with the row that it is of."""
    choices = [("name", ["k", "n"], "fee", "row"), ("names", ["k", "n"], "fee", "row"), ("feed", ["k"], "fee", "row")]
    for name, columns in found.columns.items():
        if name != before and {"paid", "paid_row", "k", "n"} <= set(columns):
            choices.append((name, chance.choice([["k"], ["n"], ["k", "n"], ["paid_row"]]), "paid", "paid_row"))
    return chance.choice(choices)


def _enriched(chance: random.Random, found: Made, before: str, index: int) -> tuple[Stage, list[str]]:
    name, on, fee, row = _right(chance, found, before)
    take = {f"fee{index}": fee, f"fee{index}_row": row}
    lookup: Stage = {"relation": name, "on": on, "take": take}
    words = ["enrich", "lookup"]
    if chance.random() < 0.3:
        lookup["missing"] = chance.choice(["quarantine", {f"fee{index}": 0}])
        words.append("missing")
    if chance.random() < 0.4 and "day" in found.columns[before]:
        lookup = {
            "relation": "spans",
            "on": ["k"],
            "as_of": "day",
            "take": {f"fee{index}": "fee", f"fee{index}_row": "row"},
        }
        words.append("as_of")
    stage: Stage = {"kind": "enrich", "from": before, "lookup": {f"other{index}": lookup}}
    stage["columns"], more = _computed(chance, index, [*found.columns[before], *take])
    return stage, [*words, *more]


def _computed(chance: random.Random, index: int, columns: list[str]) -> tuple[dict[str, str], list[str]]:
    by = chance.choice(["k", "n", "k, n", "paid_row"])
    if chance.random() < 0.2:
        return {}, []
    choices = [
        ({f"first{index}": f"row_number() over (partition by {by} order by n desc)"}, "row_number"),
        ({f"sums{index}": f"count(*) over (partition by {by})"}, "window"),
        ({f"low{index}": "lower(k)", f"n{index}": "n"}, "renamed"),
        ({f"one{index}": "'x'"}, "constant"),
        ({f"one{index}": "'x'", f"two{index}": "n + 1"}, "constant"),
    ]
    found, word = chance.choice(choices)
    return found, [word]


def _joined(chance: random.Random, found: Made, before: str, index: int) -> tuple[Stage, list[str]]:
    kind = chance.choice(["inner", "left", "full", "semi", "anti"])
    constant = [n for n, columns in found.columns.items() if any(c.startswith("one") for c in columns)]
    if kind == "full" and constant and chance.random() < 0.5:
        before = chance.choice(constant)  # what is one value there is none in the rows of the right side alone
    name, on, fee, row = _right(chance, found, before)
    join: Stage = {"relation": name, "type": kind, "on": on}
    words = ["assemble", kind]
    if kind in ("inner", "left", "full"):
        join["take"] = {f"fee{index}": fee, f"fee{index}_row": row, f"k{index}": "k", f"m{index}": "n"}
        if chance.random() < 0.6:
            join["fan_out"] = True
            words.append("fan_out")
        if kind != "full" and chance.random() < 0.2:
            join["missing"] = {f"fee{index}": 0, f"fee{index}_row": -1}
            join["type"] = "left"
            words.append("missing")
        if chance.random() < 0.15:
            join["where"] = f"other{index}.n >= n" if name != "spans" else f"other{index}.fee > 0"
            words.append("join where")
    where, more = _where(chance, found.columns[before])
    columns, also = _computed(chance, index, found.columns[before]) if chance.random() < 0.3 else ({}, [])
    stage = {"kind": "assemble", "from": before, "join": {f"other{index}": join}, "columns": columns, **where}
    return stage, [*words, *more, *also]


def _united(chance: random.Random, found: Made, before: str, index: int) -> tuple[Stage, list[str]]:
    other = chance.choice([*found.stages])
    stage: Stage = {"kind": "assemble", "union": [before, other], "fill": None}
    words = ["assemble", "union"]
    if chance.random() < 0.7:
        stage["tag"] = f"tag{index}"
        words.append("tag")
    where, more = _where(chance, found.columns[before])
    return {**stage, **where}, [*words, *more]


def _grouped(chance: random.Random, found: Made, before: str, index: int) -> tuple[Stage, list[str]]:
    columns = found.columns[before]
    by = chance.sample(columns, min(len(columns), chance.randint(1, 3)))
    measures = (
        {f"total{index}": "count(*)", f"most{index}": "max(n)"} if "n" in columns else {f"total{index}": "count(*)"}
    )
    where, more = _where(chance, columns)
    return {"kind": "aggregate", "from": before, "by": by, "measures": measures, **where}, ["aggregate", *more]


def _kept(chance: random.Random, found: Made, before: str, index: int) -> tuple[Stage, list[str]]:
    columns = found.columns[before]
    key = chance.sample(columns, min(len(columns), chance.randint(1, 2)))
    stage: Stage = {"kind": "normalize", "from": before, "key": key, "columns": dict.fromkeys(columns)}
    words = ["normalize"]
    if chance.random() < 0.7:
        stage["deduplicate"] = {"order_by": chance.choice(columns)}
        words.append("deduplicate")
    if chance.random() < 0.15:
        stage["limit"] = {"rows": chance.randint(1, 2)}
        words.append("limit")
    where, more = _where(chance, columns)
    return {**stage, **where}, [*words, *more]


def _repeated(chance: random.Random, found: Made, before: str, index: int) -> tuple[Stage, list[str]]:
    columns = found.columns[before]
    made, value = f"name{index}", f"value{index}"
    stage: Stage = {
        "kind": "normalize",
        "from": before,
        "unpivot": {"columns": [c for c in columns if c.endswith("_row")][:2], "name": made, "value": value},
        "key": [chance.choice(["paid_row", "k", "n"]), made],
        "columns": dict.fromkeys([*columns, made, value]),
    }
    if chance.random() < 0.5:
        stage["deduplicate"] = {"order_by": value}
    return stage, ["normalize", "unpivot"]


def _published(chance: random.Random, found: Made, before: str, index: int) -> tuple[Stage, list[str]]:
    mode = chance.choice(["replace", "upsert", "append"])
    where, more = _where(chance, found.columns[before])
    return {"kind": "publish", "from": before, "mode": mode, **where}, ["publish", mode, *more]


# -- selects: a text, a key that may hold of it, and what occurs in it

_Form = tuple[str, list[str], list[str]]


def _selected(chance: random.Random, found: Made, before: str, index: int) -> tuple[Stage, list[str]]:
    text, key, words = chance.choice(_FORMS)(chance, found, before, index)
    if chance.random() < 0.3:
        text = chance.choice(
            [
                f"with c{index} as ({text}) select * from c{index}",
                f"select s.* from ({text}) as s",
                f"with c{index} as ({text}) select * from c{index} limit 3",
                f"({text}) except select * from ({text}) as s where false",
            ]
        )
        words.append("sql nested")
    return {"kind": "sql", "sql": text, "key": key}, ["sql", *words]


def _filtering(chance: random.Random, columns: list[str]) -> str:
    """A condition on the columns of `a`; empty half of the time."""
    choices = []
    if "n" in columns:
        choices += ["a.n = 1", "a.n is not null", "not a.n > 1", "a.n in (1, 2)", "a.n between 1 and 2", "2 = a.n"]
    if "k" in columns:
        choices += ["a.k = 'p'", "a.k in (select k from name)", "exists (select 1 from name as x where x.k = a.k)"]
    if {"n", "k"} <= set(columns):
        choices += ["a.n > 0 or a.k is null", "a.n = 1 and a.k = 'p'", "a.n = 1 or a.k = 'p'"]
    choices += [f"a.{c} is not null" for c in columns if c.endswith("_row")]
    choices += [f"a.{c} = 1" for c in columns if c.startswith("first")] * 2
    return f" where {chance.choice(choices)}" if choices and chance.random() < 0.5 else ""


def _rows_of(columns: list[str]) -> list[str]:
    return [c for c in columns if c.endswith("_row")][:2] or columns[:1]


def _sql_plain(chance: random.Random, found: Made, before: str, index: int) -> _Form:
    columns = found.columns[before]
    more = [f"'x' as one{index}", f"row_number() over (partition by a.{chance.choice(columns)}) as first{index}"]
    if "n" in columns:
        more += [f"a.n + 1 as more{index}", f"coalesce(a.n, 0) as filled{index}", f"a.n as n{index}"]
        more += [f"case when a.n > 1 then a.n else 0 end as case{index}", f"-a.n as less{index}"]
    if "k" in columns:
        more += [f"lower(a.k) as low{index}", f"count(*) over (partition by a.k) as sums{index}"]
    made = ", ".join(["a.*", *chance.sample(more, 2)])
    return f"select {made} from {before} as a{_filtering(chance, columns)}", _rows_of(columns), ["sql plain"]


def _sql_joined(chance: random.Random, found: Made, before: str, index: int) -> _Form:
    name, on, fee, row = _right(chance, found, before)
    columns = found.columns[before]
    kind = chance.choice(["join", "left join", "right join", "full join", "full join", "cross join", "semi join"])
    made = "a.*"
    if kind != "semi join":
        made += f", b.{fee} as fee{index}, b.{row} as fee{index}_row, b.k as k{index}, b.n as m{index}"
    shared = [c for c in on if c in columns] or ["k"]
    condition = " and ".join(f"a.{c} = b.{c}" for c in shared)
    if chance.random() < 0.2 and "n" in columns:
        condition += " and b.n >= a.n"
    left = f"(select *, 'x' as one{index} from {before})" if chance.random() < 0.5 else before
    if kind == "full join" and set(shared) <= set(columns) and chance.random() < 0.5:
        made += f", coalesce(a.{shared[0]}, b.{shared[0]}) as either{index}"
    behind = "" if kind == "cross join" else f" on {condition}"
    where = _filtering(chance, columns) if chance.random() < 0.5 else ""
    key = [*_rows_of(columns), *([f"fee{index}_row"] if kind != "semi join" and chance.random() < 0.7 else [])]
    return f"select {made} from {left} as a {kind} {name} as b{behind}{where}", key, ["sql join", f"sql {kind}"]


def _sql_grouped(chance: random.Random, found: Made, before: str, index: int) -> _Form:
    columns = found.columns[before]
    by = chance.sample(columns, min(len(columns), chance.randint(1, 3)))
    measures = [f"count(*) as total{index}"]
    measures += [f"max(a.n) as most{index}", f"sum(a.n) as all{index}"] if "n" in columns else []
    made = ", ".join([*(f"a.{c}" for c in by), *measures])
    group = chance.choice(["all", ", ".join(f"a.{c}" for c in by), ", ".join(str(i + 1) for i in range(len(by)))])
    having = " having count(*) > 1" if chance.random() < 0.2 else ""
    return f"select {made} from {before} as a{_filtering(chance, columns)} group by {group}{having}", by, ["sql group"]


def _sql_distinct(chance: random.Random, found: Made, before: str, index: int) -> _Form:
    columns = found.columns[before]
    made = chance.sample(columns, min(len(columns), chance.randint(1, 4)))
    text = f"select distinct {', '.join(f'a.{c}' for c in made)} from {before} as a{_filtering(chance, columns)}"
    return text, made, ["sql distinct"]


def _sql_first(chance: random.Random, found: Made, before: str, index: int) -> _Form:
    columns = found.columns[before]
    by = chance.sample(columns, min(len(columns), chance.randint(1, 2)))
    number = f"row_number() over (partition by {', '.join(f'a.{c}' for c in by)} order by a.{chance.choice(columns)})"
    where = _filtering(chance, columns)
    if chance.random() < 0.5:
        return f"select a.* from {before} as a{where} qualify {number} = 1", by, ["sql first"]
    inner = f"select a.*, {number} as first{index} from {before} as a{where}"
    return f"select * from ({inner}) as b where b.first{index} = 1", by, ["sql first"]


def _sql_united(chance: random.Random, found: Made, before: str, index: int) -> _Form:
    columns = found.columns[before]
    other = chance.choice([n for n, own in found.columns.items() if set(columns) <= set(own)])
    names = ", ".join(f"a.{c}" for c in columns)
    if chance.random() < 0.3:
        made = [f"select {names} from {n} as a{_filtering(chance, columns)}" for n in (before, other)]
        return " union ".join(made), columns, ["sql union"]
    tagged = [
        f"select {names}, '{value}' as tag{index} from {n} as a{_filtering(chance, columns)}"
        for n, value in ((before, "x"), (other, chance.choice(["y", "y", "x"])))
    ]
    return " union all ".join(tagged), [*_rows_of(columns), f"tag{index}"], ["sql union"]


_FORMS: list[Callable[[random.Random, Made, str, int], _Form]] = [
    *(_sql_plain, _sql_joined, _sql_joined, _sql_joined),
    *(_sql_grouped, _sql_distinct, _sql_first, _sql_united),
]
_Kind = Callable[[random.Random, Made, str, int], tuple[Stage, list[str]]]
_KINDS: list[_Kind] = [_enriched, _enriched, _joined, _joined, _joined, _united, _grouped, _kept]
_KINDS += [_repeated, _repeated, _published, _selected, _selected, _selected]


# -- rows


def computed(plan: Plan, seed: int) -> duckdb.DuckDBPyConnection | None:
    """A database in memory with the sources' rows of a seed, and each stage as a table.

    None where a key that is measured does not hold of them: a run would stop.
    """
    connection = duckdb.connect()
    for name, rows in _given(random.Random(seed)).items():
        source = next(s for s in plan.sources if s.name == name)
        types = {"string": "varchar", "integer": "bigint"}
        columns = ", ".join(f"{c.name} {types.get(c.type.name, c.type)}" for c in source.relation.columns)
        connection.execute(f"CREATE TABLE {name} ({columns})")
        if rows:
            connection.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(rows[0]))})", rows)
    warehouse = Duckdb()
    relations = {source.name: source.relation for source in plan.sources}
    relations |= {stage.name: stage.relation for stage in plan.stages}

    def read(name: str, _: Any) -> sa.TableClause:
        return sa.table(name, *(sa.column(c.name) for c in relations[name].columns))

    for stage in plan.stages:
        rowset = lower_query(stage.query, read, warehouse.lowering, verdict=False)
        text = rowset.select.compile(dialect=warehouse.dialect(), compile_kwargs={"literal_binds": True})
        connection.execute(f"CREATE TABLE {stage.name} AS {text}")
        measured = (a.test.failing for a in stage.assertions if a.check == "unique" and isinstance(a.test, SetTest))
        for failing in measured:
            by = ", ".join(str(value.name) for value in _grouped_by(failing))
            if connection.execute(f"SELECT 1 FROM {stage.name} GROUP BY {by} HAVING count(*) > 1").fetchone():
                connection.close()
                return None
    return connection


def _grouped_by(query: Query) -> list[Reference]:
    values = [value for step in query.steps if isinstance(step, Group) for _, value in step.by]
    return [value for value in values if isinstance(value, Reference)]


def _given(chance: random.Random) -> dict[str, list[tuple[Any, ...]]]:
    """Few rows of few values, so that they meet; what the sources promise holds."""
    texts, numbers, money = ["p", "q", "P", "z", None], [1, 2, 3, None], [1, 2, -1, 0, None]
    days = [date(2024, 1, day) for day in range(1, 6)]
    fees = {text: chance.choice(money) for text in texts}
    pairs = [(k, n) for k in texts for n in numbers]
    spans: list[tuple[Any, ...]] = []
    for number, text in enumerate(texts):
        starts, ends = date(2024, 1, chance.randint(1, 2)), date(2024, 1, chance.choice([3, 4]))
        spans += [(2 * number, text, starts, ends, chance.choice(money))]
        spans += [(2 * number + 1, text, ends, chance.choice([date(2024, 1, 5), None]), chance.choice(money))]
    named = chance.sample(pairs, chance.randint(0, 6))
    fed = [chance.choice(texts) for _ in range(chance.randint(0, 5))]
    return {
        "lines": [
            (i, chance.choice(texts), chance.choice(numbers), chance.choice(money), chance.choice(days))
            for i in range(chance.randint(0, 7))
        ],
        "names": [(i, k, n, chance.choice(money)) for i, (k, n) in enumerate(named)],
        "feed": [(i, k, chance.choice(numbers), fees[k]) for i, k in enumerate(fed)],
        "spans": chance.sample(spans, chance.randint(0, len(spans))),
    }


# -- what must hold


def repeated(plan: Plan, connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Figures of which it is said that they stand once, and that stand in several rows."""
    inputs = [stage.query.input for stage in plan.stages]
    unions = sum(isinstance(i, Union) or (isinstance(i, Select) and " union " in i.text) for i in inputs)
    for stage in plan.stages:
        tags = [name for name in stage.relation.names if name.startswith("tag")]
        # One row of a source may come out of several branches, and the branch is part of what a figure is one per.
        if len(tags) < unions:
            continue
        for figure in stage.relation.names:
            row = f"{figure}_row"
            if row not in stage.relation.names or any(map(stage.known.repeats, stage.known.figures(figure))):
                continue
            # A default that stands where no row matched is a figure of the row in hand.
            within = ", ".join(f'"{name}"' for name in (row, *tags))
            once = f'SELECT {within} FROM "{stage.name}" WHERE "{figure}" IS NOT NULL AND "{row}" >= 0'
            query = f"SELECT count(*) FROM ({once} GROUP BY {within} HAVING count(*) > 1)"
            if connection.execute(query).fetchone() != (0,):
                yield f"{stage.name}: {figure} is said to stand once"
