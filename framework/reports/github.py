"""For a workflow of GitHub: a command for each finding, which becomes a note beside the line.

The form and its escapes are those of https://docs.github.com/actions/reference/workflow-commands-for-github-actions.
"""

from framework.diagnostics import Diagnostic, visible
from framework.reports import Report, Said
from framework.reports._places import from_root

_IN_MESSAGES = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_PROPERTIES = {**_IN_MESSAGES, **str.maketrans({":": "%3A", ",": "%2C"})}


def said(report: Report) -> Said:
    lines = [*(_command(diagnostic) for diagnostic in report.diagnostics), *(report.passed or ())]
    return Said("".join(f"{line}\n" for line in lines))


def _command(diagnostic: Diagnostic) -> str:
    place = diagnostic.location
    properties: dict[str, object] = {}
    if place is not None:
        end = place.column + place.length
        properties = {"file": from_root(place.path), "line": place.line, "col": place.column, "endColumn": end}
    properties["title"] = diagnostic.code.id
    written = ",".join(f"{key}={str(value).translate(_IN_PROPERTIES)}" for key, value in properties.items())
    text = visible(diagnostic.message) + (f"\nhelp: {diagnostic.help}" if diagnostic.help else "")
    return f"::{diagnostic.severity} {written}::{text.translate(_IN_MESSAGES)}"
