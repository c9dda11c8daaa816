"""The job of `pipelines/claims.yaml` as a careful engineer would write it for DuckDB: one process, plain SQL.

    python -m benchmarks.contenders.handwritten DATA DATABASE [--without-checks]

The same files in, the same stages as tables, the same checks, the same published tables in schema
`marts`. Rows that stay carry no verdict, nothing counts where each row went, and the published tables
are replaced as a whole. What a run prints is the number of rows that fail each check.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

FILES = ("claim_headers", "claim_lines", "adjustments", "members", "providers", "plans", "eligibility")
PUBLISHED = ("dim_member", "dim_provider", "dim_plan", "fct_claims_monthly")

# The sum of the Luhn rule over an NPI behind the prefix 80840, which adds 24.
_DIGITS = [f"CAST(npi[{place}] AS INTEGER)" for place in range(1, 11)]
_LUHN = " + ".join(
    f"({digit} * 2 - CASE WHEN {digit} > 4 THEN 9 ELSE 0 END)" if place % 2 == 0 else digit
    for place, digit in enumerate(_DIGITS)
)

MACROS: Mapping[str, str] = {
    "npi_valid(npi)": f"""CASE WHEN npi IS NULL THEN NULL
        WHEN regexp_full_match(npi, '[0-9]{{10}}') THEN (24 + {_LUHN}) % 10 = 0 ELSE false END""",
    "whole(text)": r"""CASE
        WHEN regexp_full_match(text, '\s*[+-]?[0-9]+\s*') THEN TRY_CAST(text AS BIGINT) END""",
    "digits(text)": "TRY_CAST(regexp_replace(text, '[^0-9.]', '', 'g') AS DECIMAL(18, 2))",
    "money(text)": r"""CASE
        WHEN regexp_full_match(text, '[0-9]+(\.[0-9]{0,2})?') THEN TRY_CAST(text AS DECIMAL(18, 2))
        WHEN regexp_full_match(text, '\s*[+]?\$?[0-9][0-9,]*(\.[0-9]{0,2})?\s*') THEN digits(text)
        WHEN regexp_full_match(text, '\s*(-\$?[0-9][0-9,]*(\.[0-9]{0,2})?|\(\$?[0-9][0-9,]*(\.[0-9]{0,2})?\)'
            || '|\$?[0-9][0-9,]*(\.[0-9]{0,2})?(-|\s*CR))\s*') THEN -digits(text) END""",
    "hashed(text)": "coalesce(length(text) || ':' || text, '-')",
}

# In the order in which they read each other. `problem` of a cleaned table leaves it with the rows it names.
STAGES: Mapping[str, str] = {
    "staging.members": """
        SELECT lower(trim(member_id)) AS member_id, CAST(birth_date AS DATE) AS birth_date,
            CASE upper(trim(gender)) WHEN 'F' THEN 'female' WHEN 'M' THEN 'male' ELSE 'unknown' END AS gender,
            left(trim(zip), 5) AS zip
        FROM members""",
    "staging.providers": "SELECT trim(npi) AS provider_id, specialty_code, state FROM providers",
    "staging.plans": """
        SELECT upper(trim(plan_code)) AS plan_code, plan_name, lower(line_of_business) AS line_of_business
        FROM plans""",
    "staging.eligibility": """
        SELECT lower(trim(member_id)) AS member_id, CAST(eligible_from AS DATE) AS covered_from,
            least(CAST(eligible_to AS DATE), lead(CAST(eligible_from AS DATE)) OVER (
                PARTITION BY lower(trim(member_id))
                ORDER BY CAST(eligible_from AS DATE), CAST(eligible_to AS DATE) NULLS LAST)) AS covered_to,
            upper(trim(plan_code)) AS plan_code
        FROM eligibility
        WHERE eligible_to IS NULL OR CAST(eligible_from AS DATE) < CAST(eligible_to AS DATE)
        QUALIFY covered_to IS NULL OR covered_from < covered_to""",
    "staging.claim_headers": r"""
        WITH cleaned AS (
            SELECT nullif(lower(trim(claim_id)), '') AS claim_id, whole(claim_version) AS claim_version,
                nullif(lower(trim(member_id)), '') AS member_id, trim(provider_npi) AS provider_id,
                upper(trim(plan_code)) AS plan_code,
                CASE claim_type WHEN 'P' THEN 'professional' WHEN 'I' THEN 'institutional'
                    WHEN 'R' THEN 'pharmacy' END AS claim_type,
                CAST(try_strptime(trim(service_from), ['%Y-%m-%d', '%d-%b-%Y']) AS DATE) AS service_date,
                TRY_CAST(received_at AS TIMESTAMP) AS received_at, status,
                TRY_CAST(total_charge AS DECIMAL(18, 2)) AS total_charge,
                total_charge IS NOT NULL AND TRY_CAST(total_charge AS DECIMAL(18, 2)) IS NULL AS unreadable
            FROM claim_headers),
        latest AS (
            FROM cleaned
            QUALIFY row_number() OVER (
                PARTITION BY claim_id ORDER BY claim_version DESC NULLS LAST, received_at DESC NULLS LAST) = 1
                OR claim_id IS NULL)
        SELECT * EXCLUDE (unreadable), CASE
            WHEN claim_id IS NULL THEN 'no claim'
            WHEN unreadable OR claim_version IS NULL OR received_at IS NULL THEN 'unreadable'
            WHEN service_date IS NULL OR member_id IS NULL OR provider_id IS NULL THEN 'incomplete'
            WHEN NOT npi_valid(provider_id) THEN 'wrong NPI' END AS problem
        FROM latest""",
    "staging.claim_lines": r"""
        WITH cleaned AS (
            SELECT lower(trim(line_id)) AS line_id, nullif(lower(trim(claim_id)), '') AS claim_id,
                whole(line_number) AS line_number, upper(trim(procedure_code)) AS procedure_code,
                whole(units) AS units, money(charged) AS charged, money(allowed) AS allowed, money(paid) AS paid,
                (units IS NOT NULL AND whole(units) IS NULL) OR (charged IS NOT NULL AND money(charged) IS NULL)
                OR (allowed IS NOT NULL AND money(allowed) IS NULL)
                OR (paid IS NOT NULL AND money(paid) IS NULL) AS unreadable
            FROM claim_lines),
        single AS (
            FROM cleaned QUALIFY row_number() OVER (PARTITION BY line_id ORDER BY line_number) = 1 OR line_id IS NULL)
        SELECT * EXCLUDE (unreadable), CASE
            WHEN line_id IS NULL THEN 'no line'
            WHEN unreadable THEN 'unreadable'
            WHEN units NOT BETWEEN 1 AND 999 THEN 'units' END AS problem
        FROM single""",
    "staging.adjustments": """
        WITH cleaned AS (
            SELECT lower(trim(adjustment_id)) AS adjustment_id, lower(trim(line_id)) AS line_id,
                TRY_CAST(amount AS DECIMAL(18, 2)) AS amount, lower(reason) AS reason,
                amount IS NOT NULL AND TRY_CAST(amount AS DECIMAL(18, 2)) IS NULL AS unreadable
            FROM adjustments),
        single AS (
            FROM cleaned
            QUALIFY row_number() OVER (PARTITION BY adjustment_id ORDER BY line_id) = 1 OR adjustment_id IS NULL)
        SELECT * EXCLUDE (unreadable),
            CASE WHEN adjustment_id IS NULL THEN 'no adjustment' WHEN unreadable THEN 'unreadable' END AS problem
        FROM single""",
    "intermediate.adjustment_totals": """
        SELECT line_id, sum(amount) AS adjustment, count(*) AS adjustment_count
        FROM staging.adjustments GROUP BY line_id""",
    "intermediate.claims": """
        SELECT line.*, header.member_id, header.provider_id, header.plan_code, header.claim_type,
            header.service_date, header.status,
            CASE WHEN header.claim_id IS NULL THEN 'no header' END AS problem
        FROM staging.claim_lines AS line LEFT JOIN staging.claim_headers AS header USING (claim_id)
        WHERE line.claim_id IS NOT NULL AND header.status IS DISTINCT FROM 'REVERSED'""",
    "intermediate.claims_enriched": """
        SELECT claim.*, member.birth_date, member.gender, provider.specialty_code,
            coalesce(plan.plan_code, 'UNKNOWN') AS known_plan,
            CASE WHEN plan.plan_code IS NULL THEN 'unknown' ELSE plan.line_of_business END AS line_of_business,
            span.plan_code AS eligible_plan, total.adjustment,
            CAST(date_trunc('month', claim.service_date) AS DATE) AS month,
            CAST(date_sub('year', member.birth_date, claim.service_date) AS BIGINT) AS age,
            claim.paid + coalesce(total.adjustment, 0) AS adjusted_paid
        FROM intermediate.claims AS claim
        LEFT JOIN staging.members AS member USING (member_id)
        LEFT JOIN staging.providers AS provider USING (provider_id)
        LEFT JOIN staging.plans AS plan ON plan.plan_code = claim.plan_code
        LEFT JOIN staging.eligibility AS span ON span.member_id = claim.member_id
            AND span.covered_from <= claim.service_date
            AND claim.service_date < coalesce(span.covered_to, DATE 'infinity')
        LEFT JOIN intermediate.adjustment_totals AS total USING (line_id)""",
    "intermediate.claims_monthly": """
        SELECT member_id, provider_id, known_plan AS plan_code, month, claim_type,
            count(DISTINCT claim_id) AS claim_count, count(*) AS line_count,
            count(eligible_plan) AS covered_line_count,
            count(*) FILTER (WHERE eligible_plan = known_plan) AS own_plan_line_count,
            CAST(sum(units) AS BIGINT) AS units, sum(charged) AS charged, sum(allowed) AS allowed,
            sum(paid) AS paid, CAST(sum(adjusted_paid) AS DECIMAL(38, 2)) AS adjusted_paid
        FROM intermediate.claims_enriched
        GROUP BY member_id, provider_id, known_plan, month, claim_type""",
    "marts.dim_member__new": """
        SELECT md5(hashed(member_id)) AS member_key, * FROM (
            FROM staging.members UNION ALL SELECT 'UNKNOWN', NULL, 'unknown', NULL)""",
    "marts.dim_provider__new": """
        SELECT md5(hashed(provider_id)) AS provider_key, * FROM (
            FROM staging.providers UNION ALL SELECT 'UNKNOWN', NULL, NULL)""",
    "marts.dim_plan__new": """
        SELECT md5(hashed(plan_code)) AS plan_key, * FROM (
            FROM staging.plans UNION ALL SELECT 'UNKNOWN', 'Unknown plan', 'unknown')""",
    "marts.fct_claims_monthly__new": """
        SELECT md5(hashed(fact.member_id) || hashed(fact.provider_id) || hashed(fact.plan_code)
                || hashed(CAST(fact.month AS VARCHAR)) || hashed(fact.claim_type)) AS claims_monthly_key,
            coalesce(member.member_key, md5(hashed('UNKNOWN'))) AS member_key,
            coalesce(provider.provider_key, md5(hashed('UNKNOWN'))) AS provider_key,
            coalesce(plan.plan_key, md5(hashed('UNKNOWN'))) AS plan_key, fact.*
        FROM intermediate.claims_monthly AS fact
        LEFT JOIN marts.dim_member__new AS member USING (member_id)
        LEFT JOIN marts.dim_provider__new AS provider USING (provider_id)
        LEFT JOIN marts.dim_plan__new AS plan USING (plan_code)""",
}

# By table, the rows that are wrong: one scan each. A name with `warn` reports; any other stops the run.
ROW_CHECKS: Mapping[str, Mapping[str, str]] = {
    "claim_headers": {"claim type": "claim_type NOT IN ('P', 'I', 'R')"},
    "staging.members": {
        "warn zip": "NOT regexp_full_match(zip, '[0-9]{5}')",
        "gender": "gender NOT IN ('female', 'male', 'unknown')",
        "key": "member_id IS NULL",
    },
    "staging.providers": {"npi": "NOT npi_valid(provider_id)", "key": "provider_id IS NULL"},
    "staging.plans": {"name": "plan_name IS NULL", "key": "plan_code IS NULL"},
    "staging.eligibility": {"key": "member_id IS NULL OR covered_from IS NULL"},
    "staging.claim_headers": {
        "warn service after receipt": "service_date > received_at",
        "warn service long ago": "service_date < DATE '1900-01-01'",
        "status": "status NOT IN ('PAID', 'DENIED', 'REVERSED')",
    },
    "staging.claim_lines": {
        "warn procedure": "NOT regexp_full_match(procedure_code, '[A-Z][0-9]{4}')",
        "warn allowed": "abs(allowed) > abs(charged)",
        "warn paid": "abs(paid) > abs(allowed)",
        "warn sign of allowed": "sign(allowed) * sign(charged) < 0",
        "warn sign of paid": "sign(paid) * sign(charged) < 0",
    },
    "intermediate.claims_enriched": {
        "warn age": "age NOT BETWEEN 0 AND 120",
        "warn plan": "known_plan <> 'UNKNOWN' AND eligible_plan <> known_plan",
    },
    "intermediate.claims_monthly": {"counts": "line_count < claim_count"},
}

UNIQUE: Mapping[str, Sequence[str]] = {
    "staging.members": ("member_id",),
    "staging.providers": ("provider_id",),
    "staging.plans": ("plan_code", "plan_name"),
    "staging.eligibility": ("(member_id, covered_from)",),
}

RELATIONS: Sequence[tuple[str, str, str, str]] = (
    ("staging.eligibility", "member_id", "staging.members", ""),
    ("staging.eligibility", "plan_code", "staging.plans", ""),
    ("staging.claim_headers", "plan_code", "staging.plans", "warn "),
)

OVERLAPPING = """
    FROM (
        SELECT coalesce(covered_to, DATE 'infinity') > lead(covered_from) OVER (
            PARTITION BY member_id ORDER BY covered_from) AS reaches_next
        FROM staging.eligibility)
    WHERE reaches_next"""

NOT_EMPTY = ("staging.claim_headers", "intermediate.claims_monthly")


def reading(file: Path) -> str:
    """The rows of a csv file, every column as text."""
    path = str(file).replace("'", "''")
    return f"read_csv('{path}', header = true, all_varchar = true, delim = ',', quote = '\"', nullstr = '')"


class CheckFailed(Exception):
    """Rows fail a check that must hold; nothing has been published."""


def run(connection: duckdb.DuckDBPyConnection, data: Path, checks: bool = True) -> dict[str, int]:
    """Build, check and publish from the csv files in `data`. Gives the failing rows of each check.

    Raises CheckFailed, and leaves what stood published as it was.
    """
    connection.execute("SET preserve_insertion_order = false")
    for signature, body in MACROS.items():
        connection.execute(f"CREATE OR REPLACE TEMP MACRO {signature} AS {body}")
    for name in FILES:
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS FROM {reading(data / f'{name}.csv')}")
    for schema in ("staging", "intermediate", "quarantine", "marts"):
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    for table, query in STAGES.items():
        _build(connection, table, query)
    found = _check(connection) if checks else {}
    failed = [name for name, rows in found.items() if rows and "warn " not in name]
    if failed:
        raise CheckFailed(", ".join(failed))
    _publish(connection)
    return found


def _build(connection: duckdb.DuckDBPyConnection, table: str, query: str) -> None:
    """The table; rows with a problem go to one of their own."""
    connection.execute(f"CREATE OR REPLACE TABLE {table} AS {query}")
    if " AS problem" not in query:
        return
    held = f"quarantine.{table.partition('.')[2]}"
    connection.execute(f"CREATE OR REPLACE TABLE {held} AS FROM {table} WHERE problem IS NOT NULL")
    connection.execute(f"DELETE FROM {table} WHERE problem IS NOT NULL")
    connection.execute(f"ALTER TABLE {table} DROP COLUMN problem")


def _check(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    found: dict[str, int] = {}
    for table, checks in ROW_CHECKS.items():
        counts = ", ".join(f"count(*) FILTER (WHERE {wrong})" for wrong in checks.values())
        row = connection.execute(f"SELECT {counts} FROM {table}").fetchone() or ()
        found |= {f"{table}: {name}": int(n) for name, n in zip(checks, row, strict=True)}
    for table, keys in UNIQUE.items():
        for key in keys:
            found[f"{table}: {key} twice"] = _one(connection, f"SELECT count(*) - count(DISTINCT {key}) FROM {table}")
    for table, column, target, kind in RELATIONS:
        query = f"SELECT count({column}) FROM {table} ANTI JOIN {target} USING ({column})"
        found[f"{table}: {kind}{column} in {target}"] = _one(connection, query)
    found["staging.eligibility: spans overlap"] = _one(connection, f"SELECT count(*) {OVERLAPPING}")
    for table in NOT_EMPTY:
        found[f"{table}: is empty"] = int(_one(connection, f"SELECT count(*) FROM {table}") == 0)
    return found


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def _publish(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("BEGIN")
    for table in PUBLISHED:
        connection.execute(f"DROP TABLE IF EXISTS marts.{table}")
        connection.execute(f"ALTER TABLE marts.{table}__new RENAME TO {table}")
    connection.execute("COMMIT")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.contenders.handwritten")
    parser.add_argument("data", type=Path)
    parser.add_argument("database", type=Path)
    parser.add_argument("--without-checks", action="store_true")
    parser.add_argument("--memory-limit", help="how much memory DuckDB may take, as 4GB")
    options = parser.parse_args(arguments)
    with duckdb.connect(str(options.database)) as connection:
        if options.memory_limit:
            connection.execute(f"SET memory_limit = '{options.memory_limit}'")
        try:
            found = run(connection, options.data, not options.without_checks)
        except CheckFailed as failed:
            print(f"failed: {failed}", file=sys.stderr)
            return 1
    for name, rows in found.items():
        print(f"{name}: {rows}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
