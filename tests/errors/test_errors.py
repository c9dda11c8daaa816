"""What an author sees: a wrong file, and every character that `framework validate` prints for it.

`<CODE>.yaml` or `<CODE>_<what>.yaml` with a `.txt` beside it is a case; so is a folder with a
`framework.yaml`, whose pipeline is tried by `run --dry-run`, or by `validate` where its name ends in `_targets`. What
no text file can hold is made here.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from framework import commands, plugins
from framework.cli import INVALID, OK, main
from framework.diagnostics import CODES

HERE = Path(__file__).parent


def _large(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(50_000_000)


GENERATED: dict[str, Callable[[Path], object]] = {
    "F001": lambda path: path,  # no file at all
    "F001_folder": lambda path: path.mkdir(),
    "F005": _large,
    "F006": lambda path: path.write_bytes(b"\x7fELF\x02\x01\x01\0\0\0"),
    "F006_control_character": lambda path: path.write_bytes(b"pipeline: example\nowner: a\x07b\n"),
    "F006_latin_1": lambda path: path.write_bytes("pipeline: example\nowner: José\n".encode("latin-1")),
    "F006_utf_16": lambda path: path.write_bytes("pipeline: example\n".encode("utf-16")),
    "F007": lambda path: path.write_bytes(b""),
    "F007_comments": lambda path: path.write_bytes(b"# nothing but this\n"),
}
FILES = sorted(path.stem for path in HERE.glob("*.yaml"))
PROJECTS = sorted(path.parent.name for path in HERE.glob("*/framework.yaml"))
CASES = sorted([*GENERATED, *FILES, *PROJECTS])

# Not from a file: F108 to F119 and F19x are about words of the command line, and F5xx come from running.
EXEMPT = ("F108", "F109", "F11", "F19", "F5")


def _codes() -> list[str]:
    plugins.load_all(commands)
    return sorted(code for code in CODES if not code.startswith(EXEMPT))


def _printed(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    code = main([*words, "--no-color"])
    output = capsys.readouterr()
    assert code in (OK, INVALID), output.err
    return f"{output.err}{output.out}exit code: {code}\n"


@pytest.mark.parametrize("case", CASES)
def test_what_is_printed(
    case: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    update_golden: bool,
) -> None:
    words = ["validate", f"{case}.yaml"]
    monkeypatch.chdir(HERE)
    if case in PROJECTS:
        monkeypatch.chdir(HERE / case)
        words = [*(["validate"] if case.endswith("_targets") else ["run", "--dry-run"]), "pipeline.yaml"]
    if case in GENERATED:
        monkeypatch.chdir(tmp_path)
        GENERATED[case](tmp_path / f"{case}.yaml")
    printed, golden = _printed(words, capsys), HERE / f"{case}.txt"
    if update_golden:
        golden.write_text(printed, encoding="utf-8")
    assert printed == golden.read_text(encoding="utf-8")


def test_every_golden_has_a_case() -> None:
    assert sorted(path.stem for path in HERE.glob("*.txt")) == CASES


@pytest.mark.parametrize("code", _codes())
def test_every_code_has_a_pair(code: str) -> None:
    goldens = [path.read_text(encoding="utf-8") for path in HERE.glob(f"{code}*.txt")]
    assert any(f" {code} " in text for text in goldens)


@pytest.mark.parametrize("case", CASES)
def test_a_message_names_its_place(case: str) -> None:
    """Each message begins with a line that an editor can jump to."""
    text = (HERE / f"{case}.txt").read_text(encoding="utf-8")
    assert "Traceback" not in text
    assert "fault of the framework" not in text
    lines = [line for line in text.splitlines() if any(f" {code} " in line[:120] for code in CODES)]
    assert all(line.removeprefix("warning: ").split(":")[1].isdigit() for line in lines)
