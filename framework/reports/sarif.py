"""For code scanning: SARIF 2.1.0, each finding as a result, with its code as the rule.

The form is that of https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html.
"""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import framework
from framework.diagnostics import Code, Diagnostic, Location
from framework.explanation import explanation, plain
from framework.reports import Report, Said
from framework.reports._places import from_root

VERSION = "2.1.0"
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def said(report: Report) -> Said:
    codes = sorted({d.code for d in report.diagnostics}, key=lambda code: code.id)
    driver = {"name": "framework", "version": framework.__version__, "rules": [_rule(code) for code in codes]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(diagnostic, codes) for diagnostic in report.diagnostics],
    }
    return Said(json.dumps({"$schema": SCHEMA, "version": VERSION, "runs": [run]}, indent=2) + "\n")


def _rule(code: Code) -> dict[str, Any]:
    meaning = {"text": plain(explanation(code.id).meaning)}
    return {"id": code.id, "shortDescription": {"text": code.title}, "fullDescription": meaning, "help": meaning}


def _result(diagnostic: Diagnostic, codes: list[Code]) -> dict[str, Any]:
    text = diagnostic.message + (f"\nhelp: {diagnostic.help}" if diagnostic.help else "")
    result: dict[str, Any] = {
        "ruleId": diagnostic.code.id,
        "ruleIndex": codes.index(diagnostic.code),
        "level": diagnostic.severity,
        "message": {"text": text},
    }
    if diagnostic.location is not None:
        result["locations"] = [{"physicalLocation": _physical(diagnostic.location)}]
    return result


def _physical(place: Location) -> dict[str, Any]:
    path = from_root(place.path)
    inside = not Path(path).is_absolute()
    artifact = {"uri": quote(path), "uriBaseId": "%SRCROOT%"} if inside else {"uri": Path(path).as_uri()}
    region = {"startLine": place.line, "startColumn": place.column, "endColumn": place.column + place.length}
    return {"artifactLocation": artifact, "region": region}
