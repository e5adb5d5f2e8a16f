"""Hostile text in evidence (events, facts, registry, names of files and hosts) through every output."""

import csv
import io
import json
import os
import re

import pytest
from evidence_files import NT4_SP2, write
from sample_writer.event import SampleEvent
from sample_writer.evt import saved_log

from tests.fuzz.targets import run_cli

MARK = "\x1b[31m\x9b2J\u202egnp\u2066\u2028\x07"
HTML = "<img src=x onerror=alert(1)></script><script>alert(1)</script>"
FORMULA = '=HYPERLINK("http://x","y")'
SHELL = "%COMSPEC% $(id) `id` & del x | more > y"
MARKDOWN = "](javascript:alert(1)) | a | **b**\n# c"
HOSTILE = (MARK, HTML, FORMULA, SHELL, MARKDOWN, "@SUM(1)", "+1", "-1+1", "\t=1", "{{7*7}}", "A" * 5000)
ACTED_ON = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
ON_WINDOWS = os.name == "nt"


@pytest.fixture
def fleet(tmp_path, monkeypatch):
    """Two hosts that the founding rule confirms, with hostile text wherever evidence has text."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    for number in range(2):
        name = f"HOST{number}" if ON_WINDOWS else f"H{number}={HTML.replace('/', '')}\x1b\u202e"
        events = [
            SampleEvent(
                provider=provider,
                event_id=event_id,
                time=f"1998-03-01T00:{minute:02}:00Z",
                channel="System",
                computer=f"PC{number}{text[:200]}",
                strings=(text, *HOSTILE),
            )
            for minute, text in enumerate(HOSTILE)
            for provider, event_id in (("Dhcp", 1008), ("Service Control Manager", 7000), (text[:200] or "x", 7))
        ]
        folder = tmp_path / "fleet" / name
        write(folder, SysEvent__Evt=saved_log(events), facts__yaml=NT4_SP2 + f"host.role: {json.dumps(HTML + MARK)}\n")
        registry = "".join(f'"v{place}"={json.dumps(text[:500])}\n' for place, text in enumerate(HOSTILE))
        write(folder, a__reg=f"REGEDIT4\n\n[HKEY_LOCAL_MACHINE\\SYSTEM\\{SHELL}]\n{registry}")
        if not ON_WINDOWS:
            (folder / f"=1+1{HTML.replace('/', '')}\x1b.txt").write_text("no evidence")
    return tmp_path / "fleet"


def assert_quiet(text, *, line_breaks="\r\n\t"):
    found = {match for match in ACTED_ON.findall(text) if match not in line_breaks}
    assert not found


@pytest.mark.parametrize(
    "command",
    [
        ("audit", "--all", "-j", "1"),
        ("audit", "-j", "1", "-t", "markdown"),
        ("audit", "-j", "1", "-t", "csv"),
        ("audit", "-j", "1", "-t", "csv", "--excel"),
        ("scan", "--all", "-v"),
        ("facts",),
        ("timeline",),
        ("metrics",),
        ("dump", "-t", "csv"),
    ],
    ids=" ".join,
)
def test_what_is_printed_acts_on_no_terminal(fleet, capfd, command):
    name, *options = command
    folder = fleet if name == "audit" else next(iter(sorted(fleet.iterdir())))
    shown = run_cli(name, str(folder), *options)
    assert "\\u202e" in shown  # the text is there, as escapes
    assert_quiet(shown)
    assert_quiet(capfd.readouterr().err)


def test_no_cell_of_a_table_is_a_formula(fleet):
    run_cli("audit", str(fleet), "-q", "-j", "1", "-o", "out/")
    tables = [path for path in (fleet.parent / "out").iterdir() if path.suffix == ".csv"]
    assert {path.name for path in tables} >= {"findings.csv", "events.csv", "hosts.csv", "evidence.csv", "warnings.csv"}
    tables.append(fleet.parent / "dump.csv")
    tables[-1].write_text(run_cli("dump", str(fleet), "-q", "-t", "csv"))
    for path in tables:
        text = path.read_text(encoding="utf-8")
        assert_quiet(text)
        for row in csv.reader(io.StringIO(text)):
            for cell in row:
                assert not re.match(r"\s*[=@]|\s*[+-](?!\d+(?:\.\d+)?\Z)", cell), (path.name, cell[:80])


def test_markup_in_evidence_is_text_in_pages(fleet):
    run_cli("audit", str(fleet), "-q", "-j", "1", "-o", "out/", "-o", "report.md")
    page = (fleet.parent / "out" / "report.html").read_text(encoding="utf-8")
    assert len(page) > 10_000  # details are packed in it; that scripts show them as text is tested in a browser
    assert not re.search(r"<img src=x|<script>alert|</script><script>alert", page)
    listed = (fleet.parent / "report.md").read_text(encoding="utf-8")
    assert_quiet(listed)
    assert not re.search(r"(?<!\\)<img src=x|(?<!\\)<script>", listed)
    assert "](javascript:" not in listed


def test_json_holds_the_text_and_a_saved_report_shows_it_safely(fleet):
    run_cli("audit", str(fleet), "-q", "-j", "1", "-o", "report.json", "-o", "report.jsonl")
    saved = json.loads((fleet.parent / "report.json").read_bytes())
    assert len(saved["hosts"]) == 2
    assert all(json.loads(line) for line in (fleet.parent / "report.jsonl").read_text().splitlines())
    for arguments in (("report", "report.json", "--all"), ("report", "--compare", "report.json", "report.json")):
        assert_quiet(run_cli(*arguments))
    for generation in ("nt4", "2000", "modern"):
        script = run_cli("collect", "--for", generation, "--missing", "report.json")
        assert_quiet(script)
        commands = [line for line in script.splitlines() if not line.startswith(("rem ", "#", "::"))]
        assert not [line for line in commands if "COMSPEC%" in line or "$(id)" in line or "alert" in line]
