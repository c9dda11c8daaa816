"""What `pipelines/claims.yaml` must yield, calculated without the framework.

Plain DuckDB SQL over the csv files, written from the language's rules and not from its translator,
so that an integration test can compare the two. Surrogate keys are left out; the dimensions' unknown
rows are in. What the generator never writes (an unreadable version, a member twice) is not handled.
"""

from pathlib import Path
from typing import Any

import duckdb

FILES = ("claim_headers", "claim_lines", "adjustments", "members", "providers", "plans", "eligibility")

# The columns of the tuples that `expected` returns, in their order.
COLUMNS: dict[str, tuple[str, ...]] = {
    "dim_member": ("member_id", "birth_date", "gender", "zip"),
    "dim_provider": ("provider_id", "specialty_code", "state"),
    "dim_plan": ("plan_code", "plan_name", "line_of_business"),
    "fct_claims_monthly": (
        "member_id",
        "provider_id",
        "plan_code",
        "month",
        "claim_type",
        "claim_count",
        "line_count",
        "covered_line_count",
        "own_plan_line_count",
        "units",
        "charged",
        "allowed",
        "paid",
        "adjusted_paid",
    ),
}

# The buckets that any of the stages below can fill; `out` stands for the rows that go on.
BUCKETS = ("no_key", "filtered", "rejected", "superseded", "quarantined", "out")

DIM_MEMBER = """
    SELECT lower(trim(member_id)) AS member_id, CAST(birth_date AS DATE) AS birth_date,
        CASE upper(trim(gender)) WHEN 'F' THEN 'female' WHEN 'M' THEN 'male' ELSE 'unknown' END AS gender,
        left(trim(zip), 5) AS zip
    FROM members
    UNION ALL SELECT 'UNKNOWN', NULL, 'unknown', NULL"""

DIM_PROVIDER = """
    SELECT trim(npi) AS provider_id, specialty_code, state FROM providers
    UNION ALL SELECT 'UNKNOWN', NULL, NULL"""

DIM_PLAN = """
    SELECT upper(trim(plan_code)) AS plan_code, plan_name, lower(line_of_business) AS line_of_business
    FROM plans
    UNION ALL SELECT 'UNKNOWN', 'Unknown plan', 'unknown'"""

# Retracted spans must not cut others, so they go before the window; replaced ones after it.
ELIGIBILITY = """
    WITH real AS (
        SELECT lower(trim(member_id)) AS member_id, upper(trim(plan_code)) AS plan_code,
            CAST(eligible_from AS DATE) AS starts, CAST(eligible_to AS DATE) AS ends
        FROM eligibility
        WHERE eligible_to IS NULL OR CAST(eligible_from AS DATE) < CAST(eligible_to AS DATE)),
    followed AS (
        SELECT *, lead(starts) OVER (PARTITION BY member_id ORDER BY starts, ends NULLS LAST) AS next_starts
        FROM real),
    cut AS (
        SELECT member_id, plan_code, starts,
            CASE WHEN ends IS NULL OR next_starts < ends THEN next_starts ELSE ends END AS ends
        FROM followed)
    SELECT * FROM cut WHERE ends IS NULL OR starts < ends"""

# The latest version is found among all rows that have a key, whatever is wrong with it.
CLAIM_HEADERS = """
    WITH named AS (
        SELECT nullif(lower(trim(claim_id)), '') AS claim_id, nullif(lower(trim(member_id)), '') AS member_id,
            trim(provider_npi) AS provider_id, upper(trim(plan_code)) AS plan_code,
            CASE claim_type WHEN 'P' THEN 'professional' WHEN 'I' THEN 'institutional'
                WHEN 'R' THEN 'pharmacy' END AS claim_type,
            CAST(try_strptime(trim(service_from), ['%Y-%m-%d', '%d-%b-%Y']) AS DATE) AS service_date,
            status, CAST(total_charge AS DECIMAL(18, 2)) AS total_charge,
            CAST(claim_version AS BIGINT) AS version, CAST(received_at AS TIMESTAMP) AS received
        FROM claim_headers),
    ranked AS (
        SELECT *, row_number() OVER (PARTITION BY claim_id ORDER BY version DESC, received DESC) AS place
        FROM named)
    SELECT * EXCLUDE (place), CASE
            WHEN claim_id IS NULL THEN 'rejected'
            WHEN place > 1 THEN 'superseded'
            WHEN service_date IS NULL OR member_id IS NULL THEN 'quarantined'
            WHEN NOT npi_is_valid(provider_id) THEN 'quarantined'
            ELSE 'out' END AS bucket
    FROM ranked"""

