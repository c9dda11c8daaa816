"""The house keeps its rules: sizes, docstrings, a spec for every plug-in, and the import contracts."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import framework.load  # registers stage kinds and checks
from framework.expressions.catalogue import functions
from framework.model import Check, Model, Stage
from framework.model.checks import check_of
from framework.yaml_source import parse

assert framework.load
ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "framework"

# A module over 400 lines says here why it is one.
LONG = {
    "expressions/parser.py": "one grammar, one class; cut in two it could not be read",
    "expressions/typed.py": "one pass over the syntax, a method per kind of node",
    "compile/rows.py": "one lowering of one algebra, a method per operator",
    "clauses/joins.py": "every type of join shares how its sides are found and matched",
}

MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("name", MODULES)
def test_module_has_a_size_that_can_be_read(name: str) -> None:
    lines = len((PACKAGE / name).read_text(encoding="utf-8").splitlines())
    assert lines <= (700 if name in LONG else 400), f"{name} has {lines} lines: cut it, or say in LONG why not"


def test_long_modules_are_still_long() -> None:
    short = [n for n in LONG if len((PACKAGE / n).read_text(encoding="utf-8").splitlines()) <= 380]
    assert not short, f"no longer long, take them out of LONG: {short}"


@pytest.mark.parametrize("name", MODULES)
def test_module_says_what_it_is(name: str) -> None:
    text = (PACKAGE / name).read_text(encoding="utf-8")
    assert not text.strip() or text.lstrip().startswith('"""'), f"{name} has no docstring"


@pytest.mark.parametrize("model", [*Stage.registry.values(), *Check.registry.values()], ids=lambda m: m.__name__)
def test_plug_in_shows_an_example_that_fits_it(model: type[Model]) -> None:
    """The docstring of a plug-in's module is its page: a YAML block in which each class of the module is used."""
    assert model.__doc__
    module = sys.modules[model.__module__]
    blocks = re.findall(r"```yaml\n(.*?)```", module.__doc__ or "", re.DOTALL)
    assert blocks, f"{module.__name__} shows no YAML"
    for block in blocks:
        data = parse(block, module.__name__).data
        if issubclass(model, Check):
            assert model in {type(check_of(item)) for item in data["checks"]}
        else:
            for body in data.values():
                model.model_validate(body)


@pytest.mark.parametrize("name", sorted(Stage.registry) + sorted(Check.registry))
def test_plug_in_has_a_spec(name: str) -> None:
    specs = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "spec").glob("*.yaml"))
    wanted = f"kind: {name}" if name in Stage.registry else f"{name}:"
    assert wanted in specs, f"no spec test uses {name}"


@pytest.mark.parametrize("name", sorted(functions()))
def test_function_is_explained(name: str) -> None:
    function = functions()[name]
    assert function.summary.endswith(".")
    assert function.example


def test_import_contracts_hold() -> None:
    done = subprocess.run(["lint-imports"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_nothing_heavy_is_imported_for_the_version() -> None:
    code = (
        "import sys; from framework.cli import main; main(['--version']); main(['--help']);"
        "heavy = {'pydantic', 'sqlalchemy', 'duckdb', 'sqlglot', 'networkx', 'rich', 'pandas', 'yaml'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_validate_imports_no_warehouse() -> None:
    code = (
        "import sys; from framework.cli import main; main(['validate', 'pipelines/claims.yaml']);"
        "print(sorted({'duckdb', 'sqlglot', 'rich', 'psycopg', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


WITHOUT_EXTRAS = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {extras}:
            raise ModuleNotFoundError(name=name)

sys.meta_path.insert(0, Absent())
from framework.cli import main
sys.exit(main({words}))
"""
EXTRAS = {"apprise", "great_expectations", "openlineage", "pandas", "psycopg", "scipy", "snowflake", "databricks"}


@pytest.mark.parametrize(
    "words",
    [
        ["explain", "F301"],
        ["validate", "pipelines", "checks"],
        ["run", "pipelines/claims.yaml", "--dry-run"],
        ["schema"],
    ],
    ids=lambda words: words[0],
)
def test_no_command_needs_an_extra_that_is_not_asked_for(words: list[str]) -> None:
    code = WITHOUT_EXTRAS.format(extras=sorted(EXTRAS), words=words)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
