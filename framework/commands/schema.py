"""Print the JSON Schema of pipeline files, of suites, or of files of tests, for editors and CI."""

import argparse
import sys
from pathlib import Path

from framework.json_schema import pipeline_schema, suite_schema, tests_schema
from framework.printing import as_json


def arguments(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--suite", action="store_true", help="the schema of suites, in place of that of pipelines")
    which.add_argument("--tests", action="store_true", help="the schema of files of unit tests")
    parser.add_argument("--write", type=Path, metavar="PATH", help="write it to a file")
    parser.add_argument("--check", type=Path, metavar="PATH", help="exit 1 if this file is not what would be written")


def run(options: argparse.Namespace) -> int:
    schema = suite_schema() if options.suite else tests_schema() if options.tests else pipeline_schema()
    text = as_json(schema) + "\n"
    command = f"framework schema{' --suite' if options.suite else ' --tests' if options.tests else ''}"
    if options.check is not None:
        if not options.check.is_file() or options.check.read_text(encoding="utf-8") != text:
            print(f"{options.check} is out of date; write it with: {command} --write {options.check}", file=sys.stderr)
            return 1
        print(f"{options.check}: up to date")
        return 0
    if options.write is not None:
        options.write.parent.mkdir(parents=True, exist_ok=True)
        options.write.write_text(text, encoding="utf-8")
        print(options.write)
        return 0
    print(text, end="")
    return 0
