"""A document held against a model: what does not fit becomes diagnostics with their places."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from pydantic import ValidationError

from framework.diagnostics import Code, nearest, suggest
from framework.expressions.typed import type_help
from framework.findings import Findings, Place
from framework.model import Check, Model, Stage
from framework.yaml_source import Text

UNKNOWN_KEY = Code("F101", "unknown key")
MISSING_KEY = Code("F102", "missing key")
WRONG_VALUE = Code("F103", "wrong value")
UNKNOWN_KIND = Code("F104", "unknown kind of stage")
UNKNOWN_CHECK = Code("F105", "unknown check")
UNKNOWN_TYPE = Code("F106", "unknown type")
NO_COLUMN_CHECK = Code("F406", "a check below a column that is no check of one")

Shaped = TypeVar("Shaped", bound=Model)


def shaped(text: Text, model: type[Shaped]) -> Shaped:
    """The text as an instance of the model. Raises PipelineError with everything that does not fit."""
    findings = Findings(text)
    found = fitted(findings, model)
    findings.stop()
    assert found is not None
    return found


def fitted(
    findings: Findings,
    model: type[Shaped],
    place: Place = (),
    let_pass: Callable[[Mapping[str, Any]], bool] = lambda line: False,
) -> Shaped | None:
    """What stands at a place as an instance of the model; None, with findings, where it does not fit.

    Pydantic's errors for which `let_pass` is true are no findings.
    """
    whole = findings.document.data
    data = _below(whole, place)
    if not place:
        # Top-level keys that begin with x- are a place for anchors.
        whole = data = {key: value for key, value in data.items() if not key.startswith("x-")}
    try:
        return model.model_validate(data)
    except ValidationError as error:
        lines = [{**line, "loc": (*place, *line["loc"])} for line in error.errors(include_url=False)]
        for line in _mistakes(whole, [line for line in lines if not let_pass(line)]):
            _report(findings, whole, line)
        return None


def _mistakes(data: Any, lines: Sequence[Any]) -> Iterator[Mapping[str, Any]]:
    """One line for one mistake: a misspelt key is not missing as well, and a reserved name is told of once."""
    told: set[Any] = set()
    for line in lines:
        if line["type"] == "unknown_key":
            place, key = _place(data, line["loc"])
            told.add((*place[:-1], nearest(key, line["ctx"]["known"])))
    for line in lines:
        place, _ = _place(data, line["loc"])
        same = line["input"] if line["type"] == "reserved_name" else place
        if line["type"] in ("missing", "reserved_name"):
            if same in told:
                continue
            told.add(same)
        yield line


def _report(findings: Findings, data: Any, line: Mapping[str, Any]) -> None:
    place, last = _place(data, line["loc"])
    kind, context = line["type"], line.get("ctx") or {}
    # The models' own messages carry their help behind a semicolon.
    message, _, advice = line["msg"].partition("; ")
    known: Sequence[str] = context.get("known", ())
    value = _below(data, place)
    if kind == "unknown_key":
        findings.key_error(UNKNOWN_KEY, place, *_unknown_key(data, place, last, known))
    elif kind == "missing":
        help = _missing_help(data, place)
        findings.key_error(MISSING_KEY, place[:-1], f"`{last}` is missing{_of(place[:-1])}", help)
    elif kind == "unknown_kind":
        _report_kind(findings, place, value, message, known)
    elif kind == "unknown_check":
        _report_check(findings, place, value, message, known)
    elif kind == "no_column_check":
        at = (*place, context["check"]) if isinstance(value, Mapping) else place
        report = findings.key_error if isinstance(value, Mapping) else findings.error
        report(NO_COLUMN_CHECK, at, message, f"write it under `checks` of the {str(place[0])[:-1]}")
    elif kind == "unknown_type":
        findings.error(UNKNOWN_TYPE, place, message, type_help(_quoted(message)))
    elif kind == "reserved_name":
        report = findings.error if value == line["input"] else findings.key_error
        report(WRONG_VALUE, place, message, "name it without the underscore")
    elif kind == "not_beside":
        findings.key_error(WRONG_VALUE, place, message, advice)
    elif kind == "no_format":
        findings.error(WRONG_VALUE, (*place, "path"), message, advice)
    elif isinstance(value, Mapping) and kind not in _EXPECTED:
        findings.key_error(WRONG_VALUE, place, message, advice or None)  # what is wrong is not in one key
    else:
        findings.error(WRONG_VALUE, place, *_wrong_value(kind, place, value, message, context, advice))


# -- keys

# What the project says of all its pipelines, and none of them by itself.
_OF_THE_PROJECT = frozenset(["hooks", "notify"])


def _unknown_key(data: Any, place: Place, key: str, known: Sequence[str]) -> tuple[str, str]:
    if key.count(")") > key.count("("):
        help = "a comma inside {} ends the value: an expression or a type with a comma must be quoted"
        return f"unknown key `{key}`", help
    kinds = [name for name, stage in sorted(Stage.registry.items()) if key in (*stage.keys(),)]
    if len(place) == 3 and place[0] == "stages" and kinds:
        kind = data["stages"][place[1]]["kind"]
        return f"a stage of kind `{kind}` has no `{key}`", f"stages of kind {_listed(kinds)} can have it"
    if key in _OF_THE_PROJECT:
        return f"`{key}` is a key of framework.yaml, for all pipelines of the project", "write it there"
    return f"unknown key `{key}`", suggest(key, known)


def _missing_help(data: Any, place: Place) -> str:
    """The key to write, and what it says where the stage's model tells."""
    key, here = str(place[-1]), _below(data, place[:-1])
    near = nearest(key, here) if isinstance(here, Mapping) else None
    if near is not None:
        return f"`{near}` stands there: did you mean `{key}`?"
    stage = Stage.registry.get(str(here.get("kind"))) if len(place) == 3 and place[0] == "stages" else None
    fields = {} if stage is None else {f.alias or name: f.description for name, f in stage.model_fields.items()}
    said = fields.get(key)
    return f"write `{key}: ...`" + (f": {said[:1].lower()}{said[1:].rstrip('.')}" if said else "")


