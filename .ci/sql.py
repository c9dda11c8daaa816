"""Holds the SQL of pipelines, compiled for every warehouse, against SQLFluff: python .ci/sql.py PATH...

Works from the root of a project. A `.sqlfluff` of its own takes the place of the settings beside this file.
"""

import argparse
import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from framework.cli import INVALID, main
from framework.diagnostics import Diagnostic, PipelineError
from framework.printing import print_diagnostics
from framework.validation import files
from framework.yaml_source import F001, read

DIALECTS = {
    "duckdb": "duckdb",
    "postgres": "postgres",
    "snowflake": "snowflake",
    "databricks": "databricks",
    "spark": "sparksql",
}
OWN = Path(".sqlfluff")


def pipelines(paths: list[Path]) -> dict[str, Path]:
    """The pipelines of files and folders, each once, by a name that is a path below any folder.

    Raises PipelineError with all that cannot be read.
    """
    found = dict[Path, Path]()
    wrong = list[Diagnostic]()
    for path in files(paths):
        try:
            if "stages" in read(path, shown=str(path)).data:
                found.setdefault(path.resolve(), path)
        except PipelineError as error:
            wrong += error.diagnostics
    if not found and not wrong:
        wrong.append(Diagnostic(F001, f"no pipeline in {', '.join(map(str, paths))}"))
    if wrong:
        raise PipelineError(*dict.fromkeys(wrong))
    above = os.path.commonpath([Path.cwd(), *found])
    return {str(place.relative_to(above)): path for place, path in found.items()}


def compiled(pipeline: Path, warehouse: str, folder: Path) -> bool:
    """Puts the SQL of a pipeline into a folder of its own; `compile` would let the next pipeline overwrite it."""
    command = ["compile", str(pipeline), "--warehouse", warehouse]
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        failed = main([*command, "--output", "json"])
    if failed:
        main(command)  # which says why
        return False
    folder.mkdir(parents=True)
    for file in json.loads(out.getvalue())["files"]:
        shutil.copy(file, folder)
    return True


def linted(work: Path, warehouses: list[str]) -> bool:
    """Whether SQLFluff has nothing to say of the folder of each warehouse."""
    config = (OWN if OWN.exists() else Path(__file__).with_name("sqlfluff.cfg")).resolve()
    lint = ["sqlfluff", "lint", "--ignore-local-config", "--config", str(config), "--nocolor", "--disable-progress-bar"]
    running = {
        name: subprocess.Popen([*lint, "--dialect", DIALECTS[name], name], cwd=work, stdout=subprocess.PIPE, text=True)
        for name in warehouses
    }
    clean = True
    for name, linter in running.items():
        said, _ = linter.communicate()
        number = len(list((work / name).rglob("*.sql")))
        # It passes over long files where its settings do not say otherwise, and is content with the rest.
        if linter.returncode == 0 and number and "over the limit" not in said:
            print(f"{name}: {number} files of SQL, nothing to say")
        else:
            clean = False
            print(said or f"{name}: no SQL to hold against SQLFluff\n", end="")
    return clean


def run() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--warehouse", nargs="+", choices=DIALECTS, default=list(DIALECTS))
    parser.set_defaults(output="text", no_color=False)
    options = parser.parse_args()
    warehouses = list(dict.fromkeys(options.warehouse))
    try:
        found = pipelines(options.paths)
    except PipelineError as error:
        print_diagnostics(error.diagnostics, options)
        return INVALID
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        done = [compiled(path, name, work / name / place) for name in warehouses for place, path in found.items()]
        if not all(done):
            return INVALID
        if shutil.which("sqlfluff") is None:
            print("there is no `sqlfluff` on the PATH\nhelp: pip install sqlfluff", file=sys.stderr)
            return INVALID
        return 0 if linted(work, warehouses) else 1


if __name__ == "__main__":
    sys.exit(run())
