"""Synthetic health-insurance claims, deterministic and as dirty as real feeds.

    python -m benchmarks.generate --headers 1000 --seed 7 --out DIR
    python -m benchmarks.generate --headers 1000 --seed 7 --check DIR

The same arguments give the same bytes, whatever the number of threads (DuckDB 1.4 and later): every
value is drawn from the md5 of the seed, the table and the row's number (four draws of 32 bits per
digest), never from a random number generator, and every file has an explicit order. DuckDB makes
the rows from number ranges and spills to disk, so memory stays bounded.

All ids, codes and amounts are invented. National Provider Identifiers follow the check digit rule
of the CMS NPI standard (Luhn over the nine digits with the prefix 80840); they begin with 2, a
leading digit the standard allows. ``--headers`` is the number of distinct claims, H; 60 % of the even
ones follow up on the claim before: same member, provider and type, up to nine days later.

Rates below are the constants of this module, per row of the file unless said otherwise.

``claim_headers.csv``: about 1.2 H rows, in the order of delivery
    claim_id       ``CLM-`` and eight digits. Padded with blanks in 4 %, other case (``clm-``,
                   ``Clm-``) in 6 %; empty in 1 %.
    claim_version  1 and up. 12 % of claims have a second version, 2 % a third one too.
    member_id      ``MBR-`` and eight digits; padded and other case as claim_id; empty in 1 %;
                   1 % of claims name a member that members.csv does not hold.
    provider_npi   ten digits; padded in 4 %; wrong check digit in 1 %; 1 % of claims name a valid
                   provider that providers.csv does not hold.
    plan_code      ``PLN`` and two digits; padded and other case as claim_id; unknown (``PLN90`` to
                   ``PLN99``) in 2 %; another plan than the member's own in 5 %.
    claim_type     P (professional), I (institutional) or R (pharmacy).
    service_from   2023-01-01 to 2024-12-31, as ``2024-03-05``, in 25 % as ``05-Mar-2024``; not a
                   date in 1.5 % (``TBD``, ``2024-02-30``).
    received_at    ISO timestamp; later for later versions.
    status         PAID, DENIED (8 %), or REVERSED: 4 % of claims end with a version that takes the
                   claim back.
    total_charge   plain decimal, the sum of what the claim's lines charge.
    Deliveries     2 % of versions are sent again an hour later, their dirt and status drawn anew;
                   2 % of rows are delivered twice, the very same row, a day apart.

``claim_lines.csv``: about 2.5 H rows (1 to 4 lines per claim)
    line_id         ``LIN-``, the claim's eight digits, ``-`` and the line number.
    claim_id        as in the headers, padded and other case too; empty in 0.5 %; of a claim that
                    does not exist in 1 %.
    line_number     1 to 4.
    procedure_code  an invented letter and four digits; ``?`` and four digits in 0.75 %.
    units           1 to 12; absurd (9999) in 0.75 %, not an integer (``1.5``) in 0.75 %.
    charged, allowed, paid
                    decimals; each as ``$1,234.50`` in 10 %, `` 45.10 `` in 5 %; 3 % of lines are
                    credits, written ``(12.00)`` or ``12.00CR``; one of the three is ``#ERR`` in
                    1.5 % of lines; paid exceeds allowed in 0.75 %.
    Deliveries      2 % of rows are delivered twice.

``adjustments.csv``: for 10 % of lines one to three rows
    adjustment_id   ``ADJ-``, the line's digits, ``-`` and a number.
    line_id         as in the lines.
    amount          plain signed decimal, -50.00 to 50.00.
    reason          COB, CORRECTION, INTEREST or WITHHOLD.
    Deliveries      2 % of rows are delivered twice.

``members.csv``: H / 4 rows, at least 20
    member_id, birth_date (ISO), gender (F, M, U; empty in 3 %), zip (five digits, in 20 % with
    ``-`` and four more).

``providers.csv``: H / 50 rows, 10 to 50,000
    npi, specialty_code (``S`` and two digits), state (two letters).

``plans.csv``: 12 rows
    plan_code, plan_name (``Plan 07``), line_of_business (COMMERCIAL, MEDICARE, MEDICAID).

``eligibility.csv``: one to three spans of a year for 85 % of members
    member_id, plan_code, eligible_from, eligible_to (ISO dates, half open; empty is open ended).
    A span with a successor overlaps its start by 30 days in 20 %, leaves a gap of 20 days in 15 %,
    was never closed in 6 %; 60 % of last spans are open. Beside a span stands a retracted one (it
    ends on the day it starts) in 3 %, and a replaced one (same start, ends after 90 days) in 4 %.
"""

