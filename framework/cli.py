"""argv -> one command; an exception -> an exit code. Nothing heavy is imported before a command is chosen."""

import argparse
import gc
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType

import framework
from framework import commands, plugins

OK, INVALID, BROKEN, REFUSED, INTERRUPTED = 0, 2, 3, 4, 130


def command() -> int:
    """The process of one command. Once it was interrupted, another Ctrl-C does not disturb the interpreter's end."""
    return _run(sys.argv[1:])


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code; the caller's process goes on, and hears of Ctrl-C as before."""
    listens = signal.getsignal(signal.SIGINT)
    try:
        return _run(list(sys.argv[1:] if argv is None else argv))
    finally:
        if signal.getsignal(signal.SIGINT) is not listens:
            signal.signal(signal.SIGINT, listens)


def _run(words: list[str]) -> int:
    if words[:1] in (["--version"], ["-V"]):
        print(f"framework {framework.__version__}")
        return OK
    known = plugins.names(commands)
    if not words or words[0] in ("-h", "--help", "help"):
        print(_help(known))
        return OK
    if words[0] not in known:
        return _unknown(words[0], known)
    debug = "--debug" in words
    try:
        module = plugins.load(commands, words[0])
        options = _parsed(module, words)
    except SystemExit as usage:
        return int(usage.code or 0)
    except Exception as error:
        return _broken(error, debug)
    return _guarded(module.run, options)


def _parsed(module: ModuleType, words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        f"framework {words[0]}", description=module.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    module.arguments(parser)
    _shared(parser, getattr(module, "OUTPUTS", ("text", "json")))
    # A word behind an option is read as well, where a command may be given it or not.
    return parser.parse_intermixed_args(words[1:])


def _shared(parser: argparse.ArgumentParser, outputs: Sequence[str]) -> None:
    parser.add_argument("--output", choices=outputs, default="text", help="how results are printed")
    parser.add_argument("--debug", action="store_true", help="show the traceback of a fault of the framework")
    parser.add_argument("--no-color", action="store_true", help="print without colour")


def _help(known: Sequence[str]) -> str:
    width = max(len(name) for name in known)
    lines = [f"  {name.ljust(width)}  {plugins.summary(commands, name)}" for name in known]
    return "\n".join(
        [
            "usage: framework COMMAND ...",
            "",
            "Declarative data pipelines in YAML.",
            "",
            "commands:",
            *lines,
            "",
            "framework COMMAND --help tells more; framework --version prints the version.",
        ]
    )


def _unknown(name: str, known: Sequence[str]) -> int:
    from framework.diagnostics import suggest

    print(f"framework: no command `{name}`\nhelp: {suggest(name, known)}", file=sys.stderr)
    return INVALID


def _guarded(run: object, options: argparse.Namespace) -> int:
    """Runs a command; no traceback reaches a user but on demand."""
    assert callable(run)
    try:
        with _uncollected():
            return int(run(options))
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has gone (`| head`): nothing more can be said, not even by the interpreter at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except ModuleNotFoundError as error:
        return _missing_package(error, options.debug)
    except Exception as error:
        return _explained(error, options)


@contextmanager
def _uncollected() -> Iterator[None]:
    """What a pipeline becomes lives as long as the command: a collector would walk it again and again for nothing."""
    collected = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collected:
            gc.enable()


def _explained(error: Exception, options: argparse.Namespace) -> int:
    from framework.diagnostics import PipelineError
    from framework.printing import print_diagnostics, print_refusal
    from framework.warehouse import SourceProblem, Unreachable

    if isinstance(error, PipelineError):
        print_diagnostics(error.diagnostics, options)
        return INVALID
    if isinstance(error, Unreachable):
        print_refusal(error.refusal.message, error.refusal.help, error.code.id, options)
        return REFUSED
    if isinstance(error, SourceProblem):
        print_refusal(str(error), error.help, error.code.id, options)
        return REFUSED
    if isinstance(error, OSError) and error.strerror and error.filename:
        print_refusal(f"{error.strerror}: {error.filename}", None, None, options)
        return REFUSED
    return _broken(error, options.debug)


def _missing_package(error: ModuleNotFoundError, debug: bool) -> int:
    extras = {"psycopg": "postgres", "snowflake": "snowflake", "databricks": "databricks"}
    extra = extras.get((error.name or "").partition(".")[0])
    if extra is None:
        return _broken(error, debug)
    print(
        f"framework: this needs the package {error.name}\nhelp: pip install 'framework-pipelines[{extra}]'",
        file=sys.stderr,
    )
    return REFUSED


def _broken(error: Exception, debug: bool) -> int:
    if debug:
        print("".join(_traceback(error)), end="", file=sys.stderr)
    print(
        f"framework: a fault of the framework ({type(error).__name__}); please report it"
        + ("" if debug else "\nhelp: --debug shows where"),
        file=sys.stderr,
    )
    return BROKEN


# What these say of a fault can hold a value of a cell, or a secret.
_DRIVERS = ("sqlalchemy", "duckdb", "_duckdb", "psycopg", "psycopg2", "snowflake", "databricks", "sqlite3")


def _traceback(error: BaseException) -> Iterator[str]:
    """Where it happened, each fault after what caused it; of a driver's fault the name alone."""
    import traceback

    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield from _traceback(before)
        yield "\nand then\n\n"
    yield from traceback.format_tb(error.__traceback__)
    module = type(error).__module__.partition(".")[0]
    said = "" if module in _DRIVERS else f": {error}"
    yield f"{type(error).__module__}.{type(error).__qualname__}{said}\n"
