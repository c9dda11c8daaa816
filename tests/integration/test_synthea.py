"""The pipeline of the language's first page over Synthea's files, against SQL written from its meaning."""

import csv
import os
import random
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from integration.project import Project, Rows, exactly, hash_key

PIPELINE = Path(__file__).parent / "synthea.yaml"
VARIABLE = "SYNTHEA_DIR"
FILES = ("claims", "claims_transactions", "patients", "payers", "payer_transitions")

# member_key and claims_monthly_key are hashes, which Python calculates.
SQL = """
CREATE TABLE headers AS
    SELECT lower(trim(Id)) AS claim_id, lower(trim(PATIENTID)) AS member_id, lower(trim(PROVIDERID)) AS provider_id,
        CASE WHEN PRIMARYPATIENTINSURANCEID <> '0' THEN PRIMARYPATIENTINSURANCEID END AS plan_id,
        CAST(SERVICEDATE AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS service_at,
        CASE CAST(HEALTHCARECLAIMTYPEID1 AS INTEGER) WHEN 1 THEN 'professional' WHEN 2 THEN 'institutional' END
            AS claim_type
    FROM claims
    WHERE PATIENTID IS NOT NULL AND PROVIDERID IS NOT NULL AND SERVICEDATE IS NOT NULL;
CREATE TABLE lines AS
    SELECT ID AS line_id, lower(trim(CLAIMID)) AS claim_id,
        CASE TYPE WHEN 'CHARGE' THEN CAST(AMOUNT AS DECIMAL(18, 2)) ELSE 0 END AS charged,
        CASE TYPE WHEN 'PAYMENT' THEN CAST(PAYMENTS AS DECIMAL(18, 2)) ELSE 0 END AS paid
    FROM claims_transactions WHERE TYPE = 'CHARGE' OR TYPE = 'PAYMENT';
CREATE TABLE joined AS
    SELECT l.*, h.* EXCLUDE (claim_id), CAST(h.service_at AS DATE) AS service_date,
        CAST(date_trunc('month', h.service_at) AS DATE) AS month
    FROM lines l JOIN headers h ON h.claim_id = l.claim_id;
CREATE TABLE monthly AS
    SELECT member_id, provider_id, plan_id, month, claim_type,
        count(DISTINCT claim_id) AS claim_count, sum(charged) AS charged, sum(paid) AS paid
    FROM joined GROUP BY member_id, provider_id, plan_id, month, claim_type;
CREATE TABLE members AS SELECT lower(trim(Id)) AS member_id, GENDER AS gender FROM patients;
CREATE TABLE coverage AS
    SELECT lower(trim(PATIENT)) AS member_id, PAYER AS plan_id, CAST(START_YEAR AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS s,
        CAST(END_YEAR AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS e
    FROM payer_transitions WHERE END_YEAR IS NULL OR START_YEAR < END_YEAR;
CREATE TABLE elsewhere AS
    SELECT j.line_id FROM joined j
    JOIN coverage c ON c.member_id = j.member_id AND c.s <= j.service_at AND (c.e IS NULL OR j.service_at < c.e)
    WHERE j.plan_id IS NOT NULL AND c.plan_id <> j.plan_id
"""
GRAIN = ("member_id", "provider_id", "plan_id", "month", "claim_type")
MEASURES = ("claim_count", "charged", "paid")


@pytest.fixture(scope="session")
def files() -> Path:
    folder = os.environ.get(VARIABLE)
    missing = [f"{name}.csv" for name in FILES if folder is None or not (Path(folder) / f"{name}.csv").is_file()]
    if folder is None or missing:
        pytest.skip(
            f"no Synthea files: set {VARIABLE} to a folder with {', '.join(f'{n}.csv' for n in FILES)} "
            "from OHDSI/dbt-synthea, seeds/synthea/, commit b9486865 (Apache-2.0)"
        )
    return Path(folder)


