"""For programs: the findings as flat JSON."""

import json

from framework.reports import SCHEMA_VERSION, Report, Said


def said(report: Report) -> Said:
    found = [diagnostic.as_dict() for diagnostic in report.diagnostics]
    return Said(json.dumps({"schema_version": SCHEMA_VERSION, "diagnostics": found}, indent=2) + "\n")
