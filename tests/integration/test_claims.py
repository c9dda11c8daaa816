"""The pipelines of the repository over their committed samples, against SQL of their own."""

from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from benchmarks import expected_claims
from integration.project import REPOSITORY, Outcome, Project, Rows, exactly, hash_key

CLAIMS, CLAIMS_DATA = REPOSITORY / "pipelines" / "claims.yaml", REPOSITORY / "pipelines" / "data" / "claims"
ORDERS, ORDERS_DATA = REPOSITORY / "pipelines" / "orders.yaml", REPOSITORY / "pipelines" / "data" / "orders"


@pytest.fixture(scope="module")
def expected() -> dict[str, Rows]:
    return expected_claims.expected(CLAIMS_DATA)


@pytest.fixture(autouse=True)
def _data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAIMS_DATA", str(CLAIMS_DATA))
    monkeypatch.setenv("ORDERS_DATA", str(ORDERS_DATA))


def buckets(outcome: Outcome, stage: str) -> dict[str, int]:
    """The ledger's buckets of a stage, under the oracle's names and with all of them; nobody discarded a row."""
    found = {name.replace(" ", "_"): n for name, n in outcome.stage(stage)["ledger"]["buckets"].items()}
    assert found.pop("discarded", 0) == 0
    return dict.fromkeys(expected_claims.BUCKETS, 0) | found


# -- claims


def test_claims_publishes_what_the_oracle_says(project: Project, expected: dict[str, Rows]) -> None:
    project.good(CLAIMS)
    for table, rows in expected.items():
        assert exactly(project.rows(f"marts.{table}", *expected_claims.COLUMNS[table])) == exactly(rows), table


def test_claims_fills_the_buckets_that_the_oracle_counts(project: Project) -> None:
    outcome = project.good(CLAIMS)
    wanted = expected_claims.buckets(CLAIMS_DATA)
    assert {stage: buckets(outcome, stage) for stage in wanted} == wanted


def test_claims_warns_of_what_the_oracle_counts(project: Project) -> None:
    outcome = project.good(CLAIMS)
    wanted = expected_claims.warned(CLAIMS_DATA)
    assert all(wanted.values())
    assert {(relation, name): outcome.check(relation, name)["failing"] for relation, name in wanted} == wanted


UNUSED = {
    ("claims", "claim_headers"): "staging.claim_headers r WHERE r.claim_id NOT IN"
    " (SELECT claim_id FROM staging.claim_lines WHERE claim_id IS NOT NULL)",
    **{
        ("claims_enriched", joined): f"staging.{joined} r WHERE r.{key} NOT IN"
        f" (SELECT {key} FROM intermediate.claims WHERE {key} IS NOT NULL)"
        for joined, key in (("members", "member_id"), ("providers", "provider_id"), ("plans", "plan_code"))
    },
    ("claims_enriched", "eligibility"): "staging.eligibility r LEFT JOIN intermediate.claims c ON"
    " c.member_id = r.member_id AND c.service_date >= r.covered_from"
    " AND (c.service_date < r.covered_to OR r.covered_to IS NULL) WHERE c.line_id IS NULL",
    ("claims_enriched", "adjustment_totals"): "marts.adjustment_totals r WHERE r.line_id NOT IN"
    " (SELECT line_id FROM intermediate.claims WHERE line_id IS NOT NULL)",
}


def test_claims_tells_of_the_rows_that_no_row_used(project: Project) -> None:
    outcome = project.good(CLAIMS, "--memos")
    found = {(s["name"], name): n for s in outcome.results["stages"] for name, n in s["ledger"]["memos"].items()}
    assert found == {
        (stage, f"unused {joined}"): project.query(f"SELECT count(*) FROM {rows}")[0][0]
        for (stage, joined), rows in UNUSED.items()
    }
    assert sum(found.values()) > 50
    assert "out (5 unused claim_headers)\n" in outcome.out


def test_claims_counts_each_published_row_as_inserted_and_then_as_unchanged(
    project: Project, expected: dict[str, Rows]
) -> None:
    sizes = {table: len(rows) - (table != "fct_claims_monthly") for table, rows in expected.items()}  # no unknown row
    first = project.good(CLAIMS)
    assert {t: first.changes(t) for t in sizes} == {t: (n, 0, 0, 0) for t, n in sizes.items()}
    before = project.published()
    second = project.good(CLAIMS)
    assert {t: second.changes(t) for t in sizes} == {t: (0, 0, n, 0) for t, n in sizes.items()}
    assert project.published() == before


def test_claims_carries_the_money_through_to_the_fact(project: Project, expected: dict[str, Rows]) -> None:
    outcome = project.good(CLAIMS)
    for name in ("charged", "paid"):
        at = expected_claims.COLUMNS["fct_claims_monthly"].index(name)
        total = sum((row[at] for row in expected["fct_claims_monthly"]), Decimal(0))
        for stage in ("claims", "claims_enriched", "claims_monthly", "fct_claims_monthly"):
            money = next(m for m in outcome.stage(stage)["ledger"]["money"] if m["column"] == name)
            held = money["buckets"].get("out", money["buckets"].get("grouped"))
            assert Decimal(held) == total, (stage, name)