import argparse
import filecmp
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

# Rates are per 10,000.
WHOLE = 10_000
PADDED_ID = 400
OTHER_CASE_ID = 600
MISSING_CLAIM_ID = 100
FOLLOW_UP_CLAIM = 6_000
SECOND_VERSION = 1_200
THIRD_VERSION = 200
REVERSED_CLAIM = 400
DENIED = 800
RESENT_VERSION = 200
DUPLICATE_DELIVERY = 200
MISSING_MEMBER = 100
UNKNOWN_MEMBER = 100
UNKNOWN_PROVIDER = 100
WRONG_CHECK_DIGIT = 100
UNKNOWN_PLAN = 200
OTHER_PLAN = 500
SECOND_DATE_FORMAT = 2_500
UNREADABLE_DATE = 150

LINE_WITHOUT_CLAIM_ID = 50
ORPHAN_LINE = 100
DOLLAR_AMOUNT = 1_000
BLANK_AMOUNT = 500
CREDIT_LINE = 300
UNREADABLE_AMOUNT = 150
OVERPAID_LINE = 75
UNREADABLE_UNITS = 75
ABSURD_UNITS = 75
BAD_PROCEDURE = 75
UNPAID_LINE = 800
FULLY_PAID_LINE = 5_000

ADJUSTED_LINE = 1_000

MISSING_GENDER = 300
LONG_ZIP = 2_000

COVERED_MEMBER = 8_500
OVERLAPPING_SPAN = 2_000
GAP_AFTER_SPAN = 1_500
NEVER_CLOSED_SPAN = 600
OPEN_LAST_SPAN = 6_000
RETRACTED_SPAN = 300
REPLACED_SPAN = 400
EARLIER_PLAN = 2_000

MAX_LINES = 4
MAX_ADJUSTMENTS = 3
MAX_SPANS = 3
PLANS = 12
# The first of the two years' 731 days on which a claim may start, so that follow-ups stay within them.
SERVICE_DAYS = 722
FOLLOW_UP_DAYS = 10

# Ids have eight digits, and orphan lines name claims H + 1 to 2 H.
MAX_HEADERS = 49_999_999


