"""What a run does when the world around it fails, and what it leaves behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from framework import standing
from framework.cli import main
from integration.project import REPOSITORY, URL_VARIABLE, Outcome, Project, exactly

CLAIMS = REPOSITORY / "pipelines" / "claims.yaml"
CLAIMS_DATA = REPOSITORY / "pipelines" / "data" / "claims"
SECONDS = 60  # for a process to get where a test waits for it

PIPELINE = """
pipeline: small
sources:
  raw: {path: "${DATA:-data}/rows.csv", columns: {k: string, v: string}}
stages:
  rows: {kind: normalize, from: raw, key: [k], columns: {k: , v: }}
  out: {kind: publish, from: rows, mode: upsert}
"""


@pytest.fixture
def small(project: Project) -> Project:
    """A project whose pipeline has run once."""
    project.write("small.yaml", PIPELINE)
    project.csv("data/rows.csv", "k,v", "a,1", "b,2")
    project.good("small.yaml")
    return project


def quarantined(project: Project) -> str:
    project.capture.readouterr()
    assert main(["quarantine", "list", "small.yaml"]) == 0
    return project.capture.readouterr().out


def left(project: Project) -> bytes:
    """All that a run may have left on disk but the warehouse itself."""
    kept = [p for folder in ("target", ".framework") for p in (project.root / folder).rglob("*") if p.is_file()]
    return b"".join(path.read_bytes() for path in kept)


# -- source files


def test_a_missing_file_is_refused_and_named(small: Project) -> None:
    before = small.published()
    (small.root / "data" / "rows.csv").unlink()
    outcome = small.run("small.yaml")
    assert outcome.code == 4, outcome.said
    assert "data/rows.csv" in outcome.said
    assert small.published() == before
    small.csv("data/rows.csv", "k,v", "a,1", "b,3")
    assert small.good("small.yaml").changes("out") == (0, 1, 1, 0)


@pytest.mark.parametrize(
    ("line", "reason"),
    [("c,Zanzibar,Quito", "fields"), ("Zanzibar", "fields"), ('c,"Zanzibar', "quote"), ("c,Zanz\xffibar", "encoding")],
)
def test_a_malformed_line_is_held_back_and_its_text_not_told(small: Project, line: str, reason: str) -> None:
    (small.root / "data" / "rows.csv").write_bytes(f"k,v\na,1\n{line}\nb,3\n".encode("latin-1"))
    outcome = small.good("small.yaml")
    assert outcome.changes("out") == (0, 1, 1, 0)
    (source,) = outcome.results["sources"]
    assert source["ledger"]["rows_in"] == 3
    assert source["ledger"]["buckets"] == {"malformed": 1, "out": 2}
    held = small.rows("quarantine.raw__quarantine", "_source_file", "_line", "_bucket", "_reasons", "_text", "k", "v")
    text = line.replace("\xff", "\ufffd")
    assert held == [("rows.csv", 3, "malformed", f'["malformed({reason})"]', text, None, None)]
    listed = quarantined(small)
    assert "raw" in listed
    for told in ("Zanz", "Quito"):
        assert told not in outcome.said + listed
        assert told.encode() not in left(small)
    small.csv("data/rows.csv", "k,v", "a,1", "b,3")
    small.good("small.yaml")
    assert "nothing is held back" in quarantined(small)


@pytest.mark.parametrize("text", ["", "\xff\xfek,v\na,1\n"], ids=["empty", "not UTF-8"])
def test_a_file_that_is_no_csv_is_refused(small: Project, text: str) -> None:
    (small.root / "data" / "rows.csv").write_bytes(text.encode("latin-1"))
    outcome = small.run("small.yaml")
    assert outcome.code == 4, outcome.said
    assert "rows.csv" in outcome.said


def test_a_source_without_a_declared_column_fails(small: Project) -> None:
    before = small.published()
    small.csv("data/rows.csv", "k,w", "a,1", "b,3")
    outcome = small.run("small.yaml")
    assert outcome.code == 1, outcome.said
    assert "`v`" in outcome.said
    assert small.published() == before


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("columns: {k: string, v: string}", ("PATIENT-7,2024-01-31,SALARY-5", "b,2,3")),
        ("columns: {k: string, v: string}, extra_columns: error", ("PATIENT-7,2024-01-31,SALARY-5", "b,2,3")),
        ("columns: {k: string, v: string}", ("PATIENT-7,SALARY-5,SALARY-5", "b,2,3")),
        ("tags: open", ("PATIENT-7,SALARY-5", "b,2")),
    ],
)
def test_the_first_row_of_a_file_without_a_header_is_not_told(
    small: Project, source: str, lines: Sequence[str]
) -> None:
    small.write("small.yaml", PIPELINE.replace("columns: {k: string, v: string}", source, 1))
    small.csv("data/rows.csv", *lines)
    outcome = small.run("small.yaml")
    assert outcome.code == 1, outcome.said
    assert "csv: {header: false}" in outcome.said
    small.capture.readouterr()
    looked = main(["sources", "small.yaml"])
    said = outcome.said if source == "tags: open" else "".join(small.capture.readouterr())
    assert (looked, "SALARY" in said) == (0 if source == "tags: open" else 1, False)
    for secret in ("PATIENT", "SALARY"):
        assert secret not in outcome.said
        assert secret.encode() not in left(small)


def test_a_file_without_a_header_among_others_is_not_told(small: Project) -> None:
    small.write(
        "small.yaml", PIPELINE.replace("rows.csv", "rows*.csv").replace("columns: {k: string, v: string}", "tags: a", 1)
    )
    small.csv("data/rows2.csv", "PATIENT-7,SALARY-5", "b,2")
    outcome = small.run("small.yaml")
    assert (outcome.code, "rows2.csv" in outcome.said) == (1, True), outcome.said
    assert "PATIENT" not in outcome.said
    assert b"PATIENT" not in left(small)


def test_an_unset_variable_is_refused_and_named(small: Project) -> None:
    before = small.published()
    small.write("small.yaml", PIPELINE.replace("${DATA:-data}", "${SURELY_NOT_SET}"))
    outcome = small.run("small.yaml")
    assert outcome.code == 4, outcome.said
    assert "SURELY_NOT_SET" in outcome.said
    assert small.published() == before


# -- targets


@pytest.mark.parametrize("options", [["--target", "prod"], []])
def test_an_unknown_target_is_a_mistake(duckdb_project: Project, options: list[str]) -> None:
    duckdb_project.write("small.yaml", PIPELINE)
    if not options:
        duckdb_project.write("framework.yaml", "{default_target: prod, targets: {test: {warehouse: duckdb}}}")
    outcome = duckdb_project.run("small.yaml", *options)
    assert outcome.code == 2, outcome.said
    assert "`prod`" in outcome.said


def test_an_unset_variable_of_a_target_is_refused_and_named(duckdb_project: Project) -> None:
    target = '{targets: {dev: {warehouse: postgres, url: "${SURELY_NOT_SET}"}}}'
    duckdb_project.write("framework.yaml", target)
    duckdb_project.write("small.yaml", PIPELINE)
    outcome = duckdb_project.run("small.yaml")
    assert outcome.code == 4, outcome.said
    assert "SURELY_NOT_SET" in outcome.said


_THAT_OPEN_A_TARGET = (
    "plan small.yaml",
    "quarantine list small.yaml",
    "quarantine show small.yaml rows",
    "quarantine replay small.yaml rows",
    "quarantine discard small.yaml rows --all --reason done",
    "clean",
)


def test_a_locked_duckdb_file_is_refused(duckdb_project: Project) -> None:
    project = duckdb_project
    project.write("small.yaml", PIPELINE)
    project.csv("data/rows.csv", "k,v", "a,1")
    project.good("small.yaml")
    before = project.published()
    hold = "import duckdb, sys; c = duckdb.connect('test.duckdb'); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", hold], cwd=project.root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        outcome = project.run("small.yaml")
        project.capture.readouterr()
        codes = [main(words.split()) for words in _THAT_OPEN_A_TARGET]
        said = project.capture.readouterr().err
        other.communicate()
    assert outcome.code == 4, outcome.said
    assert "in use by another process" in outcome.said
    assert codes == [4] * len(_THAT_OPEN_A_TARGET), said
    assert said.count("in use by another process") == len(_THAT_OPEN_A_TARGET)
    assert project.published() == before
    project.good("small.yaml")


def test_a_file_that_is_no_database_is_refused(duckdb_project: Project) -> None:
    duckdb_project.write("small.yaml", PIPELINE)
    duckdb_project.write("test.duckdb", "no database " * 1000)
    outcome = duckdb_project.run("small.yaml")
    assert outcome.code == 4, outcome.said
    assert outcome.said.count("\n") < 10


def test_a_folder_of_the_database_that_cannot_be_made_is_refused(duckdb_project: Project) -> None:
    project = duckdb_project
    project.write("small.yaml", PIPELINE)
    config = project.root / "framework.yaml"
    config.write_text(
        config.read_text(encoding="utf-8").replace("test.duckdb", "small.yaml/test.duckdb"), encoding="utf-8"
    )
    outcome = project.run("small.yaml")
    assert outcome.code == 4, outcome.said
    assert "the folder of the database file cannot be made" in outcome.said
    assert "see `database` of the target" in outcome.said


def test_a_postgres_server_that_is_down_is_refused_without_its_password(
    duckdb_project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as closed:  # bound and not listening: nobody else can answer there
        closed.bind(("127.0.0.1", 0))
        url = f"postgresql://somebody:hunter2@127.0.0.1:{closed.getsockname()[1]}/nowhere"
        monkeypatch.setenv(URL_VARIABLE, url)
        duckdb_project.write(
            "framework.yaml", f'{{targets: {{dev: {{warehouse: postgres, url: "${{{URL_VARIABLE}}}"}}}}}}'
        )
        duckdb_project.write("small.yaml", PIPELINE)
        outcome = duckdb_project.run("small.yaml")
    assert outcome.code == 4, outcome.said
    assert "hunter2" not in outcome.said
    assert b"hunter2" not in left(duckdb_project)
    assert "Postgres" in outcome.said


# -- interruptions


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Claims enough for a run that can be caught in the middle."""
    folder = tmp_path_factory.mktemp("large")
    generate = [sys.executable, "-m", "benchmarks.generate", "--headers", "15000", "--out", str(folder)]
    subprocess.run(generate, cwd=REPOSITORY, check=True)
    return folder


