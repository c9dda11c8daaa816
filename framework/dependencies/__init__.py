"""What determines what among the columns of a relation: functional dependencies, the keys that follow, and what each
figure is one per."""

from framework.dependencies.adding import ADDING, parts, within
from framework.dependencies.following import take
from framework.dependencies.known import UNKNOWN, Attribute, Attributes, Known, Part, per_shown
from framework.dependencies.outcome import outcome
from framework.dependencies.rows import Rows
from framework.dependencies.selecting import selected
from framework.dependencies.uniting import united

__all__ = [
    "ADDING",
    "UNKNOWN",
    "Attribute",
    "Attributes",
    "Known",
    "Part",
    "Rows",
    "outcome",
    "parts",
    "per_shown",
    "selected",
    "take",
    "united",
    "within",
]