# Duplicate deliveries are equal in every column, so any of them may win.
CLAIM_LINES = """
    WITH named AS (
        SELECT lower(trim(line_id)) AS line_id, nullif(lower(trim(claim_id)), '') AS claim_id,
            upper(trim(procedure_code)) AS procedure_code,
            CASE WHEN regexp_full_match(trim(units), '[+-]?[0-9]+')
                THEN CAST(trim(units) AS BIGINT) END AS units,
            amount(charged) AS charged, amount(allowed) AS allowed, amount(paid) AS paid
        FROM claim_lines),
    ranked AS (SELECT *, row_number() OVER (PARTITION BY line_id) AS place FROM named)
    SELECT * EXCLUDE (place), CASE
            WHEN place > 1 THEN 'superseded'
            WHEN units IS NULL OR charged IS NULL OR allowed IS NULL OR paid IS NULL THEN 'quarantined'
            WHEN units NOT BETWEEN 1 AND 999 THEN 'quarantined'
            ELSE 'out' END AS bucket
    FROM ranked"""

ADJUSTMENTS = """
    WITH ranked AS (
        SELECT lower(trim(line_id)) AS line_id, CAST(amount AS DECIMAL(18, 2)) AS amount,
            row_number() OVER (PARTITION BY lower(trim(adjustment_id))) AS place
        FROM adjustments)
    SELECT line_id, amount, CASE WHEN place > 1 THEN 'superseded' ELSE 'out' END AS bucket FROM ranked"""

CLAIMS = """
    SELECT line.* EXCLUDE (bucket), header.member_id, header.provider_id, header.plan_code,
        header.claim_type, header.service_date, CASE
            WHEN line.claim_id IS NULL THEN 'no_key'
            WHEN header.status = 'REVERSED' THEN 'filtered'
            WHEN header.claim_id IS NULL THEN 'quarantined'
            ELSE 'out' END AS bucket
    FROM (FROM stage_claim_lines WHERE bucket = 'out') AS line
    LEFT JOIN (FROM stage_claim_headers WHERE bucket = 'out') AS header ON header.claim_id = line.claim_id"""

FCT_CLAIMS_MONTHLY = """
    WITH adjusted AS (
        SELECT line_id, sum(amount) AS adjustment
        FROM stage_adjustments WHERE bucket = 'out' GROUP BY line_id),
    enriched AS (
        SELECT claim.*, span.plan_code AS eligible_plan,
            CASE WHEN claim.plan_code IN (SELECT upper(trim(plan_code)) FROM plans)
                THEN claim.plan_code ELSE 'UNKNOWN' END AS known_plan,
            CAST(date_trunc('month', claim.service_date) AS DATE) AS month,
            claim.paid + coalesce(adjusted.adjustment, 0) AS adjusted_paid
        FROM (FROM stage_claims WHERE bucket = 'out') AS claim
        LEFT JOIN stage_eligibility AS span ON span.member_id = claim.member_id
            AND span.starts <= claim.service_date AND (span.ends IS NULL OR claim.service_date < span.ends)
        LEFT JOIN adjusted ON adjusted.line_id = claim.line_id)
    SELECT member_id, provider_id, known_plan AS plan_code, month, claim_type,
        count(DISTINCT claim_id) AS claim_count, count(*) AS line_count,
        count(eligible_plan) AS covered_line_count,
        count(*) FILTER (WHERE eligible_plan = known_plan) AS own_plan_line_count,
        CAST(sum(units) AS BIGINT) AS units, sum(charged) AS charged, sum(allowed) AS allowed,
        sum(paid) AS paid, CAST(sum(adjusted_paid) AS DECIMAL(38, 2)) AS adjusted_paid
    FROM enriched
    GROUP BY ALL"""

# In the order in which they read each other.
STAGES = {
    "eligibility": ELIGIBILITY,
    "claim_headers": CLAIM_HEADERS,
    "claim_lines": CLAIM_LINES,
    "adjustments": ADJUSTMENTS,
    "claims": CLAIMS,
}

TABLES = {
    "dim_member": DIM_MEMBER,
    "dim_provider": DIM_PROVIDER,
    "dim_plan": DIM_PLAN,
    "fct_claims_monthly": FCT_CLAIMS_MONTHLY,
}

