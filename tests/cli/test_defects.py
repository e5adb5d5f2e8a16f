"""A defect in a reader ends the reading of one file, or one host of an audit, whatever the command."""

import json
from importlib import import_module

import pytest
from evidence_files import DHCP, evt, write

from evtscan.base.errors import RAISE_DEFECTS
from evtscan.parsers.logs import evt as evt_package
from evtscan.scan import scan_machines


@pytest.mark.parametrize("command", ["dump", "metrics", "scan"])
def test_a_command_goes_on_with_the_next_file(evtscan, tmp_path, monkeypatch, command):
    monkeypatch.delenv(RAISE_DEFECTS)
    write(tmp_path / "in", a__evt=evt(DHCP), b__evt=evt(DHCP))
    real = evt_package.read_log

    def defective(source, *given):
        if source.name == "a.evt":
            raise IndexError("boom")
        return real(source, *given)

    monkeypatch.setattr(evt_package, "read_log", defective)
    done = evtscan(command, tmp_path / "in")
    assert done.code == 0
    assert "a.evt: cannot be read: a defect of evtscan (IndexError: boom); please report this" in done.err
    assert "records   1 read" in done.err


def test_an_audit_counts_the_hosts_that_were_judged(evtscan, tmp_path, monkeypatch):
    write(tmp_path / "evidence" / "A", System__evt=evt(DHCP))
    write(tmp_path / "evidence" / "B", System__evt=evt(DHCP))

    def failing(*given, folder, **options):
        if folder == "B":
            raise IndexError("boom")
        return scan_machines(*given, folder=folder, **options)

    monkeypatch.setattr(import_module("evtscan.audit.hosts"), "scan_machines", failing)
    done = evtscan("audit", tmp_path / "evidence", "-j", "1", "-o", f"{tmp_path / 'out'}/")
    assert "hosts     1 read, 0 unchanged since the last run, 1 could not be read" in done.err
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    kinds = [[warning["kind"] for warning in host["warnings"]] for host in report["hosts"]]
    assert [("host_failed" in kind) for kind in kinds] == [False, True]
