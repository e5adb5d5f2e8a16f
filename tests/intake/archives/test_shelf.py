import doctest

import pytest

from evtscan.intake.archives import shelf
from evtscan.intake.archives.shelf import MAX_NAME, REPLACED, inner_name, is_plain
from tests.intake.archives.conftest import contents, reasons, tarred, zipped


def test_examples():
    assert doctest.testmod(shelf).attempted > 0
    assert doctest.testmod(shelf).failed == 0


@pytest.mark.parametrize("raw", ["..", "../a", "a/../../b", r"..\a", r"a\..\b", "", "/", "./.", "a" * (MAX_NAME + 1)])
def test_names_that_lead_out_or_nowhere(raw):
    assert inner_name(raw) is None


@pytest.mark.parametrize(
    "name", ["CON", "con.evt", "LPT1.log", "COM0", "NUL ", "a.", "a ", "a:b", "a\0b", "", "x" * 101]
)
def test_names_that_no_file_may_have_on_windows(name):
    assert not is_plain(name)


@pytest.mark.parametrize(
    "name", ["SYSTEM", "SYSTEM.LOG1", "system._", "Microsoft-Windows-Foo%4Operational.evtx", "$MFT"]
)
def test_names_of_evidence_are_plain(name):
    assert is_plain(name)


def test_a_file_keeps_its_base_name_beside_those_of_its_folder(take):
    result = take(zipped({"C/config/SYSTEM": b"1", "C/config/SYSTEM.LOG1": b"2", "D/config/SYSTEM": b"3"}))
    paths = {source.name: source.path for source in result.sources}
    hive, log = paths["case.zip!C/config/SYSTEM"], paths["case.zip!C/config/SYSTEM.LOG1"]
    assert (hive.name, log.name) == ("SYSTEM", "SYSTEM.LOG1")
    assert hive.parent == log.parent
    assert hive.parent != paths["case.zip!D/config/SYSTEM"].parent


def test_names_that_differ_only_in_case_are_two_files(take):
    result = take(zipped({"System.evt": b"one", "SYSTEM.EVT": b"two"}))
    assert contents(result) == {"case.zip!System.evt": b"one", "case.zip!SYSTEM.EVT": b"two"}
    assert len({str(source.path).lower() for source in result.sources}) == 2


@pytest.mark.parametrize("pack", [zipped, tarred])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_two_members_of_one_name_the_later_counts(take, pack):
    result = take(pack([("System.evt", b"old"), ("System.evt", b"new")]))
    assert contents(result) == {"case.zip!System.evt": b"new"}
    assert reasons(result) == {"case.zip!System.evt": REPLACED}
