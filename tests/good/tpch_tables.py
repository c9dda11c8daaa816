"""The eight tables of the TPC-H schema, filled by a seed: the names are the specification's, the values our own.

The values lean to what the queries ask for, so that a few thousand rows are enough for each to find some.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

_SUPPLIERS, _PARTS, _CUSTOMERS, _ORDERS = 40, 160, 150, 1_500
_FIRST_DAY, _DAYS, _TODAY = date(1992, 1, 1), 2_400, date(1995, 6, 17)

REGIONS = ("NORTH", "EAST", "SOUTH", "WEST", "MIDDLE")
SEGMENTS = ("FARMS", "MILLS", "SHOPS", "YARDS")
PRIORITIES = ("1-NOW", "2-SOON", "3-USUAL", "4-LATER", "5-NONE")
MODES = ("TRUCK", "BARGE", "PLANE", "PLANE POST", "CART")
INSTRUCTIONS = ("BY HAND", "LEAVE AT DOOR", "NONE")
CONTAINERS = tuple(f"{size} {form}" for size in ("SMALL", "MID", "LARGE") for form in ("BOX", "BAG", "CRATE"))
WORDS = ("amber", "birch", "cobalt", "fir", "ochre", "slate", "umber", "willow")
TYPES = tuple(
    f"{use} {finish} {matter}"
    for use in ("PROMO", "PLAIN")
    for finish in ("GLOSSY", "RAW")
    for matter in ("OAK", "TIN", "CLAY")
)

TABLES = {
    "region": "r_regionkey integer, r_name varchar, r_comment varchar",
    "nation": "n_nationkey integer, n_name varchar, n_regionkey integer, n_comment varchar",
    "supplier": "s_suppkey integer, s_name varchar, s_address varchar, s_nationkey integer, s_phone varchar, "
    "s_acctbal decimal(18,2), s_comment varchar",
    "part": "p_partkey integer, p_name varchar, p_mfgr varchar, p_brand varchar, p_type varchar, p_size integer, "
    "p_container varchar, p_retailprice decimal(18,2), p_comment varchar",
    "partsupp": "ps_partkey integer, ps_suppkey integer, ps_availqty integer, ps_supplycost decimal(18,2), "
    "ps_comment varchar",
    "customer": "c_custkey integer, c_name varchar, c_address varchar, c_nationkey integer, c_phone varchar, "
    "c_acctbal decimal(18,2), c_mktsegment varchar, c_comment varchar",
    "orders": "o_orderkey integer, o_custkey integer, o_orderstatus varchar, o_totalprice decimal(18,2), "
    "o_orderdate date, o_orderpriority varchar, o_clerk varchar, o_shippriority integer, o_comment varchar",
    "lineitem": "l_orderkey integer, l_partkey integer, l_suppkey integer, l_linenumber integer, "
    "l_quantity decimal(18,2), l_extendedprice decimal(18,2), l_discount decimal(18,2), l_tax decimal(18,2), "
    "l_returnflag varchar, l_linestatus varchar, l_shipdate date, l_commitdate date, l_receiptdate date, "
    "l_shipinstruct varchar, l_shipmode varchar, l_comment varchar",
}

Row = tuple[object, ...]


def rows(seed: int = 1) -> dict[str, list[Row]]:
    """The rows of each table; those of lineitem are made with their orders."""
    made = _Rows(Random(seed))
    return {name: list(getattr(made, name)()) for name in TABLES}


class _Rows:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.prices = [round(random.uniform(5, 90), 2) for _ in range(_PARTS)]
        self.sellers = [random.sample(range(1, _SUPPLIERS + 1), 4) for _ in range(_PARTS)]
        self.lines: list[Row] = []

    def _money(self, least: float, most: float) -> str:
        return f"{self.random.uniform(least, most):.2f}"

    def _said(self, *rare: str) -> str:
        """A comment of some words, now and then with something to be found in it."""
        words = self.random.choices(WORDS, k=3)
        if self.random.random() < 0.15:
            words[1:1] = rare
        return " ".join(words)

    def _phone(self, nation: int) -> str:
        return f"{nation + 10}-{self.random.randrange(1000):03}-{self.random.randrange(10_000):04}"

    def region(self) -> Iterator[Row]:
        for key, name in enumerate(REGIONS):
            yield key, name, self._said()

    def nation(self) -> Iterator[Row]:
        for key in range(25):
            yield key, f"LAND {key:02}", key % len(REGIONS), self._said()

    def supplier(self) -> Iterator[Row]:
        for key in range(1, _SUPPLIERS + 1):
            nation = key % 10
            balance, comment = self._money(-900, 9_000), self._said("late", "grievance")
            yield key, f"Supplier {key:04}", f"{key} Quay", nation, self._phone(nation), balance, comment

    def part(self) -> Iterator[Row]:
        for key in range(1, _PARTS + 1):
            name = " ".join(self.random.sample(WORDS, 3))
            maker, brand = self.random.randint(1, 3), self.random.randint(1, 3)
            kind, container = self.random.choice(TYPES), self.random.choice(CONTAINERS)
            size = self.random.randint(1, 12)
            price = f"{self.prices[key - 1]:.2f}"
            yield key, name, f"Maker {maker}", f"Brand {maker}{brand}", kind, size, container, price, self._said()

    def partsupp(self) -> Iterator[Row]:
        for key, sellers in enumerate(self.sellers, 1):
            for seller in sellers:
                # Few different prices, so that two suppliers of a part can both be the cheapest.
                cost = f"{self.random.randint(2, 12)}.50"
                yield key, seller, self.random.randint(1, 400), cost, self._said()

    def customer(self) -> Iterator[Row]:
        for key in range(1, _CUSTOMERS + 1):
            nation = key % 10 if key % 2 else self.random.randrange(25)
            segment, balance = self.random.choice(SEGMENTS), self._money(-900, 9_000)
            yield (
                *(key, f"Customer {key:05}", f"{key} Lane", nation),
                *(self._phone(nation), balance, segment, self._said()),
            )

    def orders(self) -> Iterator[Row]:
        for number in range(1, _ORDERS + 1):
            key = number * 4 - self.random.randrange(3)
            customer = self.random.choice([k for k in range(1, _CUSTOMERS + 1) if k % 3])  # a third never orders
            day = _FIRST_DAY + timedelta(self.random.randrange(_DAYS))
            made = [self._line(key, line, day) for line in range(1, self.random.randint(1, 7) + 1)]
            self.lines += made
            states = {line[9] for line in made}
            state = str(states.pop()) if len(states) == 1 else "P"
            total = f"{sum(float(str(line[5])) for line in made):.2f}"
            yield (
                *(key, customer, state, total, day, self.random.choice(PRIORITIES)),
                *(f"Clerk {key % 9}", 0, self._said("special", "asks")),
            )

    def lineitem(self) -> Iterator[Row]:
        yield from self.lines

    def _line(self, order: int, number: int, day: date) -> Row:
        part = self.random.randint(1, _PARTS)
        quantity = self.random.randint(1, 50)
        shipped = day + timedelta(self.random.randint(1, 120))
        committed = day + timedelta(self.random.randint(30, 90))
        received = shipped + timedelta(self.random.randint(1, 30))
        returned = self.random.choice("RA") if received <= _TODAY else "N"
        price = f"{quantity * self.prices[part - 1]:.2f}"
        return (
            *(order, part, self.random.choice(self.sellers[part - 1]), number, quantity, price),
            *(f"0.{self.random.randrange(11):02}", f"0.{self.random.randrange(9):02}"),
            *(returned, "O" if shipped > _TODAY else "F", shipped, committed, received),
            *(self.random.choice(INSTRUCTIONS), self.random.choice(MODES), self._said()),
        )