@pytest.fixture
def claims(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project in which the claims of the repository's sample stand."""
    monkeypatch.setenv("CLAIMS_DATA", str(CLAIMS_DATA))
    project.good(CLAIMS)
    return project


@contextmanager
def midway(project: Project, data: Path, step: str) -> Iterator[subprocess.Popen[str]]:
    """A run in a process of its own that does a step just now; it is killed where the test does not end it."""
    with project.start(CLAIMS, {"CLAIMS_DATA": str(data)}) as process:
        try:
            assert process.stderr is not None
            said = []
            for line in process.stderr:
                said.append(line)
                if line.strip() == step:
                    break
            assert said[-1:] == [f"{step}\n"], said
            time.sleep(0.1)  # into the statement
            yield process
        finally:
            process.kill()


def ended(process: subprocess.Popen[str], sent: signal.Signals) -> tuple[int, str]:
    """Sends a signal; the exit code and what was said after it."""
    os.kill(process.pid, sent)
    out, err = process.communicate(timeout=SECONDS)
    return process.returncode, out + err


def good_in_time(project: Project) -> Outcome:
    """A run that must end well, once the server has noticed that the session of a killed one is gone."""
    deadline = time.monotonic() + SECONDS
    while True:
        outcome = project.run(CLAIMS)
        if outcome.code == 4 and "under way" in outcome.said and time.monotonic() < deadline:
            time.sleep(0.5)
            continue
        assert outcome.code == 0, outcome.said
        return outcome


@pytest.mark.parametrize("step", ["building claim_lines", "building claims"])
def test_ctrl_c_stops_a_run_and_changes_nothing(claims: Project, large: Path, step: str) -> None:
    before, commits = claims.published(), claims.commits()
    with midway(claims, large, step) as process:
        code, said = ended(process, signal.SIGINT)
    assert code == 130, said
    assert "interrupted" in said
    assert "Traceback" not in said
    assert claims.published() == before
    assert claims.commits() == commits
    assert len(claims.leftovers()) <= 1  # what was being built, whole or not there
    assert claims.good(CLAIMS).changes("fct_claims_monthly")[:2] == (0, 0)
    assert claims.published() == before
    assert claims.leftovers() == set()


def test_a_killed_run_changes_nothing_and_the_next_one_is_good(claims: Project, large: Path) -> None:
    before, commits = claims.published(), claims.commits()
    with midway(claims, large, "building fct_claims_monthly") as process:
        code, said = ended(process, signal.SIGKILL)
    assert code == -signal.SIGKILL, said
    assert claims.published() == before
    assert claims.commits() == commits
    assert good_in_time(claims).changes("fct_claims_monthly")[:2] == (0, 0)
    assert claims.published() == before
    assert claims.leftovers() == set()


def test_a_second_run_at_the_same_time_is_refused(claims: Project, large: Path) -> None:
    with midway(claims, large, "building claim_lines") as process:
        outcome = claims.run(CLAIMS)
        ended(process, signal.SIGINT)
    assert outcome.code == 4, outcome.said
    assert "under way" in outcome.said or "in use by another process" in outcome.said


@pytest.mark.parametrize("failure", [KeyboardInterrupt, OSError])
def test_an_end_in_the_middle_of_publishing_takes_everything_back(
    small: Project, monkeypatch: pytest.MonkeyPatch, failure: type[BaseException]
) -> None:
    before, commits = small.published(), small.commits()
    small.csv("data/rows.csv", "k,v", "a,1", "b,3", "c,4")

    def fail(*_: object) -> None:
        raise failure

    with monkeypatch.context() as patched:
        patched.setattr(standing, "committing", fail)
        outcome = small.run("small.yaml")
    assert outcome.code == (130 if failure is KeyboardInterrupt else 3), outcome.said
    assert exactly(small.rows("marts.out", "k", "v")) == exactly([("a", "1"), ("b", "2")])
    assert small.published() == before
    assert small.commits() == commits
    assert small.good("small.yaml").changes("out") == (1, 1, 1, 0)


def test_ctrl_c_after_publishing_does_not_say_that_nothing_changed(
    small: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.csv("data/rows.csv", "k,v", "a,1", "b,3")
    record, commit = standing.committing, sa.Connection._commit_impl
    recorded = []

    def noted(*arguments: Any) -> Iterator[Any]:
        yield from record(*arguments)
        recorded.append(True)

    def interrupted(connection: sa.Connection) -> None:
        """DuckDB commits, and then hears of Ctrl-C."""
        commit(connection)
        if recorded:
            recorded.clear()
            raise RuntimeError("Query interrupted") from KeyboardInterrupt()

    monkeypatch.setattr(standing, "committing", noted)
    monkeypatch.setattr(sa.Connection, "_commit_impl", interrupted)
    outcome = small.run("small.yaml")
    assert outcome.code == 130, outcome.said
    assert "after every table was published" in outcome.said
    assert small.rows("marts.out", "k", "v") == [("a", "1"), ("b", "3")]
