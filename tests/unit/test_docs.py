"""The pages keep what they promise: examples load, messages are real, generated pages are up to date."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from framework.cli import main
from framework.diagnostics import Diagnostic, PipelineError, render
from framework.expectations.official import Official
from framework.expressions.catalogue import functions
from framework.expressions.parser import parse as parse_expression
from framework.expressions.typed import Scope, typed
from framework.load import load
from framework.model import Check, Limited, Stage
from framework.project import ProjectModel
from framework.resolve import resolve
from framework.shape import shaped
from framework.suites import prove
from framework.yaml_source import parse

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "terraform").rglob("*.md"))]
REFERENCE = ROOT / "docs" / "reference"
DIAGNOSTICS = REFERENCE / "diagnostics"  # what they show is held against the code in test_explanations.py
FENCE = re.compile(r"^```(\S*)[ ]?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block; `following` is the text of the block after it, `before` what it adds to.

    `suites` are those of its page.
    """

    place: str
    language: str
    word: str
    text: str
    following: str
    before: tuple[str, ...] = ()
    suites: tuple[str, ...] = ()

    @property
    def page(self) -> str:
        return self.place.rpartition(":")[0]

    @property
    def is_whole(self) -> bool:
        return self.word not in ("suite", "tests") and self.text.startswith(("pipeline:", "# yaml-language-server"))

    @property
    def is_part(self) -> bool:
        return self.text.startswith(("sources:", "stages:", "tests:"))


def blocks() -> Iterator[Block]:
    """The YAML of all pages; `before` holds the page's pipeline so far, for a block that is a part of one."""
    for page in PAGES:
        if page.parent == DIAGNOSTICS:
            continue
        text = page.read_text(encoding="utf-8")
        found = list(FENCE.finditer(text))
        suites = tuple(match[3] for match in found if match[2] == "suite")
        before: tuple[str, ...] = ()
        for index, match in enumerate(found):
            place = f"{page.relative_to(ROOT)}:{text.count(chr(10), 0, match.start()) + 1}"
            following = found[index + 1][3] if index + 1 < len(found) else ""
            block = Block(place, match[1], match[2], match[3], following, before, suites)
            if match[1] != "yaml":
                continue
            if block.is_whole:
                before = (block.text,)
            elif block.is_part and block.word not in ("broken", "failing"):
                before = (*before, block.text)
            yield block


BLOCKS = list(blocks())
PIPELINES = [b for b in BLOCKS if b.is_whole or b.is_part]


def merged(block: Block) -> str:
    """The page's pipeline with a part put in, as JSON, which is YAML; a part may replace a stage."""
    whole: dict[str, Any] = {}
    for text in (*block.before, block.text):
        for key, value in parse(text, block.place).data.items():
            whole[key] = {**whole.get(key, {}), **value} if key in ("sources", "stages", "tests") else value
    text = json.dumps(whole, default=lambda value: float(value) if isinstance(value, Decimal) else f"date {value}")
    return re.sub(r'"date ([0-9T:. -]+)"', r"\1", text)  # a date has no form in JSON, and stands in YAML without quotes


def found_in(path: Path) -> list[Diagnostic]:
    try:
        return list(resolve(load(path)).warnings)
    except PipelineError as error:
        return list(error.diagnostics)


def test_there_is_something_to_test() -> None:
    assert sum(b.is_whole for b in PIPELINES) >= 3
    assert any(b.word == "broken" for b in PIPELINES)


@pytest.mark.parametrize("block", PIPELINES, ids=lambda b: b.place)
def test_pipeline_of_a_page(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    printed = block.following.partition(":")[0]
    path = Path(printed if block.word == "broken" else "pipeline.yaml")
    Path("checks").mkdir()
    for number, suite in enumerate(block.suites):
        Path(f"checks/{number}.yaml").write_text(suite, encoding="utf-8")
    for other in PIPELINES:
        # What a page's pipeline may read.
        if other.is_whole and other.word != "broken" and other.page == block.page and other != block:
            Path("pipelines").mkdir(exist_ok=True)
            Path(f"pipelines/{parse(other.text, other.place).data['pipeline']}.yaml").write_text(other.text, "utf-8")
    path.write_text(block.text if block.is_whole else merged(block), encoding="utf-8")
    errors = [d for d in found_in(path) if d.severity == "error"]
    if block.word != "broken":
        assert not errors, "\n\n".join(render(d) for d in errors)
        if block.word != "failing" and "\ntests:" in f"\n{block.text}":
            assert main(["test", str(path)]) == 0
    elif block.is_whole:
        shown = "\n\n".join(render(d) for d in errors)
        assert f"{shown}\n\n{len(errors)} error{'' if len(errors) == 1 else 's'}\n" == block.following
    else:
        assert [f"{d.code.id} {d.message}" for d in errors] == re.findall(r"(F\d{3} .*)", block.following)


def _timeless(text: str) -> str:
    """What `framework test` has printed, without the time that it took."""
    return re.sub(r"((?:passed|failed) +| in )\d+\.\d\d(?= s$|$)", r"\1", text, flags=re.MULTILINE)


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.word == "failing"], ids=lambda b: b.place)
def test_failing_test_of_a_page(
    block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Behind the tests that the page's pipeline has."""
    monkeypatch.chdir(tmp_path)
    found = re.search(r"^(\S+\.yaml):\d+:\d+:", block.following, re.MULTILINE)
    assert found is not None
    Path(found[1]).write_text(block.before[0] + block.text.removeprefix("tests:\n"), encoding="utf-8")
    assert main(["test", found[1]]) == 1
    assert _timeless(capsys.readouterr().out) == _timeless(block.following)


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.word == "tests"], ids=lambda b: b.place)
def test_file_of_tests_of_a_page(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tested = parse(block.text, block.place).data["pipeline"]
    whole = next(b for b in PIPELINES if b.page == block.page and b.text.startswith(f"pipeline: {Path(tested).stem}\n"))
    for path, text in ((tested, whole.text), ("tests/it.yaml", block.text)):
        Path(path).parent.mkdir()
        Path(path).write_text(text, encoding="utf-8")
    assert main(["test"]) == 0


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.word == "suite"], ids=lambda b: b.place)
def test_suite_of_a_page(block: Block) -> None:
    assert not prove(parse(block.text, block.place)).diagnostics


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.text.startswith("project:")], ids=lambda b: b.place)
def test_project_of_a_page(block: Block) -> None:
    shaped(parse(block.text, block.place), ProjectModel)