@dataclass(frozen=True)
class Size:
    """What the arguments decide: the number of claims, and the seed of every draw."""

    headers: int
    seed: int

    @property
    def members(self) -> int:
        return max(20, self.headers // 4)

    @property
    def providers(self) -> int:
        return min(50_000, max(10, self.headers // 50))


def digest(size: Size, table: str, *numbers: str) -> str:
    """SQL of the md5 that a row's values are drawn from."""
    return " || '|' || ".join([f"md5('{size.seed}|{table}|' || {numbers[0]}", *numbers[1:]]) + ")"


def draw(digest_column: str, part: int, below: int) -> str:
    """SQL of a whole number from 0 to `below` - 1, of one of a digest's four parts."""
    return f"(('0x' || substr({digest_column}, {1 + 8 * part}, 8))::BIGINT % {below})"


def hit(digest_column: str, part: int, rate: int) -> str:
    """SQL of a condition that holds at the given rate."""
    return f"({draw(digest_column, part, WHOLE)} < {rate})"


def numbered(prefix: str, number: str) -> str:
    return f"'{prefix}' || lpad(({number})::VARCHAR, 8, '0')"


def dirty_id(text: str, digest_column: str, part: int) -> str:
    """SQL of an id as feeds spell it: padded, in lower case, or with one capital."""
    roll = draw(digest_column, part, WHOLE)
    return f"""CASE
        WHEN {roll} < {PADDED_ID} THEN ' ' || {text} || '  '
        WHEN {roll} < {PADDED_ID + OTHER_CASE_ID // 2} THEN lower({text})
        WHEN {roll} < {PADDED_ID + OTHER_CASE_ID} THEN left({text}, 1) || lower(substr({text}, 2))
        ELSE {text} END"""


def plain_amount(cents: str) -> str:
    """SQL of a decimal text of a count of cents that is not negative."""
    return f"(({cents}) // 100)::VARCHAR || '.' || lpad((({cents}) % 100)::VARCHAR, 2, '0')"


def signed_amount(cents: str) -> str:
    return f"CASE WHEN {cents} < 0 THEN '-' ELSE '' END || {plain_amount(f'abs({cents})')}"


def dollar_amount(cents: str) -> str:
    """SQL of `$1,234.50`; line amounts stay below a million."""
    thousands = f"({cents}) // 100000"
    grouped = f"""({thousands})::VARCHAR || ',' || lpad(((({cents}) // 100) % 1000)::VARCHAR, 3, '0')
        || '.' || lpad((({cents}) % 100)::VARCHAR, 2, '0')"""
    return f"'$' || CASE WHEN {thousands} > 0 THEN {grouped} ELSE {plain_amount(cents)} END"


def dirty_amount(cents: str, column: int) -> str:
    """SQL of a line amount in one of its spellings; credits have spellings of their own."""
    roll = draw("spelling", column, WHOLE)
    return f"""CASE
        WHEN unreadable = {column} THEN '#ERR'
        WHEN is_credit AND {cents} > 0 AND {roll} % 2 = 0 THEN '(' || {plain_amount(cents)} || ')'
        WHEN is_credit AND {cents} > 0 THEN {plain_amount(cents)} || 'CR'
        WHEN {roll} < {DOLLAR_AMOUNT} THEN {dollar_amount(cents)}
        WHEN {roll} < {DOLLAR_AMOUNT + BLANK_AMOUNT} THEN ' ' || {plain_amount(cents)} || ' '
        ELSE {plain_amount(cents)} END"""


def npi_body(provider_number: str) -> str:
    """SQL of an NPI's first nine digits; 7919 is coprime to 10^8, so no two providers share one."""
    return f"(200000000 + ({provider_number} * 7919 + 13) % 100000000)"


def npi(body: str, shift: str = "0") -> str:
    """SQL of the NPI over nine digits; a `shift` other than 0 makes its check digit wrong.

    24 is what the prefix 80840 adds to the Luhn sum.
    """
    digits = [f"({body} // {10**place} % 10)" for place in range(9)]
    doubled = [f"({digit} * 2 // 10 + {digit} * 2 % 10)" for digit in digits[::2]]
    total = " + ".join(["24", *doubled, *digits[1::2]])
    return f"({body} * 10 + (10 - ({total}) % 10 + ({shift})) % 10)::VARCHAR"


def member_plan(size: Size, member: str, other: str, shift: str) -> str:
    """SQL of a member's plan code, moved on to another plan where `other` holds."""
    own = draw(digest(size, "member plan", member), 0, PLANS)
    moved = f"({own} + CASE WHEN {other} THEN 1 + {shift} ELSE 0 END) % {PLANS}"
    return f"'PLN' || lpad((1 + {moved})::VARCHAR, 2, '0')"


def charge(digest_column: str) -> str:
    """SQL of a line's charge in cents, without the sign of a credit."""
    return f"(500 + {draw(digest_column, 0, 250_000)})"


def credit(digest_column: str) -> str:
    return hit(digest_column, 1, CREDIT_LINE)


def claims(size: Size) -> str:
    """SQL of the claims, which headers and lines are both made from.

    Follow-ups give the monthly groups more than one claim: an even claim takes the member, provider,
    type and first day of the odd one before it, whose number is then its `visit`.
    """
    follows = f"n % 2 = 0 AND {hit(digest(size, 'follow-up', 'n'), 0, FOLLOW_UP_CLAIM)}"
    return f"""SELECT n, visit,
            1 + {draw("c", 0, MAX_LINES)} AS line_count,
            1 + {draw("p", 0, size.members)}
                + CASE WHEN {hit("p", 1, UNKNOWN_MEMBER)} THEN {size.members} ELSE 0 END AS member,
            1 + {draw("p", 2, size.providers)}
                + CASE WHEN {hit("p", 3, UNKNOWN_PROVIDER)} THEN {size.providers} ELSE 0 END AS provider,
            DATE '2023-01-01' + {draw("d", 0, SERVICE_DAYS)}::INTEGER
                + CASE WHEN visit < n THEN {draw("c", 3, FOLLOW_UP_DAYS)} ELSE 0 END::INTEGER AS service_date,
            1 + {hit("c", 1, SECOND_VERSION)}::INTEGER
                + {hit("c", 1, THIRD_VERSION)}::INTEGER AS claim_versions,
            {hit("c", 2, REVERSED_CLAIM)} AS is_reversed
        FROM (SELECT n, visit, {digest(size, "claim", "n")} AS c,
                  {digest(size, "parties", "visit")} AS p, {digest(size, "day", "visit")} AS d
              FROM (SELECT n, n - CASE WHEN {follows} THEN 1 ELSE 0 END AS visit
                    FROM range(1, {size.headers + 1}) AS numbers(n)))"""


def total_charge(size: Size) -> str:
    """SQL of the sum of a claim's line charges in cents, drawn as `claim_lines` draws them."""
    terms = []
    for line in range(1, MAX_LINES + 1):
        lines_digest = digest(size, "line", "n", f"'{line}'")
        signed = f"CASE WHEN {credit(lines_digest)} THEN -1 ELSE 1 END * {charge(lines_digest)}"
        terms.append(f"CASE WHEN line_count >= {line} THEN {signed} ELSE 0 END")
    return " + ".join(terms)


def deliveries(size: Size) -> str:
    """SQL of header rows: each claim's versions, sent once or again, delivered once or twice."""
    version_digest = digest(size, "version", "n", "claim_version")
    sent = [digest(size, f"sent {part}", "n", "claim_version", "resent") for part in range(4)]
    return f"""WITH claim AS ({claims(size)}),
        priced AS (SELECT *, {total_charge(size)} AS total_cents FROM claim),
        version AS (
            SELECT priced.*, claim_version, {version_digest} AS v
            FROM priced, range(1, 5) AS versions(claim_version)
            WHERE claim_version <= claim_versions + is_reversed::INTEGER),
        sent AS (
            SELECT version.*, resent, {sent[0]} AS a, {sent[1]} AS b, {sent[2]} AS c, {sent[3]} AS d
            FROM version, range(0, 2) AS sendings(resent)
            WHERE resent = 0 OR {hit("v", 0, RESENT_VERSION)}),
        timed AS (
            SELECT *, service_date::TIMESTAMP + INTERVAL 1 SECOND * (
                86400 * (25 * claim_version - 15) + 3600 * resent + {draw("v", 1, 80_000)}) AS received_at
            FROM sent)
        SELECT timed.*, copy FROM timed, range(0, 2) AS copies(copy)
        WHERE copy = 0 OR {hit("a", 0, DUPLICATE_DELIVERY)}"""


def claim_headers(size: Size) -> str:
    claim_id, member_id = numbered("CLM-", "n"), numbered("MBR-", "member")
    own_plan = member_plan(size, "member", hit("b", 0, OTHER_PLAN), draw("b", 1, PLANS - 1))
    unknown_plan = f"'PLN' || (90 + {draw('b', 1, 10)})::VARCHAR"
    plan_code = f"(CASE WHEN {hit('b', 2, UNKNOWN_PLAN)} THEN {unknown_plan} ELSE {own_plan} END)"
    wrong_digit = f"{hit('c', 0, WRONG_CHECK_DIGIT)}::INTEGER"
    provider_npi = npi(npi_body("provider"), wrong_digit)
    unreadable_date = f"CASE WHEN {draw('c', 1, 2)} = 0 THEN 'TBD' ELSE '2024-02-30' END"
    return f"""SELECT
            CASE WHEN {hit("a", 1, MISSING_CLAIM_ID)} THEN NULL
                 ELSE {dirty_id(claim_id, "a", 2)} END AS claim_id,
            claim_version,
            CASE WHEN {hit("a", 3, MISSING_MEMBER)} THEN NULL
                 ELSE {dirty_id(member_id, "c", 2)} END AS member_id,
            CASE WHEN {hit("c", 3, PADDED_ID)} THEN ' ' || {provider_npi} || ' '
                 ELSE {provider_npi} END AS provider_npi,
            {dirty_id(plan_code, "b", 3)} AS plan_code,
            substr('PPPIR', 1 + (visit % 5)::INTEGER, 1) AS claim_type,
            CASE WHEN {hit("c", 1, UNREADABLE_DATE)} THEN {unreadable_date}
                 WHEN {hit("d", 0, SECOND_DATE_FORMAT)} THEN strftime(service_date, '%d-%b-%Y')
                 ELSE strftime(service_date, '%Y-%m-%d') END AS service_from,
            strftime(received_at, '%Y-%m-%dT%H:%M:%S') AS received_at,
            CASE WHEN is_reversed AND claim_version > claim_versions THEN 'REVERSED'
                 WHEN {hit("d", 1, DENIED)} THEN 'DENIED' ELSE 'PAID' END AS status,
            {signed_amount("total_cents")} AS total_charge
        FROM ({deliveries(size)}) AS delivery
        ORDER BY delivery.received_at::DATE + copy::INTEGER, n, delivery.claim_version, resent, copy"""


def line_numbers(size: Size) -> str:
    """SQL of the lines' numbers, which lines and adjustments are both made from."""
    return f"""SELECT n, line_number
        FROM ({claims(size)}) AS claim, range(1, {MAX_LINES + 1}) AS t(line_number)
        WHERE line_number <= line_count"""


def line_amounts(size: Size) -> str:
    """SQL of lines with their amounts in cents and the digests that their dirt is drawn from."""
    unreadable = f"CASE WHEN {hit('k', 1, UNREADABLE_AMOUNT)} THEN {draw('spelling', 3, 3)} END"
    return f"""WITH drawn AS (
            SELECT n, line_number, {digest(size, "line", "n", "line_number")} AS h,
                {digest(size, "line kinds", "n", "line_number")} AS k,
                {digest(size, "line codes", "n", "line_number")} AS m,
                {digest(size, "line amounts", "n", "line_number")} AS spelling
            FROM ({line_numbers(size)})),
        charged AS (SELECT *, {charge("h")} AS charged_cents FROM drawn),
        allowed AS (SELECT *, charged_cents * (40 + {draw("h", 2, 56)}) // 100 AS allowed_cents FROM charged)
        SELECT *, {credit("h")} AS is_credit, {unreadable} AS unreadable,
            CASE WHEN {hit("k", 0, OVERPAID_LINE)} THEN allowed_cents + 1000
                 WHEN {hit("h", 3, UNPAID_LINE)} THEN 0
                 WHEN {hit("h", 3, UNPAID_LINE + FULLY_PAID_LINE)} THEN allowed_cents
                 ELSE allowed_cents * 80 // 100 END AS paid_cents
        FROM allowed"""


def claim_lines(size: Size) -> str:
    claim_id, orphan_id = numbered("CLM-", "n"), numbered("CLM-", f"n + {size.headers}")
    code = f"lpad({draw('m', 1, 10_000)}::VARCHAR, 4, '0')"
    letter = f"substr('XYZ', 1 + ({draw('m', 1, 3)})::INTEGER, 1)"
    units = draw("m", 0, WHOLE)
    source = draw("k", 3, WHOLE)
    return f"""SELECT
            {numbered("LIN-", "n")} || '-' || line_number AS line_id,
            CASE WHEN {source} < {LINE_WITHOUT_CLAIM_ID} THEN NULL
                 WHEN {source} < {LINE_WITHOUT_CLAIM_ID + ORPHAN_LINE} THEN {orphan_id}
                 ELSE {dirty_id(claim_id, "m", 2)} END AS claim_id,
            line_number,
            CASE WHEN {hit("m", 3, BAD_PROCEDURE)} THEN '?' ELSE {letter} END || {code} AS procedure_code,
            CASE WHEN {units} < {UNREADABLE_UNITS} THEN '1.5'
                 WHEN {units} < {UNREADABLE_UNITS + ABSURD_UNITS} THEN '9999'
                 ELSE (1 + {units} % 12)::VARCHAR END AS units,
            {dirty_amount("charged_cents", 0)} AS charged,
            {dirty_amount("allowed_cents", 1)} AS allowed,
            {dirty_amount("paid_cents", 2)} AS paid
        FROM ({line_amounts(size)}) AS line, range(0, 2) AS copies(copy)
        WHERE copy = 0 OR {hit("k", 2, DUPLICATE_DELIVERY)}
        ORDER BY n + 97 * copy, n, line.line_number, copy"""


def adjustments(size: Size) -> str:
    count = f"CASE WHEN {hit('h', 0, ADJUSTED_LINE)} THEN 1 + {draw('h', 1, MAX_ADJUSTMENTS)} ELSE 0 END"
    cents = f"({draw('a', 0, 10_001)} - 5000)"
    return f"""WITH line AS (
            SELECT *, {digest(size, "adjusted line", "n", "line_number")} AS h FROM ({line_numbers(size)})),
        adjustment AS (
            SELECT n, line_number, number, {digest(size, "adjustment", "n", "line_number", "number")} AS a
            FROM line, range(1, {MAX_ADJUSTMENTS + 1}) AS t(number) WHERE number <= {count})
        SELECT {numbered("ADJ-", "n")} || '-' || line_number || '-' || number AS adjustment_id,
            {numbered("LIN-", "n")} || '-' || line_number AS line_id,
            {signed_amount(cents)} AS amount,
            CASE {draw("a", 1, 4)} WHEN 0 THEN 'COB' WHEN 1 THEN 'CORRECTION'
                 WHEN 2 THEN 'INTEREST' ELSE 'WITHHOLD' END AS reason
        FROM adjustment, range(0, 2) AS copies(copy)
        WHERE copy = 0 OR {hit("a", 2, DUPLICATE_DELIVERY)}
        ORDER BY n + 97 * copy, n, line_number, number, copy"""


def members(size: Size) -> str:
    short_zip = f"lpad({draw('h', 2, 100_000)}::VARCHAR, 5, '0')"
    suffix = f"'-' || lpad({draw('g', 1, WHOLE)}::VARCHAR, 4, '0')"
    return f"""SELECT {numbered("MBR-", "n")} AS member_id,
            strftime(DATE '1935-01-01' + {draw("h", 0, 29_000)}::INTEGER, '%Y-%m-%d') AS birth_date,
            CASE WHEN {hit("h", 3, MISSING_GENDER)} THEN NULL
                 ELSE substr('FFFFFMMMMMU', 1 + {draw("h", 1, 11)}::INTEGER, 1) END AS gender,
            {short_zip} || CASE WHEN {hit("g", 0, LONG_ZIP)} THEN {suffix} ELSE '' END AS zip
        FROM (SELECT n, {digest(size, "member", "n")} AS h, {digest(size, "member zip", "n")} AS g
              FROM range(1, {size.members + 1}) AS numbers(n))
        ORDER BY n"""


def providers(size: Size) -> str:
    return f"""SELECT {npi(npi_body("n"))} AS npi,
            'S' || lpad((1 + {draw("h", 0, 40)})::VARCHAR, 2, '0') AS specialty_code,
            substr('AZCACOFLGAILNCNYOHTX', 1 + 2 * {draw("h", 1, 10)}::INTEGER, 2) AS state
        FROM (SELECT n, {digest(size, "provider", "n")} AS h
              FROM range(1, {size.providers + 1}) AS numbers(n))
        ORDER BY n"""


def plans(size: Size) -> str:
    del size  # every data set has the same plans
    return f"""SELECT 'PLN' || lpad(n::VARCHAR, 2, '0') AS plan_code,
            'Plan ' || lpad(n::VARCHAR, 2, '0') AS plan_name,
            CASE n % 3 WHEN 0 THEN 'MEDICAID' WHEN 1 THEN 'COMMERCIAL' ELSE 'MEDICARE' END
                AS line_of_business
        FROM range(1, {PLANS + 1}) AS numbers(n)
        ORDER BY n"""


def spans(size: Size) -> str:
    """SQL of a covered member's years, each with the day it ends on (null: open ended)."""
    roll = draw("s", 0, WHOLE)
    overlap, gap = OVERLAPPING_SPAN, OVERLAPPING_SPAN + GAP_AFTER_SPAN
    return f"""WITH member AS (
            SELECT n, {digest(size, "eligibility", "n")} AS h
            FROM range(1, {size.members + 1}) AS numbers(n)),
        span AS (
            SELECT n, span, {digest(size, "span", "n", "span")} AS s,
                DATE '2022-07-01' + {draw("h", 1, 300)}::INTEGER + 365 * span::INTEGER AS starts,
                span = {draw("h", 2, MAX_SPANS)} AS is_last
            FROM member, range(0, {MAX_SPANS}) AS t(span)
            WHERE {hit("h", 0, COVERED_MEMBER)} AND span <= {draw("h", 2, MAX_SPANS)})
        SELECT n, span, s, starts,
            CASE WHEN is_last THEN CASE WHEN {roll} < {OPEN_LAST_SPAN} THEN NULL ELSE starts + 365 END
                 WHEN {roll} < {overlap} THEN starts + 395
                 WHEN {roll} < {gap} THEN starts + 345
                 WHEN {roll} < {gap + NEVER_CLOSED_SPAN} THEN NULL
                 ELSE starts + 365 END AS ends
        FROM span"""


def eligibility(size: Size) -> str:
    earlier = f"(span = 0 AND {hit('s', 3, EARLIER_PLAN)})"
    return f"""SELECT {numbered("MBR-", "n")} AS member_id,
            {member_plan(size, "n", earlier, draw("s", 3, PLANS - 1))} AS plan_code,
            strftime(starts, '%Y-%m-%d') AS eligible_from,
            strftime(CASE kind WHEN 0 THEN starts WHEN 1 THEN starts + 90 ELSE ends END, '%Y-%m-%d')
                AS eligible_to
        FROM ({spans(size)}) AS span, range(0, 3) AS kinds(kind)
        WHERE kind = 2 OR (kind = 0 AND {hit("s", 1, RETRACTED_SPAN)})
            OR (kind = 1 AND {hit("s", 2, REPLACED_SPAN)})
        ORDER BY n, span.span, kind"""


TABLES: dict[str, Callable[[Size], str]] = {
    "claim_headers": claim_headers,
    "claim_lines": claim_lines,
    "adjustments": adjustments,
    "members": members,
    "providers": providers,
    "plans": plans,
    "eligibility": eligibility,
}


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def generate(size: Size, out: Path, threads: int | None = None, memory: str = "2GB") -> None:
    """Write every file of the data set into `out`, which is made where it does not exist."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as spill, duckdb.connect() as connection:
        connection.execute(f"SET temp_directory = {quoted(spill)}")
        connection.execute(f"SET memory_limit = {quoted(memory)}")
        if threads:
            connection.execute(f"SET threads = {threads}")
        for table, query in TABLES.items():
            path = quoted(str(out / f"{table}.csv"))
            connection.execute(f"COPY ({query(size)}) TO {path} (FORMAT csv, HEADER)")


def differences(size: Size, folder: Path, threads: int | None = None, memory: str = "2GB") -> list[str]:
    """Names of the files in `folder` that are missing, superfluous or not as generated."""
    with tempfile.TemporaryDirectory() as fresh:
        generate(size, Path(fresh), threads, memory)
        names = {path.name for directory in (Path(fresh), folder) for path in directory.glob("*.csv")}
        _, different, unreadable = filecmp.cmpfiles(fresh, folder, sorted(names), shallow=False)
    return sorted([*different, *unreadable])


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.generate", description="Generate synthetic claims.")
    parser.add_argument("--headers", type=int, default=1_000, help="distinct claims (default 1000)")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--threads", type=int, help="default: every core; never changes the result")
    parser.add_argument("--memory", default="2GB", help="what DuckDB may use before it spills (default 2GB)")
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument("--out", type=Path, metavar="DIR", help="the folder to write")
    target.add_argument("--check", type=Path, metavar="DIR", help="fail if the folder holds anything else")
    parsed = parser.parse_args(arguments)
    if not 1 <= parsed.headers <= MAX_HEADERS:
        parser.error(f"--headers must be 1 to {MAX_HEADERS}")
    return parsed


def main(arguments: Sequence[str] | None = None) -> int:
    parsed = parse_arguments(arguments)
    size = Size(parsed.headers, parsed.seed)
    if parsed.out:
        generate(size, parsed.out, parsed.threads, parsed.memory)
        return 0
    different = differences(size, parsed.check, parsed.threads, parsed.memory)
    for name in different:
        print(f"{parsed.check / name}: not what these arguments generate", file=sys.stderr)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
