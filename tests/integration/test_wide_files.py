"""Feeds of hundreds of columns, each of which may be unreadable."""

from integration.project import Project

WIDTH = 400


def test_a_file_of_hundreds_of_columns(project: Project) -> None:
    names = [f"c{i}" for i in range(WIDTH)]
    whole = [str(i) for i in range(WIDTH)]
    unreadable = ["-1", *whole[1:-1], "x"]
    project.csv("wide.csv", ",".join(names), ",".join(whole), ",".join(unreadable))
    contract = ", ".join(f"{name}: integer" for name in names)
    passed = ", ".join(f"{name}: " for name in names)
    project.write(
        "wide.yaml",
        f"pipeline: wide\nsources:\n  feed: {{path: wide.csv, key: [c0], columns: {{{contract}}}}}\n"
        f"stages:\n  read: {{kind: normalize, from: feed, key: [c0], columns: {{{passed}}}}}\n"
        "  fact: {kind: publish, from: read}\n",
    )
    project.good("wide.yaml")
    assert project.rows("marts.fact", "c0", f"c{WIDTH - 1}") == [(0, WIDTH - 1)]
    assert project.rows("quarantine.read__quarantine", "c0") == [(-1,)]
