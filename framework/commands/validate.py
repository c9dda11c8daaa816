"""Load, resolve and prove pipelines, suites and unit tests, and framework.yaml above: no warehouse, no secrets."""

import argparse
from pathlib import Path

from framework import plugins, reports
from framework.printing import print_diagnostics
from framework.validation import validate

OUTPUTS = plugins.names(reports)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths", nargs="+", type=Path, metavar="PATH", help="a pipeline, a suite, a file of tests, or a folder of them"
    )


def run(options: argparse.Namespace) -> int:
    found = validate(options.paths)
    print_diagnostics(found.diagnostics, options, found.passed)
    return 0 if found.holds else 2