@pytest.fixture(scope="session")
def plain(files: Path) -> dict[str, Rows]:
    """Each table as plain SQL has it."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for name in FILES:
            path = str(files / f"{name}.csv").replace("'", "''")
            reader = f"read_csv('{path}', header = true, all_varchar = true, nullstr = '')"
            connection.execute(f"CREATE VIEW {name} AS FROM {reader}")
        connection.execute(SQL)
        tables = "headers", "lines", "joined", "monthly", "members", "coverage", "elsewhere"
        return {name: connection.execute(f"FROM {name}").fetchall() for name in tables}


@pytest.fixture
def synthea(project: Project, files: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("DATA_DIR", str(files))
    return project


def published(project: Project) -> dict[str, Rows]:
    return {
        "dim_member": project.rows("marts.dim_member", "member_key", "member_id", "gender"),
        "fct_claims_monthly": project.rows(
            "marts.fct_claims_monthly", "claims_monthly_key", "member_key", *GRAIN, *MEASURES
        ),
    }


def expected(plain: dict[str, Rows]) -> dict[str, Rows]:
    """The published tables, with their hashes and the unknown row."""
    members = dict(plain["members"]) | {"UNKNOWN": None}
    unknown = hash_key("UNKNOWN")
    fact = []
    for row in plain["monthly"]:
        key = hash_key(*row[: len(GRAIN)])
        fact.append((key, hash_key(row[0]) if row[0] in members else unknown, *row))
    return {
        "dim_member": [(hash_key(member), member, gender) for member, gender in members.items()],
        "fct_claims_monthly": fact,
    }


def test_every_group_is_what_plain_sql_says(synthea: Project, plain: dict[str, Rows]) -> None:
    synthea.good(PIPELINE)
    groups = synthea.rows("marts.claims_monthly", *GRAIN, *MEASURES)
    assert len(groups) > 100
    assert exactly(groups) == exactly(plain["monthly"])
    assert any(plan is None for _, _, plan, *_ in groups) == any(plan is None for _, _, plan, *_ in plain["monthly"])


def test_every_published_table_is_what_plain_sql_says(synthea: Project, plain: dict[str, Rows]) -> None:
    synthea.good(PIPELINE)
    found, wanted = published(synthea), expected(plain)
    assert {name: exactly(rows) for name, rows in found.items()} == {n: exactly(rows) for n, rows in wanted.items()}
    assert (hash_key("UNKNOWN"), "UNKNOWN", None) in found["dim_member"]
    assert all(
        isinstance(value, Decimal) for *_, charged, paid in found["fct_claims_monthly"] for value in (charged, paid)
    )


def test_the_rows_between_are_what_plain_sql_says(synthea: Project, plain: dict[str, Rows]) -> None:
    outcome = synthea.good(PIPELINE)
    rows = {"claim_headers": "headers", "claim_lines": "lines", "claims": "joined", "eligibility": "coverage"}
    assert {stage: outcome.stage(stage)["rows"] for stage in rows} == {s: len(plain[t]) for s, t in rows.items()}
    money = {m["column"]: Decimal(m["buckets"]["out"]) for m in outcome.stage("fct_claims_monthly")["ledger"]["money"]}
    charged, paid = (sum((row[i] for row in plain["monthly"]), Decimal(0)) for i in (-2, -1))
    assert money == {"charged": charged, "paid": paid}
    warned = outcome.check("claims_enriched", "expression(eligible_plan_id = plan_id)")
    assert warned["failing"] == len(plain["elsewhere"])


def test_a_second_run_changes_nothing(synthea: Project) -> None:
    first = synthea.good(PIPELINE)
    before = published(synthea)
    second = synthea.good(PIPELINE)
    assert published(synthea) == before
    for name, rows in before.items():
        inserted = len(rows) - (name == "dim_member")  # the unknown row is the framework's own
        assert first.changes(name) == (inserted, 0, 0, 0), name
        assert second.changes(name) == (0, 0, inserted, 0), name


def test_the_order_of_the_input_does_not_matter(
    synthea: Project, files: Path, plain: dict[str, Rows], monkeypatch: pytest.MonkeyPatch
) -> None:
    shuffled = synthea.root / "shuffled"
    shuffled.mkdir()
    for number, name in enumerate(FILES):
        shuffle(files / f"{name}.csv", shuffled / f"{name}.csv", number)
    monkeypatch.setenv("DATA_DIR", str(shuffled))
    synthea.good(PIPELINE)
    wanted = expected(plain)
    assert {n: exactly(rows) for n, rows in published(synthea).items()} == {n: exactly(r) for n, r in wanted.items()}


def shuffle(source: Path, copy: Path, seed: int) -> None:
    with source.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    random.Random(seed).shuffle(rows)
    with copy.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