def _of(place: Sequence[str | int]) -> str:
    return f" in `{place[-1]}`" if place and isinstance(place[-1], str) else ""


def _report_kind(findings: Findings, place: Place, value: Any, message: str, known: Sequence[str]) -> None:
    if not isinstance(value, Mapping):
        findings.key_error(UNKNOWN_KIND, place, "a stage is a mapping with a `kind`", f"kinds: {', '.join(known)}")
    elif "kind" not in value and (near := nearest("kind", value)) is not None:
        findings.key_error(UNKNOWN_KEY, (*place, near), f"unknown key `{near}`", "did you mean `kind`?")
    elif "kind" not in value:
        findings.key_error(UNKNOWN_KIND, place, message, f"kinds: {', '.join(known)}")
    else:
        findings.error(UNKNOWN_KIND, (*place, "kind"), message, suggest(_quoted(message), known))


def _report_check(findings: Findings, place: Place, value: Any, message: str, known: Sequence[str]) -> None:
    shared = Check.keys()
    name = next((key for key in value if key not in shared), None) if isinstance(value, Mapping) else value
    if name is None:
        message = "this item names no check"
    help = suggest(str(name or ""), [check for check in known if not check.startswith("expect_")])
    if isinstance(name, str) and name in REFUSED:
        message, help = f"`{name}` is refused: {REFUSED[name][0]}", f"write {REFUSED[name][1]}"
    elif isinstance(name, str) and name.startswith("expect_"):
        message = f"Great Expectations has no `{name}`"
        help = suggest(name, [check for check in known if check.startswith("expect_")])
    if isinstance(value, Mapping):
        findings.key_error(UNKNOWN_CHECK, place if name is None else (*place, name), message, help)
    else:
        findings.error(UNKNOWN_CHECK, place, message, f"write `{name}: ...`" if name in known else help)


# What Great Expectations has and a check cannot be: why, and what says the same.
_NO_ORDER = "the rows of a table have no order"
_BY_AN_ORDER = "sequential: {column: ..., interval: 1, by: [...]}, or expression: over a column made with lag(...) over"
REFUSED = {
    "expect_column_values_to_be_increasing": (
        _NO_ORDER,
        _BY_AN_ORDER,
    ),
    "expect_column_values_to_be_decreasing": (
        _NO_ORDER,
        _BY_AN_ORDER,
    ),
    "expect_query_results_to_match_comparison": (
        "a query of its own is no check of a relation",
        "reconcile: {measure: sum(...), with: ..., by: [...]}, and a stage of kind sql for what no stage has",
    ),
    "unexpected_rows_expectation": (
        "a query of its own is no check of a relation",
        "expression: condition, or group: {by: [...], having: condition}",
    ),
}


