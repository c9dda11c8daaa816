"""What determines what among the columns of a relation: functional dependencies, the keys that follow, and what each
figure is one per."""

from framework.dependencies.adding import ADDING, parts
from framework.dependencies.following import before, follow
from framework.dependencies.known import UNKNOWN, Attribute, Known, Part, per_shown
from framework.dependencies.outcome import outcome

__all__ = ["ADDING", "UNKNOWN", "Attribute", "Known", "Part", "before", "follow", "outcome", "parts", "per_shown"]
