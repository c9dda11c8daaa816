"""The way of a row for a terminal, and as data."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from framework.compile.text import name_variables
from framework.printing import counted, table
from framework.way.questions import SHOWN, Answer, Question, Row


def as_text(answers: Sequence[Answer]) -> str:
    return "\n\n".join("\n".join(_answer(answer)) for answer in answers)


def as_sql(questions: Iterable[Question], dialect: sa.Dialect) -> str:
    return "\n\n".join(f"-- {_title(question)}\n{text(question, dialect)};" for question in questions)


def as_dict(question: Question, dialect: sa.Dialect, answer: Answer | None = None) -> dict[str, Any]:
    found = {"relation": question.relation, "kind": question.kind, "about": question.about, "reads": question.reads}
    shown = {} if answer is None else {"rows": [_dict(row) for row in answer.rows], "more": answer.more}
    return {**found, "query": text(question, dialect), **shown}


def text(question: Question, dialect: sa.Dialect) -> str:
    """The select as its warehouse reads it. Values stand as `:name`; the dialect is changed for that."""
    name_variables(dialect)
    compiled = str(question.select.compile(dialect=dialect))
    return "\n".join(line.rstrip() for line in compiled.splitlines())


def _title(question: Question) -> str:
    reads = ", ".join(question.reads)
    if question.kind == "source":
        return f"{question.relation}: source" + (f", as it came into {reads}" if reads else "")
    said = ", what stands" if question.about == "stands" else f" of {reads}" if reads else ""
    return f"{question.relation}: {question.kind}{said}"


def _answer(answer: Answer) -> Iterator[str]:
    if not answer.rows:
        yield f"{_title(answer.question)}: no row"
        return
    ended: dict[str, int] = {}
    for row in answer.rows:
        ended[row.ended] = ended.get(row.ended, 0) + 1
    told = ", ".join(f"{n} {bucket}" for bucket, n in ended.items())
    more = f"; the first {SHOWN}, there are more" if answer.more else ""
    made = f", {told}" if answer.question.about == "made" else ""
    yield f"{_title(answer.question)}: {counted(len(answer.rows), 'row')}{made}{more}"
    lines = list(_lines(answer))
    headers = ["", *(str(number) for number in range(1, len(answer.rows) + 1))]
    yield "\n".join("  " + line for line in table(headers, lines).splitlines())


def _lines(answer: Answer) -> Iterator[tuple[str, ...]]:
    """A line for each thing that is told of the rows, which stand beside each other."""
    rows = answer.rows
    if answer.question.about == "made":
        yield from _line("ended", (row.ended for row in rows))
        yield from _line("because", (", ".join(_because(row)) for row in rows), seldom=True)
        yield from _line("version", (_shown(row.version) for row in rows), seldom=True)
        for name, _ in answer.question.lookups:
            yield from _line(f"in {name}", ("found" if row.lookups[name] else "not found" for row in rows))
        yield from _line("summed", map(_summed, rows), seldom=True)
    for name in answer.question.columns:
        yield from _line(name, (_shown(row.values[name]) for row in rows))


def _line(name: str, cells: Iterable[str], *, seldom: bool = False) -> Iterator[tuple[str, ...]]:
    """`seldom`: left out where there is nothing to tell of any row."""
    told = tuple(cells)
    if not seldom or any(told):
        yield (name, *told)


def _because(row: Row) -> list[str]:
    found: list[str] = json.loads(row.because or "[]")
    return found


def _summed(row: Row) -> str:
    """Of a group, how many rows it was made of, and how many of them are on the way."""
    if row.rows is None:
        return ""
    return counted(row.rows, "row") if row.summed is None else f"{row.summed:,} of {counted(row.rows, 'row')}"


def _shown(value: Any) -> str:
    return "" if value is None else str(value)


def _dict(row: Row) -> Mapping[str, Any]:
    told = {"ended": row.ended, "because": _because(row), "version": row.version, "lookups": dict(row.lookups)}
    return {**told, "summed": row.summed, "of_rows": row.rows, "values": dict(row.values)}
