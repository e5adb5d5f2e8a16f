from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("generation", "begins", "tool"),
    [
        ("nt4", "@echo off", "winmsd /a /f"),
        ("2000", "@echo off", "msinfo32 /report"),
        ("modern", "# ", "wevtutil.exe epl"),
    ],
)
def test_a_script_for_each_generation(evtscan, generation, begins, tool):
    result = evtscan("collect", "--for", generation)
    assert result.code == 0
    assert result.out.startswith(begins)
    assert tool in result.out
    assert ("rasarp.sys" in result.out) == (generation == "nt4")  # the rules ask for it, on Windows NT


def test_without_a_generation_it_is_wrong_usage(evtscan):
    assert evtscan("collect").code == 2
    assert evtscan("collect", "--for", "95").code == 2


def test_what_open_findings_lack(evtscan, fleet):
    evtscan("audit", fleet, "-o", "out/")
    result = evtscan("collect", "--for", "nt4", "--missing", "out/report.json")
    assert result.code == 0
    assert "rem component.ras: decides 1 finding (Q162396) on NTWS08" in result.out
    assert "Services.reg" in result.out
    assert "ProductOptions.reg" not in result.out
    assert "NTWS07" not in result.out  # confirmed: nothing is missing there


def test_into_a_file_as_a_batch_file_needs_it(evtscan):
    assert evtscan("collect", "--for", "nt4", "-o", "collect.cmd").code == 0
    data = Path("collect.cmd").read_bytes()
    assert data.startswith(b"@echo off\r\n")
    assert evtscan("collect", "--for", "nt4", "-o", "collect.cmd").code == 1
    assert evtscan("collect", "--for", "nt4", "-o", "collect.cmd", "-C").code == 0


def test_report_that_is_none(evtscan):
    assert evtscan("collect", "--for", "nt4", "--missing", "nowhere.json").code == 2
    Path("bad.json").write_text("{")
    assert evtscan("collect", "--for", "nt4", "--missing", "bad.json").code == 1