TYPOS = {"parse_decimal(": "parse_decimals(", "sum(amount)": "sum(amuont)", "by: ordered_on": "by: orderd_on"}


def test_typos_of_the_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The messages that the README shows for three typos in the starter's pipeline are the real ones."""
    monkeypatch.chdir(tmp_path)
    text = (files("framework") / "starter" / "pipelines" / "orders.yaml").read_text(encoding="utf-8")
    for right, wrong in TYPOS.items():
        assert text.count(right) == 1, right
        text = text.replace(right, wrong)
    Path("pipelines").mkdir()
    Path("pipelines/orders.yaml").write_text(text, encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = found_in(Path("pipelines/orders.yaml"))
    assert len(found) == len(TYPOS)
    for diagnostic in found:
        assert render(diagnostic) in readme


def _steady(line: str) -> str:
    """A line of a run without what differs from run to run: seconds, and the run's name."""
    return re.sub(r" +\d+\.\d\d$| in \d+\.\d\d s on target.*", "", line.rstrip())


def _shown(page: str) -> set[str]:
    """What a page shows of runs that end well."""
    blocks = re.findall(r"```text\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
    runs = "\n".join(b for b in blocks if re.search(r"^stage +kind", b, re.MULTILINE) and "\nok" in b)
    return {_steady(line) for line in runs.splitlines()} - {"", "...", "  ..."}


@pytest.mark.parametrize("page", ["README.md", "docs/guides/first_pipeline.md"])
def test_what_is_shown_of_a_run_is_what_it_says(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if page == "README.md":
        for folder in ("pipelines", "checks"):
            shutil.copytree(ROOT / folder, tmp_path / folder)
        monkeypatch.chdir(tmp_path)
        assert main(["run", "pipelines/claims.yaml"]) == 0
        assert main(["init", "shop"]) == 0
        monkeypatch.chdir("shop")
        assert main(["run", "pipelines/orders.yaml"]) == 0
    else:
        text = (ROOT / page).read_text(encoding="utf-8")
        files_made, pipeline = (re.search(rf"```{kind}\n(.*?)```", text, re.DOTALL) for kind in ("sh", "yaml"))
        assert files_made
        assert pipeline
        subprocess.run(["bash", "-c", files_made[1]], cwd=tmp_path, check=True)
        monkeypatch.chdir(tmp_path / "visits")
        Path("visits.yaml").write_text(pipeline[1], encoding="utf-8")
        assert main(["validate", "visits.yaml"]) == 0
        assert main(["run", "visits.yaml"]) == 0
    said = {_steady(line) for line in capsys.readouterr().out.splitlines()}
    assert _shown(page) - said == set()


# -- reference


def test_generated_pages_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", sorted(functions()))
def test_function_has_an_entry(name: str) -> None:
    cell = name.replace("|", "\\|")
    assert f"\n| `{cell}` |" in (REFERENCE / "functions.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(functions()))
def test_example_of_a_function_is_an_expression(name: str) -> None:
    function = functions()[name]
    parse_expression(function.example)
    if function.kind == "scalar":
        _, problems = typed(function.example, Scope({}, "an example"))
        assert not problems


@pytest.mark.parametrize("name", sorted(Check.registry))
def test_check_has_an_entry(name: str) -> None:
    official = issubclass(Check.registry[name], Official)
    page, entry = ("expectations.md", f"\n| `{name}` |") if official else ("checks.md", f"\n## {name}\n")
    assert entry in (REFERENCE / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", sorted(Stage.registry))
def test_stage_kind_has_an_entry(kind: str) -> None:
    """Its clauses as well: each stands in a table of its section."""
    page = (REFERENCE / "language.md").read_text(encoding="utf-8")
    section = page.partition(f"\n### {kind}\n")[2].partition("\n### ")[0].partition("\n## ")[0]
    clauses = set(Stage.registry[kind].keys()) - set(Limited.keys())
    missing = sorted(key for key in clauses if f"`{key}" not in section)
    assert section
    assert not missing


def test_every_warehouse_command_and_layer_is_named() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for path in (ROOT / "framework" / "commands").glob("[!_]*.py"):
        assert f"`framework {path.stem}" in readme
    for path in (ROOT / "framework" / "warehouses").glob("[!_]*.py"):
        assert path.stem in readme.lower()


def test_layers_are_those_of_the_contract() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers = next(c["layers"] for c in settings["contracts"] if c["type"] == "layers")
    assert "\n".join(layers) in (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert target.startswith("https://") or (page.parent / target).exists(), target
