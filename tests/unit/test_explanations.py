"""Each code is explained, and its examples do what its page says."""

import json
from pathlib import Path

import pytest

import framework
from framework import plugins
from framework.cli import main
from framework.code_page import as_markdown, as_text, code_page, judged
from framework.diagnostics import CODES
from framework.explanation import Example, explained, explanation

ERRORS = Path(__file__).parents[1] / "errors"
# The mistakes of the other pipeline are told of beside it.
ACCOMPANIED = {"F131"}

plugins.load_below(framework)
EXAMPLES = [(code, example) for code in explained() if (example := explanation(code).example) is not None]


def test_every_code_is_explained_and_nothing_else() -> None:
    assert explained() == tuple(sorted(CODES))


@pytest.mark.parametrize(("code", "example"), EXAMPLES, ids=[code for code, _ in EXAMPLES])
def test_the_bad_example_gives_this_code_and_the_good_one_nothing(code: str, example: Example) -> None:
    found = {diagnostic.code.id for diagnostic in judged(example.bad)}
    assert code in found
    assert found == {code} or code in ACCOMPANIED
    assert judged(example.good) == ()


@pytest.mark.parametrize("code", sorted({path.stem[:4] for path in ERRORS.glob("F[0-9]*.yaml")}))
def test_a_code_that_one_file_can_cause_has_an_example(code: str) -> None:
    assert explanation(code).example is not None


@pytest.mark.parametrize("code", explained())
def test_an_explanation_is_prose_of_whole_sentences(code: str) -> None:
    meaning = explanation(code).meaning
    assert meaning.endswith(".")
    assert "\n\n" not in meaning
    assert "```" not in meaning


def test_a_page_shows_the_example_its_message_and_the_files_that_are_otherwise() -> None:
    page = code_page(CODES["F121"])
    text = "\n".join(as_markdown(page))
    wrong, right = text.partition("\n## Right\n")[::2]
    assert "F121: two suites of one name" in wrong
    assert "checks/money.yaml:1:8: F121 " in wrong
    assert "`pipeline.yaml`:" in wrong
    assert "suite: money" in right
    assert "`pipeline.yaml`:" not in right


def test_a_terminal_sees_which_lines_differ() -> None:
    text = as_text(code_page(CODES["F232"]))
    assert text.startswith("F232 (warning): a source that nothing reads\n")
    assert "\n  -   customers: {path: customers.csv, columns: {customer_id: string}}\n" in text
    assert "warning: pipeline.yaml:4:3: F232 " in text
    assert text.count("customers: {path") == 2  # the example, and the line in the message


def test_explain_prints_a_code_whatever_its_case(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "f301"]) == 0
    assert capsys.readouterr().out == as_text(code_page(CODES["F301"])) + "\n"


def test_explain_as_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "F203", "--output", "json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["code"], said["title"], said["severity"]) == ("F203", "unknown function", "error")
    assert "[" not in said["meaning"]
    assert [d["code"] for d in said["diagnostics"]] == ["F203"]
    assert set(said["example"]) == {"bad", "good"}
    assert main(["explain", "F501", "--output", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["example"] is None


def test_explain_proposes_a_code_for_one_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "F2O1"]) == 2
    assert capsys.readouterr().err.startswith("F117 no code `F2O1`\nhelp: did you mean `F201`?\n")
