"""A small plan's claims, filled by a seed: dimensions that change, headers with lines, reversals, wide feeds."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

TABLES = {
    "members": "member_id varchar, birth_date date, gender varchar",
    "spans": "member_id varchar, starts date, ends date, plan varchar, city varchar",
    "providers": "provider_id varchar, provider_name varchar, specialty varchar",
    "claims": "claim_id varchar, member_id varchar, provider_id varchar, service_date date, allowed decimal(18,2)",
    "lines": "claim_id varchar, line integer, code varchar, units integer, paid decimal(18,2)",
    "fees": "code varchar, fee decimal(18,2)",
    "diagnoses": "claim_id varchar, place integer, diagnosis varchar, weight decimal(18,4)",
    "versions": "claim_id varchar, version integer, status varchar, received_at timestamp, amount decimal(18,2)",
    "payments": "payment_id integer, claim_id varchar, paid_on date, amount decimal(18,2), reverses integer",
    "wide": "line_id integer, claim_id varchar, member_id varchar, claim_allowed decimal(18,2), member_city varchar, "
    "claim_day date, line_paid decimal(18,2)",
    "budgets": "plan varchar, month date, planned decimal(18,2)",
}

Row = tuple[object, ...]
_MEMBERS, _CLAIMS, _FIRST = 30, 160, date(2023, 1, 1)
_PLANS, _CITIES, _CODES = ("BASIC", "PLUS", "FULL"), ("Ald", "Brum", "Cey"), tuple(f"P{n:02}" for n in range(8))


def rows(seed: int = 1) -> dict[str, list[Row]]:
    """The rows of each table. Some claims have no line, no known member or no known provider; some days fall into
    the gap between two spans."""
    random = Random(seed)
    made: dict[str, list[Row]] = {name: [] for name in TABLES}
    members = [f"M{n:03}" for n in range(1, _MEMBERS + 1)]
    for member in members:
        made["members"].append((member, _day(random, -20_000, -7_000), random.choice("FM")))
        made["spans"] += _spans(random, member)
    providers = [f"D{n:02}" for n in range(1, 9)]
    made["providers"] += [(p, f"Practice {p}", random.choice(("EYES", "TEETH"))) for p in providers]
    made["fees"] += [(code, _money(random, 5, 40)) for code in _CODES[:-1]]
    for number in range(1, _CLAIMS + 1):
        member = random.choice([*members, "M999"])
        provider = random.choice([*providers, "D99", None])
        _claim(random, f"C{number:04}", member, provider, made)
    cities = {member: random.choice(_CITIES) for member in [*members, "M999"]}
    _wide(made, cities)
    for plan in _PLANS:
        for month in random.sample(range(1, 13), 9):
            made["budgets"].append((plan, date(2023, month, 1), _money(random, 100, 900)))
    return made


def _claim(random: Random, claim: str, member: str, provider: str | None, made: dict[str, list[Row]]) -> None:
    day = _day(random, 0, 365)
    made["claims"].append((claim, member, provider, day, _money(random, 20, 300)))
    for line in range(1, random.randint(0, 5) + 1):
        paid = _money(random, 1, 80) if random.random() < 0.95 else None
        made["lines"].append((claim, line, random.choice(_CODES), random.randint(1, 4), paid))
    places = random.randint(0, 3)
    for place in range(1, places + 1):
        made["diagnoses"].append((claim, place, f"X{random.randrange(6)}", f"{(0.5, 0.25, 0.25)[place - 1]:.4f}"))
    for version in range(1, random.randint(1, 3) + 1):
        status = random.choice(("new", "changed", "void"))
        at = f"{day + timedelta(version)} 0{random.randrange(10)}:00:00"
        made["versions"].append((claim, version, status, at, _money(random, 20, 300)))
    for _ in range(random.randint(0, 2)):
        payment, amount = len(made["payments"]) + 1, _money(random, 10, 90)
        made["payments"].append((payment, claim, day + timedelta(10), amount, None))
        if random.random() < 0.3:
            made["payments"].append((payment + 1, claim, day + timedelta(20), f"-{amount}", payment))


def _spans(random: Random, member: str) -> Iterator[Row]:
    """Periods one after another, some with a gap; the last is open or not."""
    start = _day(random, -100, 60)
    count = random.randint(1, 4)
    for number in range(count):
        end = start + timedelta(random.randint(20, 150))
        opened = number == count - 1 and random.random() < 0.6
        yield member, start, None if opened else end, random.choice(_PLANS), random.choice(_CITIES)
        start = end + timedelta(random.choice((0, 0, 15)))


def _wide(made: dict[str, list[Row]], cities: dict[str, str]) -> None:
    """Lines with what their claim and their member say beside each."""
    claims = {claim: (member, day, allowed) for claim, member, _, day, allowed in made["claims"]}
    for number, (claim, _, _, _, paid) in enumerate(made["lines"], 1):
        member, day, allowed = claims[claim]
        made["wide"].append((number, claim, member, allowed, cities[str(member)], day, paid))


def _day(random: Random, least: int, most: int) -> date:
    return _FIRST + timedelta(random.randrange(least, most))


def _money(random: Random, least: float, most: float) -> str:
    return f"{random.uniform(least, most):.2f}"
