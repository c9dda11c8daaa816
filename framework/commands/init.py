"""Make a project that runs at once, with completion set up for VS Code."""

import argparse
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from framework.diagnostics import Code, Diagnostic, PipelineError
from framework.json_schema import pipeline_schema, suite_schema, tests_schema
from framework.printing import as_json

TAKEN = Code("F109", "a file that would be overwritten")

_IGNORED = ".framework/\ntarget/\n"
_SETTINGS = {
    "yaml.schemas": {
        ".vscode/pipeline.schema.json": ["pipelines/*.yaml"],
        ".vscode/suite.schema.json": ["checks/*.yaml"],
        ".vscode/tests.schema.json": ["tests/*.yaml"],
    }
}
_EXTENSIONS = {"recommendations": ["redhat.vscode-yaml"]}


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", nargs="?", type=Path, default=Path(), metavar="DIR", help="the project's folder")


def run(options: argparse.Namespace) -> int:
    contents = {
        **{name: text.read_text(encoding="utf-8") for name, text in _starter(files("framework") / "starter")},
        ".gitignore": _IGNORED,
        ".vscode/pipeline.schema.json": as_json(pipeline_schema()) + "\n",
        ".vscode/suite.schema.json": as_json(suite_schema()) + "\n",
        ".vscode/tests.schema.json": as_json(tests_schema()) + "\n",
        ".vscode/settings.json": as_json(_SETTINGS) + "\n",
        ".vscode/extensions.json": as_json(_EXTENSIONS) + "\n",
    }
    taken = [name for name in contents if (options.folder / name).exists()]
    if taken:
        help = "choose another folder: framework init DIR"
        raise PipelineError(Diagnostic(TAKEN, f"{options.folder / taken[0]} is there already", None, help))
    for name, text in contents.items():
        path = options.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    where = "" if options.folder == Path() else f"cd {options.folder} && "
    if options.output == "json":
        print(as_json({"schema_version": 1, "files": sorted(str(options.folder / name) for name in contents)}))
    else:
        print("\n".join(str(options.folder / name) for name in sorted(contents)))
        print(f"\nnow: {where}framework run pipelines/orders.yaml")
    return 0


def _starter(folder: Traversable, prefix: str = "") -> list[tuple[str, Traversable]]:
    found: list[tuple[str, Traversable]] = []
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.is_dir():
            found += _starter(entry, f"{prefix}{entry.name}/")
        else:
            found.append((f"{prefix}{entry.name}", entry))
    return found
