"""Whether a range of versions, as Terraform writes it, admits a version."""

import operator
import re
from collections.abc import Callable

_Version = tuple[int, ...]
_OPERATORS: dict[str, Callable[[_Version, _Version], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "!=": operator.ne,
    "=": operator.eq,
    "": operator.eq,
}


def admits(constraint: str, version: str) -> bool:
    return all(_admits(part.strip(), _numbers(version)) for part in constraint.split(","))


def _admits(part: str, version: _Version) -> bool:
    match = re.fullmatch(r"(~>|>=|<=|!=|>|<|=|)\s*([0-9.]+)", part)
    if match is None:
        return False
    bound = _numbers(match[2])
    if match[1] == "~>":
        return version >= bound and version[: len(bound) - 1] == bound[:-1]
    return _OPERATORS[match[1]](version, bound)


def _numbers(text: str) -> _Version:
    return tuple(int(number) for number in text.split("."))