# What the suites that only warn find, by relation and check.
WARNED = {
    ("raw_eligibility", "no_overlap(eligible_from, eligible_to)"): """
        WITH spans AS (
            SELECT member_id, CAST(eligible_from AS DATE) AS starts, CAST(eligible_to AS DATE) AS ends,
                row_number() OVER (ORDER BY member_id, eligible_from, eligible_to NULLS LAST) AS place
            FROM eligibility)
        SELECT * FROM spans WHERE ends <= starts OR EXISTS (
            FROM spans AS later WHERE later.member_id = spans.member_id AND later.place > spans.place
                AND (spans.ends IS NULL OR later.starts < spans.ends))""",
    ("claim_lines", "matches(procedure_code)"): """
        SELECT * FROM stage_claim_lines
        WHERE bucket = 'out' AND NOT regexp_full_match(procedure_code, '[0-9]{4}[0-9A-Z]|[A-Z][0-9]{4}')""",
    ("claims", "the lines add up to the total"): """
        SELECT claim_id FROM stage_claims AS claim JOIN stage_claim_headers AS header USING (claim_id)
        WHERE claim.bucket = 'out' AND header.bucket = 'out' AND claim.claim_type = 'professional'
        GROUP BY claim_id HAVING sum(charged) <> max(total_charge)""",
}

# `12.00`, `-12.00`, `$1,234.50`, `(12.00)`, `12.00-`, `12.00CR`, blanks around; else null.
AMOUNT_MACRO = r"""
    CREATE TEMP MACRO amount(text) AS CASE
        WHEN regexp_full_match(trim(text), '\(\$?[0-9][0-9,]*(\.[0-9]{1,2})?\)')
            OR regexp_full_match(trim(text), '\$?[0-9][0-9,]*(\.[0-9]{1,2})?(-|CR)')
            OR regexp_full_match(trim(text), '-\$?[0-9][0-9,]*(\.[0-9]{1,2})?')
            THEN -CAST(regexp_replace(text, '[^0-9.]', '', 'g') AS DECIMAL(18, 2))
        WHEN regexp_full_match(trim(text), '\$?[0-9][0-9,]*(\.[0-9]{1,2})?')
            THEN CAST(regexp_replace(text, '[^0-9.]', '', 'g') AS DECIMAL(18, 2)) END"""


def npi_macro() -> str:
    """The Luhn rule read from the left, over all fifteen digits of 80840 and the NPI."""
    terms = []
    for place in range(1, 16):
        digit = f"CAST(substr('80840' || npi, {place}, 1) AS INTEGER)"
        # Of fifteen digits the second, fourth, ... are doubled; a two-digit product counts less 9.
        terms.append(f"({digit} * 2 - CASE WHEN {digit} > 4 THEN 9 ELSE 0 END)" if place % 2 == 0 else digit)
    return f"""CREATE TEMP MACRO npi_is_valid(npi) AS CASE
        WHEN regexp_full_match(npi, '[0-9]{{10}}') THEN ({" + ".join(terms)}) % 10 = 0 ELSE FALSE END"""


def calculate(data_dir: Path | str) -> duckdb.DuckDBPyConnection:
    """A connection that holds the files as text, and each stage as `stage_<name>`."""
    connection = duckdb.connect()
    connection.execute(AMOUNT_MACRO)
    connection.execute(npi_macro())
    for file in FILES:
        path = str(Path(data_dir) / f"{file}.csv").replace("'", "''")
        options = "header = true, all_varchar = true, delim = ',', quote = '\"', nullstr = ''"
        connection.execute(f"CREATE TEMP VIEW {file} AS FROM read_csv('{path}', {options})")
    for stage, query in STAGES.items():
        connection.execute(f"CREATE TEMP TABLE stage_{stage} AS {query}")
    return connection


def expected(data_dir: Path | str) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of each published table, with the columns of `COLUMNS`, ordered by them."""
    with calculate(data_dir) as connection:
        return {
            table: connection.execute(f"SELECT {', '.join(COLUMNS[table])} FROM ({query}) ORDER BY ALL").fetchall()
            for table, query in TABLES.items()
        }


def count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {relation}").fetchone()
    return int(row[0]) if row else 0


def warned(data_dir: Path | str) -> dict[tuple[str, str], int]:
    """How many rows, or groups, each check of `WARNED` fails."""
    with calculate(data_dir) as connection:
        return {check: count(connection, f"({query})") for check, query in WARNED.items()}


def buckets(data_dir: Path | str) -> dict[str, dict[str, int]]:
    """For each normalize and assemble stage, the number of its input rows in each bucket."""
    result: dict[str, dict[str, int]] = {}
    with calculate(data_dir) as connection:
        for stage in ("members", "providers", "plans"):
            result[stage] = dict.fromkeys(BUCKETS, 0) | {"out": count(connection, stage)}
        kept = count(connection, "stage_eligibility")
        filtered = count(connection, "eligibility") - kept
        result["eligibility"] = dict.fromkeys(BUCKETS, 0) | {"filtered": filtered, "out": kept}
        for stage in ("claim_headers", "claim_lines", "adjustments", "claims"):
            query = f"SELECT bucket, count(*) FROM stage_{stage} GROUP BY bucket"
            result[stage] = dict.fromkeys(BUCKETS, 0) | dict(connection.execute(query).fetchall())
    return result
