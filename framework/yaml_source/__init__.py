"""YAML text to plain data, with the place of every key and value kept for diagnostics.

The data is dict, list, str, int, Decimal, bool, None and date, by YAML 1.2's core schema plus ISO dates.
"""

from framework.yaml_source.builder import MAX_DEPTH, MAX_EXPANDED
from framework.yaml_source.codes import F001
from framework.yaml_source.composed import Composed, Moved, Piece, Put, Stretch, Used
from framework.yaml_source.places import Document, Text
from framework.yaml_source.reading import MAX_BYTES, NOT_A_VALUE, below, parse, read, scalar

__all__ = [
    "F001",
    "MAX_BYTES",
    "MAX_DEPTH",
    "MAX_EXPANDED",
    "NOT_A_VALUE",
    "Composed",
    "Document",
    "Moved",
    "Piece",
    "Put",
    "Stretch",
    "Text",
    "Used",
    "below",
    "parse",
    "read",
    "scalar",
]
