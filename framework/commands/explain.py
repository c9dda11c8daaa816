"""Explain a code: what it means, what to do, and an example that is wrong and one that is right."""

import argparse

import framework
from framework import plugins
from framework.code_page import as_dict, as_text, code_page
from framework.diagnostics import CODES, Code, Diagnostic, PipelineError, suggest
from framework.printing import SCHEMA_VERSION, as_json

NOT_EXPLAINED = Code("F117", "nothing of that name to explain")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("code", metavar="CODE", help="a code as messages show it: F301")


def run(options: argparse.Namespace) -> int:
    plugins.load_below(framework)  # codes are known once the modules are that report them
    name = options.code.upper()
    if name not in CODES:
        raise PipelineError(Diagnostic(NOT_EXPLAINED, f"no code `{options.code}`", None, suggest(name, CODES)))
    page = code_page(CODES[name])
    if options.output == "json":
        print(as_json({"schema_version": SCHEMA_VERSION, **as_dict(page)}))
    else:
        print(as_text(page))
    return 0
