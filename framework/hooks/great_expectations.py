"""Great Expectations: official suites, validation results and Data Docs of each run, under target/gx.

Its own code judges, from the figures that the run has counted: nothing is asked of the warehouse twice. What only it
can judge it judges here, before anything is published. No file holds the value of a cell.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from framework.compile.searches import Searches
from framework.gx import documents, judging, native
from framework.gx.quiet import quiet, refuse_without
from framework.gx.suites import Expected, Suite, suites
from framework.hooks import Hook, Occasion, Rows
from framework.project import Project
from framework.run import CheckResult, CheckStatus, Run, StageResult
from framework.target import warehouse

FOLDER = "target"  # GX makes its own folder `gx` in it


class GreatExpectations(Hook):
    """Suites, results and Data Docs of each run, under target/gx."""

    evidence = True

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        refuse_without("the hook great_expectations")
        self.rows: dict[str, int] = {}
        self.judged: dict[tuple[str, str], Any] = {}  # the official results, by relation and check

    def stage_built(self, occasion: Occasion, stage: StageResult, checks: Sequence[CheckResult]) -> None:
        self.rows[stage.name] = stage.rows or 0

    def before_publish(self, occasion: Occasion, checks: Sequence[CheckResult], rows: Rows) -> Sequence[CheckResult]:
        with quiet():
            found = {(check.relation, check.name): check for check in checks}
            # The suites are kept, and ask what stands once the run has published; the rows are those of now.
            standing = Searches(occasion.plan, rows.warehouse, self.project.schemas)
            running = Searches(occasion.plan, rows.warehouse, self.project.schemas, rows.selected)
            wanted = self._suites(occasion, standing, checks)
            for suite, expected, check in _each(wanted, found):
                if expected.native and check.status == "pending":
                    self.judged[check.relation, check.name] = _natively(suite, expected, rows, running)
            self._judge(wanted, found)
        return [told for key, result in self.judged.items() if (told := _told(found[key], result)) is not None]

    def run_finished(self, occasion: Occasion, run: Run) -> None:
        self.rows |= {source.name: source.rows for source in run.sources}
        with quiet():
            found = {(check.relation, check.name): check for check in run.checks}
            searches = Searches(occasion.plan, warehouse(occasion.warehouse), self.project.schemas)
            wanted = self._suites(occasion, searches, run.checks)
            self._judge(wanted, found)
            results = ((suite, self._results(suite)) for suite in wanted)
            documents.write(
                occasion.root / FOLDER,
                occasion.run_id,
                occasion.started_at,
                occasion.target,
                ((suite, judged) for suite, judged in results if judged),
            )

    def _suites(self, occasion: Occasion, searches: Searches, checks: Sequence[CheckResult]) -> list[Suite]:
        trends = {(c.relation, c.name): c.trend for c in checks if c.trend is not None}
        return list(suites(occasion.plan, searches, {c.relation for c in checks}, trends))

    def _judge(self, wanted: Sequence[Suite], found: dict[tuple[str, str], CheckResult]) -> None:
        """GX's judgement of what has none yet and was judged by the run."""
        for suite, expected, check in _each(wanted, found):
            if (check.relation, check.name) in self.judged or expected.native:
                continue
            seen = check.judged if check.judged is not None else self.rows.get(check.relation, 0)
            columns = suite.relation.relation.names
            counted = judging.Counted(seen + (check.missing or 0), seen, _failing(check), check.figure, tuple(columns))
            self.judged[check.relation, check.name] = judging.judge(expected, counted)

    def _results(self, suite: Suite) -> list[Any]:
        keys = ((suite.relation.name, expected.assertion.name) for expected in suite.expectations)
        return [self.judged[key] for key in keys if key in self.judged]


def _each(
    wanted: Sequence[Suite], found: dict[tuple[str, str], CheckResult]
) -> Iterator[tuple[Suite, Expected, CheckResult]]:
    """Every expectation with what the run found."""
    for suite in wanted:
        for expected in suite.expectations:
            check = found.get((suite.relation.name, expected.assertion.name))
            if check is not None:
                yield suite, expected, check


def _natively(suite: Suite, expected: Expected, rows: Rows, searches: Searches) -> Any:
    relation = suite.relation
    named = expected.arguments.get("column")
    columns = [name for name in relation.relation.names if name.lower() == str(named).lower()]
    return native.judge(
        expected,
        rows.warehouse.name,
        rows.engine,
        searches.rows(relation, suite.condition),
        lambda most: rows.fetch(relation.name, suite.condition, columns, most),
        columns,
    )


def _failing(check: CheckResult) -> int:
    """How many rows fail; a figure that is not as it should be is one row that says so."""
    if check.failing is not None:
        return check.failing
    return 0 if check.status in ("passed", "proved") else 1


def _told(check: CheckResult, result: Any) -> CheckResult | None:
    """What GX adds to the run: its judgement of what it alone can judge, and that it could not judge."""
    if (error := judging.raised(result)) is not None:
        return replace(check, status="error", error=error)
    if check.status != "pending":
        return None
    bad: CheckStatus = "warned" if check.on_fail == "warn" else "failed"
    seen, missing = result.result.get("element_count"), result.result.get("missing_count") or 0
    return replace(
        check,
        status="passed" if result.success else bad,
        failing=result.result.get("unexpected_count"),
        judged=None if seen is None else seen - missing,
        missing=None if seen is None else missing,
    )
