import io
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import evtscan.reporters
from evtscan.report.model import Report
from evtscan.reporters import REPORTERS, Reporter
from evtscan.reporters.json.report import dump, load
from evtscan.reporters.tables.columns import TABLES

BINARY = {"parquet"}


def written(reporter: Reporter, report: Report, content: str | None = None) -> bytes:
    stream = io.BytesIO()
    reporter.write(report, stream, content)
    assert not stream.closed
    return stream.getvalue()


@pytest.mark.parametrize("reporter", REPORTERS, ids=lambda row: row.name)
def test_every_reporter_writes_any_report_the_same_way_twice(reporter: Reporter, report: Report) -> None:
    for content in reporter.files():
        first = written(reporter, report, content)
        if reporter.name not in BINARY:
            first.decode("utf-8")
            assert b"\x1b" not in first
            assert b"\x00" not in first
        # The order in which hosts were finished never shows; nor that of rules, except in the full form.
        rules = report.rules if reporter.name == "json" else tuple(reversed(report.rules))
        turned = replace(report, hosts=tuple(reversed(report.hosts)), rules=rules)
        assert written(reporter, turned, content) == first


@pytest.mark.parametrize("reporter", REPORTERS, ids=lambda row: row.name)
def test_a_report_that_was_saved_gives_the_same_output(reporter: Reporter, one_host: Report) -> None:
    saved = load(dump(one_host), "report.json")
    for content in reporter.files():
        assert written(reporter, saved, content) == written(reporter, one_host, content)


def test_names_and_suffixes_are_each_one_format() -> None:
    assert len({row.name for row in REPORTERS}) == len(REPORTERS)
    suffixes = [row.suffix for row in REPORTERS if row.by_suffix]
    assert len(set(suffixes)) == len(suffixes)


def test_every_module_that_is_a_format_has_its_row() -> None:
    package = Path(evtscan.reporters.__file__).parent
    files = [file for file in package.rglob("*.py") if "\ndef sink(" in file.read_text("utf-8")]
    names = {".".join(file.relative_to(package).with_suffix("").parts).removesuffix(".__init__") for file in files}
    assert {row.module for row in REPORTERS} == {f"evtscan.reporters.{name}" for name in names}


def test_files_of_a_format() -> None:
    by_name = {row.name: row for row in REPORTERS}
    assert by_name["csv"].files() == tuple(TABLES)
    assert by_name["json"].files() == ("report",)


def test_a_single_csv_holds_the_findings(full: Report) -> None:
    csv = next(row for row in REPORTERS if row.name == "csv")
    assert written(csv, full) == written(csv, full, "findings") != written(csv, full, "hosts")


def test_json_is_the_full_form(full: Report) -> None:
    row = next(row for row in REPORTERS if row.name == "json")
    assert len(json.loads(written(row, full))["hosts"]) == len(full.hosts)


def test_the_table_of_formats_loads_nothing_heavy() -> None:
    code = "import sys, evtscan.reporters.output; print({'pandas', 'rich', 'jinja2', 'pyarrow'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