def test_claims_keys_are_hashes_and_references_resolve(project: Project) -> None:
    project.good(CLAIMS)
    dimensions = {"dim_member": ("member_key", "member_id"), "dim_provider": ("provider_key", "provider_id")}
    dimensions["dim_plan"] = ("plan_key", "plan_code")
    keys: dict[str, set[str]] = {}
    for table, (key, column) in dimensions.items():
        rows = project.rows(f"marts.{table}", key, column)
        assert [hash_key(value) for _, value in rows] == [found for found, _ in rows], table
        keys[key] = {found for found, _ in rows}
    grain = "member_id", "provider_id", "plan_code", "month", "claim_type"
    fact = project.rows("marts.fct_claims_monthly", "claims_monthly_key", *keys, *grain)
    assert fact
    for row in fact:
        surrogate, references, values = row[0], row[1:4], row[4:]
        assert surrogate == hash_key(*values)
        for key, found, value in zip(keys, references, values, strict=False):
            wanted = hash_key(value)
            assert found == (wanted if wanted in keys[key] else hash_key("UNKNOWN"))


def test_claims_shows_the_held_back_rows_with_their_reasons(project: Project) -> None:
    outcome = project.good(CLAIMS)
    for stage in ("claim_headers", "claim_lines", "claims"):
        held = buckets(outcome, stage)
        rows = project.rows(f"quarantine.{stage}__quarantine", "_bucket", "_reasons")
        assert len(rows) == held["rejected"] + held["quarantined"], stage
        assert all(reasons not in (None, "", "[]") for bucket, reasons in rows if bucket == "quarantined")


# -- orders


ORDERS_SQL = r"""
    WITH read AS (
        SELECT upper(trim(order_id)) AS order_id, upper(trim(customer_id)) AS customer_id,
            CAST(ordered_on AS DATE) AS ordered_on, replace(replace(trim(amount), '$', ''), ',', '') AS amount
        FROM orders),
    priced AS (
        SELECT * EXCLUDE (amount), CASE
            WHEN regexp_full_match(amount, '[0-9]+\.[0-9]{2}') THEN CAST(amount AS DECIMAL(18, 2))
            WHEN regexp_full_match(amount, '[0-9]+\.[0-9]{2}CR') THEN -CAST(replace(amount, 'CR', '') AS DECIMAL(18, 2))
            WHEN regexp_full_match(amount, '\([0-9]+\.[0-9]{2}\)')
                THEN -CAST(trim(amount, '()') AS DECIMAL(18, 2)) END AS amount
        FROM read),
    latest AS (SELECT * FROM priced QUALIFY row_number() OVER (PARTITION BY order_id ORDER BY ordered_on DESC) = 1),
    good AS (SELECT * FROM latest WHERE customer_id IS NOT NULL AND amount IS NOT NULL)"""

REVENUE_SQL = """
    SELECT coalesce(c.country, 'unknown'), CAST(date_trunc('month', o.ordered_on) AS DATE), count(*), sum(o.amount)
    FROM good o LEFT JOIN customers c ON c.customer_id = o.customer_id GROUP BY ALL"""


def orders(sql: str) -> Rows:
    with duckdb.connect() as connection:
        for path in sorted(Path(ORDERS_DATA).glob("*.csv")):
            reader = f"read_csv('{path}', header = true, all_varchar = true, nullstr = '')"
            connection.execute(f"CREATE VIEW {path.stem} AS FROM {reader}")
        return connection.execute(f"{ORDERS_SQL} {sql}").fetchall()


def test_orders_publishes_what_plain_sql_says(project: Project) -> None:
    project.good(ORDERS)
    found = project.rows("marts.fct_revenue", "country", "month", "order_count", "amount")
    assert exactly(found) == exactly(orders(REVENUE_SQL))
    assert any(country == "unknown" for country, *_ in found)


def test_orders_accounts_for_every_row(project: Project) -> None:
    outcome = project.good(ORDERS)
    delivered, distinct, good = orders(
        "SELECT (FROM (SELECT count(*) FROM read)), (SELECT count(*) FROM latest), (SELECT count(*) FROM good)"
    )[0]
    assert (delivered, distinct, good) == (18, 17, 15)
    assert outcome.stage("orders")["ledger"]["rows_in"] == delivered
    assert buckets(outcome, "orders") == dict.fromkeys(expected_claims.BUCKETS, 0) | {
        "superseded": delivered - distinct,
        "quarantined": distinct - good,
        "out": good,
    }
    held = project.rows("quarantine.orders__quarantine", "order_id", "_reasons")
    assert [order for order, _ in held] == ["O-1009", "O-1012"]
    assert ["amount" in held[0][1], "customer_id" in held[1][1]] == [True, True]
    assert "2 rows quarantined" in outcome.out
