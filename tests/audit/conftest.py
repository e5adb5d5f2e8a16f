"""A small fleet, and the rules to judge it by."""

import pytest
from evidence_files import DHCP, NT4_SP2, OTHER, evt, write

from evtscan.audit.hosts import Work
from evtscan.audit.runfolder import RunFolder
from evtscan.cli.output.session import rules_of
from evtscan.scan import ScanOptions


@pytest.fixture(scope="session")
def rules():
    """The founding rule alone: findings of this fleet do not change with the catalogue."""
    return tuple(rule for rule in rules_of(None).rules if rule.info.article == "Q162396")


@pytest.fixture(scope="session")
def work(rules):
    return Work(rules, ScanOptions())


@pytest.fixture
def fleet(tmp_path):
    """A host with a finding, one without, and one with nothing at all."""
    folder = tmp_path / "fleet"
    write(folder / "ALPHA", SysEvent__Evt=evt(DHCP, computer="ALPHA"), facts__yaml=NT4_SP2)
    write(folder / "beta" / "deep", System__evt=evt(OTHER, computer="BETA"))
    write(folder / "gamma")
    return folder


@pytest.fixture
def folder(tmp_path):
    """A run folder that is locked for this test."""
    run_folder = RunFolder(tmp_path / "out" / "run")
    with run_folder.locked():
        yield run_folder
