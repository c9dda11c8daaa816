"""What a code means and what to do, with an example of it: `framework/explanations/<CODE>.md`, taken apart.

A file begins with the meaning. Where a text can cause the code, fenced blocks follow, each a file: its path stands
after the language, and is `pipeline.yaml` where there is none. The last one is validated, the others stand beside it.
In a block `diff` lines with `-` are those of the bad example, lines with `+` those of the good one, others of both.
"""

import re
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

FOLDER = files("framework") / "explanations"
PIPELINE = "pipeline.yaml"
_FENCE = re.compile(r"^```(\w+)[ ]?(\S*)\n(.*?)^```\n?", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True, slots=True)
class Example:
    """Files by their path, the one that is validated last: those that cause a code, and those that do not."""

    bad: dict[str, str]
    good: dict[str, str]


@dataclass(frozen=True, slots=True)
class Explanation:
    """`meaning` is what the code means and what to do. Without an example no text can cause it."""

    code: str
    meaning: str
    example: Example | None


def explained() -> tuple[str, ...]:
    """The codes that have an explanation, sorted."""
    return tuple(sorted(file.name.removesuffix(".md") for file in FOLDER.iterdir() if file.name.endswith(".md")))


def explanation(code: str) -> Explanation:
    """The explanation of a code. Raises FileNotFoundError where it has none."""
    return _parsed(code, FOLDER / f"{code}.md")


def plain(meaning: str) -> str:
    """A meaning on one line, for a reader who cannot follow links: pages stand there by their names."""
    return _LINK.sub(r"\1", " ".join(meaning.split()))


def _parsed(code: str, file: Traversable) -> Explanation:
    text = file.read_text(encoding="utf-8")
    blocks = [(name or PIPELINE, language == "diff", body) for language, name, body in _FENCE.findall(text)]
    bad = {name: _without("+", body) if differs else body for name, differs, body in blocks}
    good = {name: _without("-", body) if differs else body for name, differs, body in blocks}
    return Explanation(code, _FENCE.sub("", text).strip(), Example(bad, good) if blocks else None)


def _without(sign: str, body: str) -> str:
    """One side of a difference: the lines that do not begin with the other's sign, each without its own."""
    return "".join(line[1:] if line.strip() else line for line in body.splitlines(True) if not line.startswith(sign))
