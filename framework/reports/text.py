"""For a person at a terminal: each finding with its line and a way out, and how many there are."""

from framework.diagnostics import render
from framework.reports import Report, Said


def said(report: Report) -> Said:
    found = "".join(f"{render(diagnostic, report.coloured)}\n\n" for diagnostic in report.diagnostics)
    errors = sum(d.severity == "error" for d in report.diagnostics)
    count = f"{errors} {'error' if errors == 1 else 'errors'}\n" if errors else ""
    return Said("" if report.passed is None else "\n".join(report.passed) + "\n", found + count)