# -- values

_EXPECTED = {
    "string_type": "text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "tuple_type": "a list",
    "mapping_type": "a mapping",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "string_too_short": "a name",
    "union_tag_invalid": "a word or a mapping",
}


def _wrong_value(
    kind: str, place: Place, value: Any, message: str, context: Mapping[str, Any], advice: str
) -> tuple[str, str | None]:
    """pydantic's message in the words of the file, and what to write."""
    if kind == "literal_error":
        options = str(context["expected"]).replace("'", "`")
        near = _meant(value, options.split("`")[1::2]) if isinstance(value, str) else None
        return f"expected {options}", f"did you mean `{near}`?" if near else _defaults_help(place)
    if kind == "greater_than_equal":
        return f"a number of at least {context['ge']} is expected", None
    if kind == "too_short":
        return "at least one is needed", "write [a, b]" if isinstance(value, list | tuple) else None
    expected = _EXPECTED.get(kind)
    if expected is None:
        return message, advice or None
    if expected == "a mapping" and len(place) > 1 and place[-2] == "columns":
        what = (
            "a type, or a mapping with `type`" if place[0] == "sources" else "an expression, or a mapping with `expr`"
        )
        return f"a column is {what}", None
    if expected == "a list" and place[-1] in ("on", "take", "by"):
        expected = "a name, a list or a mapping"
    nothing = ", and there is no value" if value in (None, "") else ""
    return f"{expected} is expected{nothing}", _form(expected, place, value)


def _meant(word: str, options: Sequence[str]) -> str | None:
    """The option probably meant: by another tool's name for it, or by its likeness."""
    named = _ELSEWHERE.get(word.lower())
    return named if named in options else nearest(word, options)


_ELSEWHERE = {
    "outer": "full",
    "merge": "upsert",
    "incremental": "upsert",
    "overwrite": "replace",
    "insert": "append",
    "scd2": "history",
    "snapshot": "history",
    "delete": "remove",
    "table": "replace",
    "error": "stop",
    "fail": "stop",
    "json": "jsonl",
}


def _form(expected: str, place: Place, value: Any) -> str | None:
    """How the expected form is written, seen from what stands there."""
    last = place[-1] if place else ""
    if expected == "true or false" and isinstance(value, str):
        return "write true or false; in YAML 1.2 every other word is text"
    if expected == "text" and isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
        return f"write `{last}: {value[0]}`" if isinstance(last, str) else f"write {value[0]}"
    if expected == "text" and isinstance(value, bool | int | Decimal | date):
        return "quote it"
    if expected == "a list" and last == "checks":
        return "begin each check with a dash: `- not_null: [...]`"
    if expected == "a list":
        return "write [a, b], or each item on a line of its own behind a dash"
    if expected == "a mapping" and last == "columns" and place[0] == "stages":
        return "write `name: expression` lines, or `name:` alone to pass a column through"
    if expected == "a mapping" and isinstance(value, list):
        return "write `name: ...` lines in place of the dashes"
    return _defaults_help(place)


def _defaults_help(place: Place) -> str | None:
    return "default values are written missing: {column: value}" if place and place[-1] == "missing" else None


# -- places


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else "".join(names)


def _quoted(message: str) -> str:
    return message.split("`")[1] if message.count("`") > 1 else ""


def _place(data: Any, loc: Sequence[str | int]) -> tuple[Place, str]:
    """The path in the document: pydantic's own steps (the tags of unions) are left out."""
    place: list[str | int] = []
    here: Any = data
    for index, part in enumerate(loc):
        if _has(here, part):
            here = here[part]
        elif index < len(loc) - 1 or part in ("list", "mapping", "word", "[key]"):
            continue
        place.append(part)
    return tuple(place), str(loc[-1]) if loc else ""


def _has(data: Any, part: str | int) -> bool:
    if isinstance(data, Mapping):
        return part in data
    return isinstance(data, list | tuple) and isinstance(part, int) and part < len(data)


def _below(data: Any, place: Place) -> Any:
    """What stands at a place; None where nothing does."""
    for part in place:
        if not _has(data, part):
            return None
        data = data[part]
    return data
