"""A document held against a model: what does not fit becomes diagnostics with their places."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from framework.diagnostics import Code, suggest
from framework.findings import Findings, Place
from framework.model import Model
from framework.yaml_source import Document

UNKNOWN_KEY = Code("F101", "unknown key")
MISSING_KEY = Code("F102", "missing key")
WRONG_VALUE = Code("F103", "wrong value")
UNKNOWN_KIND = Code("F104", "unknown kind of stage")
UNKNOWN_CHECK = Code("F105", "unknown check")
UNKNOWN_TYPE = Code("F106", "unknown type")

Shaped = TypeVar("Shaped", bound=Model)


def shaped(document: Document, model: type[Shaped]) -> Shaped:
    """The document as an instance of the model. Raises PipelineError with everything that does not fit."""
    findings = Findings(document)
    # Top-level keys that begin with x- are a place for anchors.
    data = {key: value for key, value in document.data.items() if not key.startswith("x-")}
    try:
        return model.model_validate(data)
    except ValidationError as error:
        for line in error.errors(include_url=False, include_input=False):
            _report(findings, data, line)
        findings.stop()
        raise


def _report(findings: Findings, data: Any, line: Mapping[str, Any]) -> None:
    place, last = _place(data, line["loc"])
    kind, context = line["type"], line.get("ctx") or {}
    known: Sequence[str] = context.get("known", ())
    if kind == "unknown_key":
        findings.key_error(UNKNOWN_KEY, place, f"unknown key `{last}`", _unknown_key_help(last, known))
    elif kind == "missing":
        findings.key_error(MISSING_KEY, place[:-1], f"`{last}` is missing{_of(place[:-1])}")
    elif kind == "unknown_kind":
        at = (*place, "kind") if "unknown" in line["msg"] else place
        findings.error(UNKNOWN_KIND, at, line["msg"], suggest(_quoted(line["msg"]), known))
    elif kind == "unknown_check":
        findings.key_error(UNKNOWN_CHECK, _first_key(data, place), line["msg"], suggest(_quoted(line["msg"]), known))
    elif kind == "unknown_type":
        help = suggest(_quoted(line["msg"]), known)
        if "(" in line["msg"] and ")" not in line["msg"]:
            help = 'a comma inside {} ends the value: quote it, type: "decimal(18,2)"'
        findings.error(UNKNOWN_TYPE, place, line["msg"], help)
    else:
        findings.error(WRONG_VALUE, place, _sentence(kind, line["msg"], context))


def _unknown_key_help(key: str, known: Sequence[str]) -> str:
    if key.count(")") > key.count("("):
        return "a comma inside {} ends the value: an expression or a type with a comma must be quoted"
    return suggest(key, known)


def _of(place: Sequence[str | int]) -> str:
    return f" in `{place[-1]}`" if place and isinstance(place[-1], str) else ""


def _quoted(message: str) -> str:
    return message.split("`")[1] if message.count("`") > 1 else ""


def _place(data: Any, loc: Sequence[str | int]) -> tuple[tuple[str | int, ...], str]:
    """The path in the document: pydantic's own steps (the tags of unions) are left out."""
    place: list[str | int] = []
    here: Any = data
    for index, part in enumerate(loc):
        if _has(here, part):
            here = here[part]
        elif index < len(loc) - 1 or part in ("list", "mapping", "word"):
            continue
        place.append(part)
    return tuple(place), str(loc[-1]) if loc else ""


def _has(data: Any, part: str | int) -> bool:
    if isinstance(data, Mapping):
        return part in data
    return isinstance(data, list | tuple) and isinstance(part, int) and part < len(data)


def _first_key(data: Any, place: Place) -> Place:
    """The place of the name that no check has: the first key of the item that is not shared by all."""
    here = _below(data, place)
    shared = ("name", "description", "on_fail", "where")
    first = next((key for key in here if key not in shared), None) if isinstance(here, Mapping) else None
    return place if first is None else (*place, first)


def _below(data: Any, place: Place) -> Any:
    for part in place:
        data = data[part]
    return data


def _sentence(kind: str, message: str, context: Mapping[str, Any]) -> str:
    """pydantic's message in the words of the file."""
    words = {
        "string_type": "text is expected",
        "bool_type": "true or false is expected",
        "int_type": "a whole number is expected",
        "tuple_type": "a list is expected",
        "mapping_type": "a mapping is expected",
        "dict_type": "a mapping is expected",
        "model_type": "a mapping is expected",
        "model_attributes_type": "a mapping is expected",
        "string_too_short": "a name is expected, and this is empty",
        "too_short": "at least one is needed",
    }
    if kind == "literal_error":
        return f"expected {context['expected']}".replace("'", "`")
    return words.get(kind, message)
