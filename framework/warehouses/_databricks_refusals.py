"""What the errors of Databricks and Spark mean to a user: by their names, for their texts can hold values of cells."""

import re
from collections.abc import Mapping

from framework.warehouse import Refusal
from framework.warehouses import _conflicts, _overflows
from framework.warehouses._databricks_pieces import DATE, DOUBLE

# Of Spark's conditions, or a class of Java.
_NAME = re.compile(r"\[([A-Z_][A-Z0-9_]+(?:\.[A-Z0-9_]+)*|[A-Z][A-Za-z0-9]*(?:Exception|Error))\]")
_RIGHTS = Refusal("the user lacks a right", "grant it to the user of the target, or use another one", of_target=True)
_CATALOG = Refusal("the catalog does not exist", "check `catalog` of the target", of_target=True)
_MEANINGS = {
    "TABLE_OR_VIEW_NOT_FOUND": Refusal("a table does not exist", "check `table` of the pipeline's sources"),
    "SCHEMA_NOT_FOUND": Refusal("a schema does not exist"),
    "NO_SUCH_CATALOG_EXCEPTION": _CATALOG,
    "CatalogNotFoundException": _CATALOG,
    _conflicts.LOST: Refusal("others changed the same table again and again", "run again when they have ended"),
    "INSUFFICIENT_PERMISSIONS": _RIGHTS,
    "PERMISSION_DENIED": _RIGHTS,
    "UNRESOLVED_ROUTINE": Refusal(
        "a function does not exist, or not for such arguments", "check the calls of `native.` functions in the stage"
    ),
    "ARITHMETIC_OVERFLOW": _overflows.INTEGER,
    "BINARY_ARITHMETIC_OVERFLOW": _overflows.NUMBER,
    "CAST_OVERFLOW": _overflows.NUMBER,
    "NUMERIC_VALUE_OUT_OF_RANGE": _overflows.DECIMAL,
    "DATETIME_OVERFLOW": _overflows.DATE,
    "INTERVAL_ARITHMETIC_OVERFLOW": _overflows.DATE,
    "CANNOT_PARSE_TIMESTAMP": _overflows.DATE,
    "DATETIME_FIELD_OUT_OF_BOUNDS": _overflows.DATE,
    "USER_RAISED_EXCEPTION": Refusal(
        "a text cannot be read as what a strict conversion makes of it", "use the `try_` twin of the conversion"
    ),
}
# What tells more than a name: texts of our own that were raised, and what an overflow was of.
_WORDS = {
    DOUBLE: _overflows.DOUBLE,
    DATE: _overflows.DATE,
    "Overflow in sum of decimals": _overflows.DECIMAL,
    'cannot be cast to "BIGINT"': _overflows.INTEGER,
    'cannot be cast to "INT"': _overflows.ARGUMENT,  # lengths, positions and parts of dates are the only ones
    "SparkDateTimeException": _overflows.DATE,
}
# By the words of what stopped a connection: no statement has been sent by then, so there is no value in them.
_UNCONNECTED = {
    "user": ("403", "401", "unauthorized", "forbidden", "invalid access token", "invalid_client"),
    "host": ("name or service not known", "failed to resolve", "getaddrinfo", "unresolved host"),
    "answer": ("refused", "timed out", "timeout", "max retries", "unreachable", "unavailable"),
}


def shown(text: str) -> str:
    """What of a text tells the error, without a value: words or names that are known here."""
    if _conflicts.lost(text):
        return f"[{_conflicts.LOST}]"
    names = [f"[{name[1]}]" for name in _NAME.finditer(text) if name[1].partition(".")[0] in _MEANINGS]
    return " ".join([*names[:1], *(words for words in _WORDS if words in text)])


def refusal(error: BaseException, warehouse: str) -> Refusal:
    """Of a statement: a name is told of that stands at the beginning, where a value cannot."""
    said = str(error)
    if _conflicts.lost(said):
        return _MEANINGS[_conflicts.LOST]
    if (words := next((words for words in _WORDS if words in said), None)) is not None:
        return _WORDS[words]
    if (name := _NAME.match(said)) is not None:
        found = _MEANINGS.get(name[1]) or _MEANINGS.get(name[1].partition(".")[0])
        return found or Refusal(f"{warehouse} refused a statement ({name[1]})")
    if lost(error):
        return Refusal(
            f"the connection to {warehouse} was lost", "run again; what was not published is not there", of_target=True
        )
    return Refusal(f"{warehouse} refused a statement ({type(error).__name__})")


def lost(error: BaseException) -> bool:
    """Whether the driver of Databricks has given up a request that was not answered."""
    return any(kind.__name__ == "RequestError" for kind in type(error).__mro__)


def unconnected(error: BaseException, warehouse: str, advice: Mapping[str, str]) -> Refusal:
    """Of a connection; `advice` says what to check of the `user`, of the `host`, and where there is no `answer`."""
    said = str(error)
    if _NAME.match(said) is not None and (found := refusal(error, warehouse)).help is not None:
        return found
    messages = {
        "user": f"{warehouse} refused the user",
        "host": f"the host of {warehouse} is unknown",
        "answer": f"{warehouse} does not answer",
    }
    kinds = (kind for kind, words in _UNCONNECTED.items() if any(word in said.lower() for word in words))
    kind = next(kinds, None)
    if kind is None:
        return Refusal(f"{warehouse} cannot be reached ({type(error).__name__})", advice["answer"])
    return Refusal(messages[kind], advice[kind])
