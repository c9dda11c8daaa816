"""Data Docs of a run, opened in a browser."""

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from integration.project import Project

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser]

PIPELINE = """
pipeline: example
sources:
  raw: {path: raw.csv, columns: {id: integer, member: string}}
stages:
  typed:
    kind: normalize
    from: raw
    key: [id]
    columns: {id: id, member: member}
    checks:
      - {not_null: [member], on_fail: warn}
      - {expression: id < 9, on_fail: warn, description: no id of two digits}
"""
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture
def page() -> Iterator["Page"]:
    """A page of the browser that is installed; it reaches no network."""
    from playwright.sync_api import sync_playwright

    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no browser: install chromium")
        pytest.skip("no browser: install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(_FLAGS))
        opened = browser.new_page()
        opened.route("http*://**", lambda route: route.abort())
        yield opened
        browser.close()


def test_the_data_docs_show_the_run(duckdb_project: Project, page: "Page") -> None:
    text = duckdb_project.root / "framework.yaml"
    text.write_text(text.read_text(encoding="utf-8")[:-1] + ', "hooks": ["great_expectations"]}', encoding="utf-8")
    duckdb_project.csv("raw.csv", "id,member", "1,Zoltan", "2,", "10,Ambrus")
    duckdb_project.write("pipeline.yaml", PIPELINE)
    run = duckdb_project.good("pipeline.yaml").results["run_id"]
    site = duckdb_project.root / "target" / "gx" / "uncommitted" / "data_docs" / "local_site"

    page.goto((site / "index.html").as_uri())
    assert "Data Docs" in page.title()
    [result] = (site / "validations" / "typed").rglob("*.html")
    page.goto(result.as_uri())
    shown = page.inner_text("body")
    assert run in shown
    assert "Data asset: typed" in shown
    assert "Status: Failed" in shown
    statistics = [row.inner_text().split() for row in page.query_selector_all("tr")]
    assert ["Evaluated", "Expectations", "4"] in statistics
    assert ["Unsuccessful", "Expectations", "2"] in statistics
    assert "values must never be null.\n\n1 unexpected values found. ≈33.33% of 3 total rows." in shown
    assert "no id of two digits" in shown
    assert not any(value in shown for value in ("Zoltan", "Ambrus"))
