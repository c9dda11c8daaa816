"""Whatever a pipeline's file looks like, `framework sources --write` adds columns to it and touches no other byte."""

import contextlib
import io
import json
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from framework.cli import OK, main
from framework.yaml_source import parse
from framework.yaml_source.insertion import Addition, inserted

BEHIND = ("path", "table", "format", "csv", "key", "valid", "<<")

# -- files: a source in one of the ways that people write one, with what they write around it

comments = st.sampled_from(["", "", " # a comment", '   # it\'s: a {comment}, "quoted"', " # ü 日本"])
gaps = st.sampled_from(["", "", "\n", "\n\n", "# between\n", "  # between\n\n", "      # deep\n"])
line_ends = st.sampled_from(["\n", "\n", "\r\n"])
names = st.sampled_from(["a", '"a"', "'a'"])
paths = st.sampled_from(["x.csv", '"x.csv"', "'x.csv'", ">-\n{i}  x.csv", "&p x.csv", "!!str x.csv"])
extras = st.lists(
    st.sampled_from(
        [
            "key: [id]",
            "description: It is, as they say, here.",
            "description: |\n{i}  one\n{i}\n{i}  two\n",
            "csv:\n{i}  null:\n{i}    - NA\n{i}    - ''   # nothing",
            "csv: {{null: [NA, '']}}",
            "tags: [t]",
            "checks:\n{i}- not_null: [id]\n{i}  on_fail: warn",
            "owner: 'it''s #mine'",
        ]
    ),
    max_size=3,
    unique_by=lambda text: text.split(":")[0],
)


@st.composite
def blocks(draw: st.DrawFn) -> str:
    """A source in lines of its own."""
    step = draw(st.sampled_from([1, 2, 4]))
    outer = " " * step
    inner = outer + " " * draw(st.sampled_from([1, 2, 3]))
    parts = draw(st.permutations([f"path: {draw(paths)}", *draw(extras)]))
    lines = []
    for part in parts:
        text = inner + part.format(i=inner)
        plain = not text.endswith("\n") and "|" not in text and ">" not in text
        lines.append(text.rstrip("\n") + (draw(comments) if plain else ""))
    anchor = draw(st.sampled_from(["", "", " &anchor"]))
    return f"{outer}{draw(names)}:{anchor}{draw(comments)}\n" + "\n".join(lines) + "\n"


@st.composite
def flows(draw: st.DrawFn) -> str:
    """A source in braces."""
    path = draw(st.sampled_from(["path: x.csv", '"path": "x.csv"', "path: 'x.csv'"]))
    others = draw(st.lists(st.sampled_from(["key: [id]", "tags: t", 'owner: "a, b"']), max_size=2, unique=True))
    parts = draw(st.permutations([path, *others]))
    opening, between, closing = draw(
        st.sampled_from([("{", ", ", "}"), ("{ ", " , ", " }"), ("{\n    ", ",\n    ", "\n  }"), ("{", ",", ",}")])
    )
    return f"  {draw(names)}: {opening}{between.join(parts)}{closing}{draw(comments)}\n"


@st.composite
def files(draw: st.DrawFn) -> bytes:
    source = draw(st.one_of(blocks(), flows()))
    head = draw(st.sampled_from(["", "# a head\n", "x-shared: &shared {owner: me}\n"]))
    stages = "stages:\n  s:\n    kind: normalize\n    from: a\n    key: [id]\n    columns: {id: }\n"
    rest = ["pipeline: x\n", stages]
    parts = draw(st.permutations([*rest, f"sources:{draw(comments)}\n{source}"]))
    text = head + draw(gaps).join(parts)
    if draw(st.booleans()):
        text = text.rstrip("\n")
    return draw(st.sampled_from([b"", b"\xef\xbb\xbf"])) + text.replace("\n", draw(line_ends)).encode()


# -- columns: whatever a file may have for a name

words = st.sampled_from(
    ["on", "NO", "y", "null", "~", "01", "1e5", "a: b", "a #b", "{a", "*a", "- a", "'", '"', "é", " "]
)
letters = st.characters(codec="utf-8", exclude_characters="\0\r\n")
columns = st.one_of(words, st.text(letters, min_size=1, max_size=12))


def is_put_in(before: bytes, after: bytes) -> bool:
    """Whether `after` is `before` with one stretch of bytes put in."""
    length = len(after) - len(before)
    return length > 0 and any(before == after[:at] + after[at + length :] for at in range(len(before) + 1))


@settings(max_examples=300, deadline=None)
@given(files(), st.dictionaries(columns, st.sampled_from(["string", "decimal(18,2)"]), min_size=1, max_size=30))
def test_one_stretch_is_put_in_and_says_what_it_should(file: bytes, entries: dict[str, str]) -> None:
    text = file.decode().removeprefix("\ufeff")
    after = inserted(text, [Addition(("sources", "a"), "columns", entries, BEHIND)])
    wanted = parse(text, "x").data
    wanted["sources"]["a"]["columns"] = entries
    assert parse(after, "x").data == wanted
    assert is_put_in(text.encode(), after.encode())


@settings(max_examples=20, deadline=None)
@given(files(), st.lists(columns.filter(str.strip), min_size=1, max_size=6, unique_by=str.lower))
def test_the_command_writes_once_and_what_it_writes_validates(file: bytes, header: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        pipeline = Path("x.yaml")
        pipeline.write_bytes(file)
        quoted = ",".join('"' + name.replace('"', '""') + '"' for name in ["id", *header])
        Path("x.csv").write_text(f"{quoted}\n{','.join('1' * (len(header) + 1))}\n", encoding="utf-8", newline="")
        assert _said("sources", "x.yaml", "--write")[0] == OK
        after = pipeline.read_bytes()
        assert is_put_in(file, after)
        assert _said("validate", "x.yaml")[0] == OK
        code, said = _said("sources", "x.yaml", "--write", "--output", "json")
        assert (code, json.loads(said)["written"], pipeline.read_bytes()) == (OK, [], after)
        states = {column["name"]: column["state"] for column in json.loads(said)["sources"][0]["columns"]}
        reserved = {name for name in header if name.startswith("_")}
        assert states == {n: "extra" if n in reserved else "same" for n in ["id", *header]}


def _said(*words: str) -> tuple[int, str]:
    with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.redirect_stderr(io.StringIO()) as errors:
        code = main(words)
    return code, said.getvalue() + ("" if code == OK else errors.getvalue())
