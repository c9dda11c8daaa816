"""Finds plug-ins by their place: every module of a package, or one by its file name.

`import_module` stands here alone; the lint contracts cannot see through it, so it has one home.
"""

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from types import ModuleType


def names(package: ModuleType) -> tuple[str, ...]:
    """The plug-ins of a package by file name, sorted; nothing is imported."""
    return tuple(sorted(path.stem for path in _files(package)))


def load(package: ModuleType, name: str) -> ModuleType:
    """One plug-in, imported. Raises ModuleNotFoundError when the package has no such file."""
    return import_module(f"{package.__name__}.{name}")


def module(name: str) -> ModuleType:
    """A module of somebody else's, by its whole name. Raises whatever importing it does."""
    return import_module(name)


def load_all(package: ModuleType) -> tuple[ModuleType, ...]:
    """Every plug-in of a package, imported, by name; a broken one stops start-up."""
    return tuple(load(package, name) for name in names(package))


def load_below(package: ModuleType) -> None:
    """Everything in a package and in the packages below it, imported: what registers itself is known from then on.

    Not what begins with an underscore: it is a part of another module, and may need a package that is not installed.
    """
    for found in walk_packages(package.__path__, f"{package.__name__}."):
        if not found.name.rpartition(".")[2].startswith("_"):
            import_module(found.name)


def summary(package: ModuleType, name: str) -> str:
    """The first line of a plug-in's docstring, read from its text: `--help` must not import what it lists."""
    path = next(path for path in _files(package) if path.stem == name)
    return (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]


def _files(package: ModuleType) -> Iterator[Path]:
    for folder in package.__path__:
        for path in Path(folder).glob("*.py"):
            if not path.stem.startswith("_"):
                yield path
