"""The files of a source: the columns that each of them has, and their types."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from framework.expressions.types import STRING, Type, widen
from framework.files.contract import fits, language_type
from framework.files.finding import find
from framework.files.header import columns, refuse_untitled, width
from framework.inspection.report import Seen, Sight
from framework.inspection.texts import Scan, scan
from framework.plan import USUAL, Csv
from framework.warehouse import MISSING_FILE, Files, SourceProblem

TWICE = "another name differs from it in case alone"


def look(
    source: str, path: str, root: Path, format: str, csv: Csv | None, declared: Mapping[str, Type] | None
) -> Sight:
    """All files of a path. Raises SourceProblem, Unreachable."""
    paths = find(path, root)
    files = Files(source, paths, format, declared, csv or USUAL)
    if declared is None and not files.csv.header:
        # They have no names; these are as good as any until someone gives them better ones.
        count = width(paths[0], files.csv)
        files = Files(source, paths, format, {f"column{i}": STRING for i in range(1, count + 1)}, files.csv)
    found = [columns(path, files) for path in paths]
    for file, known in zip(paths, found, strict=True):
        if declared:
            refuse_untitled(file, files, known, declared)
    if not files.is_text:
        return Sight(tuple(_typed(found, declared or {})), len(paths))
    names = _names(found)
    if not names:
        if declared is None:
            raise SourceProblem(MISSING_FILE, f"{paths[0].name} is empty: it holds no object")
        return Sight((), len(paths))
    types = {name.lower(): type_ for name, type_ in (declared or {}).items()}
    scanned = scan(files, names, {name: types[name.lower()] for name in names if name.lower() in types})
    return Sight(tuple(_texts(names, found, scanned)), len(paths), scanned.rows, scanned.malformed)


def _names(found: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    """The names of all files, in the order of the first that has them, as that one writes them."""
    names: dict[str, str] = {}
    for known in found:
        for name in known:
            names.setdefault(name.lower(), name)
    return tuple(names.values())


def _count(found: Sequence[Mapping[str, str]], name: str) -> int:
    """How many files have a column."""
    return sum(name.lower() in (n.lower() for n in known) for known in found)


def _texts(names: Sequence[str], found: Sequence[Mapping[str, str]], scanned: Scan) -> Iterator[Seen]:
    for name in names:
        texts = scanned.columns[name]
        yield Seen(
            name,
            texts.type,
            "text",
            _count(found, name),
            filled=texts.filled,
            unreadable=texts.unreadable,
            mostly=texts.mostly,
            others=texts.others,
        )


# -- files whose columns have types


def _typed(found: Sequence[Mapping[str, str]], declared: Mapping[str, Type]) -> Iterator[Seen]:
    wanted = {name.lower(): type_ for name, type_ in declared.items()}
    for name in _names(found):
        kinds = [kind for known in found for n, kind in known.items() if n.lower() == name.lower()]
        type_ = common(kinds)
        different = len(set(kinds)) > 1
        note = "its type is not the same in all files" if different and type_ is None else ""
        fitting = name.lower() not in wanted or all(fits(wanted[name.lower()], kind) for kind in kinds)
        yield Seen(name, type_, " or ".join(dict.fromkeys(kinds)), len(kinds), fitting, note=note)


def common(kinds: Sequence[str]) -> Type | None:
    """The type of the language that columns of these types can all be of."""
    found: Type | None = language_type(kinds[0])
    for kind in kinds[1:]:
        other = language_type(kind)
        found = None if found is None or other is None else widen(found, other)
    return found if found is not None and all(fits(found, kind) for kind in kinds) else None
