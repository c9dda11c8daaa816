"""Holds the SQL of pipelines, compiled for every warehouse, against SQLFluff: python .ci/sql.py PATH...

Works from the root of a project. A `.sqlfluff` of its own takes the place of the settings beside this file.
"""

import argparse
import contextlib
import io
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import yaml

from framework.cli import main

DIALECTS = {
    "duckdb": "duckdb",
    "postgres": "postgres",
    "snowflake": "snowflake",
    "databricks": "databricks",
    "spark": "sparksql",
}
OWN = Path(".sqlfluff")


def pipelines(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        for file in sorted(path.rglob("*.y*ml")) if path.is_dir() else [path]:
            data = yaml.safe_load(file.read_text(encoding="utf-8"))
            if isinstance(data, dict) and "stages" in data:
                yield file


def compiled(pipeline: Path, warehouse: str, folder: Path) -> bool:
    """Puts the SQL of a pipeline into a folder of its name; `compile` would let the next pipeline overwrite it."""
    command = ["compile", str(pipeline), "--warehouse", warehouse]
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        failed = main([*command, "--output", "json"])
    if failed:
        main(command)  # which says why
        return False
    (folder / pipeline).mkdir(parents=True)
    for file in json.loads(out.getvalue())["files"]:
        shutil.copy(file, folder / pipeline)
    return True


def run() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--warehouse", nargs="+", choices=DIALECTS, default=list(DIALECTS))
    options = parser.parse_args()
    config = (OWN if OWN.exists() else Path(__file__).with_name("sqlfluff.cfg")).resolve()
    found = list(pipelines(options.paths))
    if not found:
        print("no pipeline in", *options.paths, file=sys.stderr)
        return 1
    failed = False
    lint = ["sqlfluff", "lint", "--ignore-local-config", "--config", str(config), "--nocolor", "--disable-progress-bar"]
    with tempfile.TemporaryDirectory() as work:
        done = [compiled(path, name, Path(work, name)) for name in options.warehouse for path in found]
        if not all(done):
            return 1
        running = {
            name: subprocess.Popen(
                [*lint, "--dialect", DIALECTS[name], name], cwd=work, stdout=subprocess.PIPE, text=True
            )
            for name in options.warehouse
        }
        for name, linter in running.items():
            said, _ = linter.communicate()
            if linter.returncode:
                failed = True
                print(said, end="")
            else:
                print(f"{name}: {len(list(Path(work, name).rglob('*.sql')))} files of SQL, nothing to say")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(run())
