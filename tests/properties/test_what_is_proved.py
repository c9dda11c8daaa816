"""What is proved of random pipelines holds of random rows; and a rule less is found out."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from proofs.pipelines import computed, made, repeated
from proofs.truth import untrue_in

from framework.algebra import Join
from framework.dependencies import following, joining, rows, uniting
from framework.dependencies.known import Attribute, Fact, Known, Part
from framework.expressions.relational import Term
from framework.expressions.select import describing, values
from framework.expressions.tree import Call, Expression, Window

MOST = settings.default.max_examples if settings.default else 100
EXAMPLES = MOST if MOST > 100 else 50  # all of those of a longer profile
SECONDS = 120  # in which a rule that is switched off must be found out
KINDS = ("normalize", "assemble", "enrich", "aggregate", "publish", "sql")
JOINS = ("inner", "left", "full", "semi", "anti", "union", "lookup", "as_of", "fan_out", "join where", "missing")
CLAUSES = ("where", "deduplicate", "limit", "unpivot", "tag", "replace", "upsert", "append")
COMPUTED = ("row_number", "window", "constant", "renamed")
SQL = ("plain", "join", "left join", "right join", "full join", "group", "distinct", "first", "union", "nested")
WORDS = (*KINDS, *JOINS, *CLAUSES, *COMPUTED, *(f"sql {form}" for form in SQL))
seeds = st.integers(0, 2**32)


def wrong(pipeline: int, given_rows: int, occurring: Counter[str] | None = None) -> list[str]:
    """What is proved of the pipeline and does not hold of the rows."""
    found = made(pipeline)
    if occurring is not None:
        occurring.update(found.occurring.keys())
    assert found.plan is not None
    connection = computed(found.plan, given_rows)
    if connection is None:
        return []
    with connection:
        return [*untrue_in(found.plan, connection), *repeated(found.plan, connection)]


def test_what_is_proved_is_true() -> None:
    occurring: Counter[str] = Counter()
    total = 0

    @settings(max_examples=EXAMPLES, deadline=None)
    @given(seeds, seeds)
    def holds(pipeline: int, given_rows: int) -> None:
        nonlocal total
        total += 1
        assert not wrong(pipeline, given_rows, occurring)

    holds()
    shares = {word: occurring[word] / total for word in WORDS}
    print("of", total, "pipelines:", ", ".join(f"{word} {share:.0%}" for word, share in shares.items()))
    if total >= 500:  # of fewer it would be chance
        assert not {word: share for word, share in shares.items() if share < 0.05}


# -- rules switched off


def _one_match(rows: Any, step: Join, right: Any, name: str) -> None:
    join(rows, replace(step, multiplies=False), right, name)


def _always_there(rows: Any, right: Any, matched: Any) -> None:
    add_right(rows, right, matched)
    rows.facts = [Fact(f.given, f.found, f.where - {right.row}) for f in rows.facts]


def _of_first(rows: Any, step: Any, name: str) -> None:
    group(rows, step, name)
    if step.by:
        rows.key([step.by[0][0]])


def _once(rows: Any, index: str, name: str) -> None:
    rows.columns[index.lower()] = Attribute(index)


def _unbranched(union: Any) -> list[Fact]:
    return [Fact(f.given - {union.branch}, f.found, f.where) for f in facts(union)]


def _all_of(self: Any, kept: Expression) -> None:
    """As if of two sides of `or` both held."""
    if isinstance(kept, Call) and kept.function.name == "or":
        for arg in kept.args:
            self.only(arg)
    else:
        only(self, kept)


def _numbered(self: Any, made: Attribute, e: Expression) -> None:
    windowed(self, made, e)
    if isinstance(e, Call) and e.function.name == "row_number":
        self.facts.append(Fact(frozenset([made]), frozenset([self.row])))


def _of_the_row(known: Known, attribute: Attribute) -> frozenset[Part]:
    return frozenset([Part(frozenset([known.row]), column=attribute)])


def _matched(left: Term, right: Term, side: str, kind: str, on: Expression) -> Term:
    return joined(left, right, "", kind if kind in ("SEMI", "ANTI") else "", on)


def _numbered_in_all(self: Any, node: Any) -> Expression:
    """As if a number of the row counted on from one partition to the next."""
    found = window(self, node)
    return replace(found, window=Window()) if isinstance(found, Call) and found.window is not None else found


join, add_right, group, facts = joining.join, joining._add_right, following._group, uniting._United.facts
OUTCOME = sys.modules["framework.dependencies.outcome"]  # its function has the same name
joined, window = describing._joined, values.Values._window
only, windowed = rows.Rows.only, rows.Rows._windowed
RULES: dict[str, tuple[Any, str, Callable[..., Any]]] = {
    "a row that matches several becomes several": (following, "join", _one_match),
    "two null keys are no match": (joining, "_of_one_key", lambda *_: True),
    "what holds of the right side holds where it is there": (joining, "_add_right", _always_there),
    "a group is known by all of its by": (following, "_group", _of_first),
    "a repeated row is another row": (following, "_repeat", _once),
    "a branch knows nothing of another": (uniting._United, "facts", _unbranched),
    "one side of or is enough": (rows.Rows, "only", _all_of),
    "a number counts within its partition": (rows.Rows, "_windowed", _numbered),
    "a full join keeps rows of the right side alone": (joining, "_left_may_lack", lambda *_: None),
    "an outer join of a select keeps rows without a match": (describing, "_joined", _matched),
    "a number in a select counts within its partition": (values.Values, "_window", _numbered_in_all),
    "a figure stays one of the row that it came from": (OUTCOME, "_parts", _of_the_row),
}


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_switched_off_is_found_out(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(*RULES[rule])
    started = time.monotonic()
    assert any(wrong(seed, seed) for seed in _until(started + SECONDS)), "nothing speaks against it"


def _until(end: float) -> Iterable[int]:
    seed = 0
    while time.monotonic() < end:
        yield seed
        seed += 1
