"""A table of claim lines with twenty-five checks that hold: made by DuckDB, and judged by one query written by hand.

python -m benchmarks.contenders.checked DATABASE
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import duckdb

from benchmarks.contenders.tables import (
    Accepted,
    Check,
    NoRow,
    NotEmpty,
    NotNull,
    Related,
    Source,
    Table,
    Tables,
    Unique,
)

LINES = 2_500_000
COLUMNS = {
    "line_id": "VARCHAR",
    "claim_id": "VARCHAR",
    "line_number": "BIGINT",
    "procedure_code": "VARCHAR",
    "status": "VARCHAR",
    "claim_type": "VARCHAR",
    "units": "BIGINT",
    "charged": "DECIMAL(18, 2)",
    "allowed": "DECIMAL(18, 2)",
    "paid": "DECIMAL(18, 2)",
}
_ROWS = """
SELECT printf('LIN-%08d-%d', n // 4, n % 4 + 1), printf('CLM-%08d', n // 4), n % 4 + 1,
       printf('%c%04d', 65 + n * 7 % 26, n * 31 % 10000), ['PAID', 'DENIED', 'REVERSED'][n * 13 % 3 + 1],
       ['P', 'I', 'R'][n * 17 % 3 + 1], n * 11 % 20 + 1, (n * 7919 % 500000) / 100 + 10,
       (n * 7919 % 500000) / 200 + 5, (n * 7919 % 500000) / 400
FROM range({lines}) AS t(n)
"""


def make(path: Path, lines: int = LINES) -> None:
    """The lines and the claims that they are of, in the schema `raw` of a new database."""
    path.unlink(missing_ok=True)
    with duckdb.connect(path) as connection:
        columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
        connection.execute(f"CREATE SCHEMA raw; CREATE TABLE raw.lines ({columns})")
        connection.execute(f"INSERT INTO raw.lines {_ROWS.format(lines=lines)}")
        connection.execute("CREATE TABLE raw.claims AS SELECT DISTINCT claim_id FROM raw.lines")


CHECKS: Sequence[Check] = (
    *(NotNull(column) for column in COLUMNS if column not in ("status", "claim_type")),
    Accepted("status", ("PAID", "DENIED", "REVERSED")),
    Accepted("claim_type", ("P", "I", "R")),
    NoRow("units", "units < 1 OR units > 999"),
    NoRow("line_number", "line_number < 1 OR line_number > 99"),
    NoRow("charged", "charged < 0"),
    NoRow("paid", "paid < 0"),
    NoRow("allowed_of_charged", "allowed > charged"),
    NoRow("paid_of_allowed", "paid > allowed"),
    NoRow("paid_of_charged", "paid > charged"),
    NoRow("procedure_code", "NOT regexp_matches(procedure_code, '^[A-Z][0-9]{4}$')"),
    NoRow("line_id", "NOT regexp_matches(line_id, '^LIN-[0-9]{8}-[0-9]$')"),
    NoRow("claim_id", "NOT regexp_matches(claim_id, '^CLM-[0-9]{8}$')"),
    NoRow("length", "length(line_id) <> 14"),
    Unique(("line_id",)),
    Unique(("claim_id", "line_number")),
    Related("claim_id", "raw.claims"),
    NotEmpty(),
)

# The same in the words of a pipeline: checks of a source, and the least that can be made of it.
PIPELINE = """\
pipeline: checked
sources:
  claims: {table: raw.claims, columns: {claim_id: string}}
  lines:
    table: raw.lines
    columns:
      line_id: string
      claim_id: string
      line_number: integer
      procedure_code: string
      status: string
      claim_type: string
      units: integer
      charged: "decimal(18,2)"
      allowed: "decimal(18,2)"
      paid: "decimal(18,2)"
    checks:
      - not_null: [line_id]
      - not_null: [claim_id]
      - not_null: [line_number]
      - not_null: [procedure_code]
      - not_null: [units]
      - not_null: [charged]
      - not_null: [allowed]
      - not_null: [paid]
      - accepted_values: {column: status, values: [PAID, DENIED, REVERSED]}
      - accepted_values: {column: claim_type, values: [P, I, R]}
      - range: {column: units, min: 1, max: 999}
      - range: {column: line_number, min: 1, max: 99}
      - range: {column: charged, min: 0}
      - range: {column: paid, min: 0}
      - expression: allowed <= charged
      - expression: paid <= allowed
      - expression: paid <= charged
      - matches: {column: procedure_code, pattern: "^[A-Z][0-9]{4}$"}
      - matches: {column: line_id, pattern: "^LIN-[0-9]{8}-[0-9]$"}
      - matches: {column: claim_id, pattern: "^CLM-[0-9]{8}$"}
      - length: {column: line_id, min: 14, max: 14}
      - unique: [line_id]
      - unique: [claim_id, line_number]
      - relationship: {column: claim_id, to: claims.claim_id}
      - row_count: {min: 1}
stages:
  by_type: {kind: aggregate, from: lines, by: [claim_type], measures: {lines: count(*)}}
"""


def tables() -> Tables:
    """The lines as they are, with the checks on them."""
    sources = {"lines": Source(COLUMNS), "claims": Source({"claim_id": "VARCHAR"})}
    return Tables(sources, {"checked.lines": Table("SELECT * FROM raw.lines", stored=False, checks=CHECKS)})


_FAILING = """
SELECT count(*), {counts},
       (SELECT count(*) FROM (SELECT 1 FROM raw.lines GROUP BY line_id HAVING count(*) > 1)),
       (SELECT count(*) FROM (SELECT 1 FROM raw.lines GROUP BY claim_id, line_number HAVING count(*) > 1)),
       (SELECT count(*) FROM raw.lines WHERE claim_id IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM raw.claims AS c WHERE c.claim_id = lines.claim_id))
FROM raw.lines
"""


def judge(path: Path) -> None:
    """One query for all checks. Raises AssertionError where one does not hold."""
    conditions = []
    for check in CHECKS:
        match check:
            case NotNull(column):
                conditions.append(f"{column} IS NULL")
            case Accepted(column, values):
                conditions.append(f"{column} NOT IN ({', '.join(repr(value) for value in values)})")
            case NoRow(condition=condition):
                conditions.append(condition)
    counts = ", ".join(f"count(CASE WHEN {condition} THEN 1 END)" for condition in conditions)
    with duckdb.connect(path, read_only=True, config={"threads": 2}) as connection:
        rows, *failing = connection.execute(_FAILING.format(counts=counts)).fetchall()[0]
    assert rows, "there is no row"
    assert not any(failing), "a check does not hold"
    print(f"{len(failing) + 1} checks hold")


if __name__ == "__main__":
    judge(Path(sys.argv[1]))
