"""Packages of component servicing: which updates are installed, and the update revision that they bring."""

from pathlib import Path

import pytest
from host_builder import FakeRegistry, at, booted, evidence, log
from sample_writer.regf import write_hive

from evtscan.base.model.fact import Basis
from evtscan.base.model.source import Source
from evtscan.facts.collectors import servicing
from evtscan.facts.collectors.registry import CURRENT_VERSION
from evtscan.facts.history.statement import Listing
from evtscan.facts.host import Host
from evtscan.parsers.registry.hive import read_registry

INSTALLED, STAGED, SUPERSEDED, PENDING, PERMANENT = 0x70, 0x40, 0x50, 0x60, 0x80
WINDOWS_7 = {"CurrentVersion": "6.1", "CurrentBuildNumber": "7601"}
WINDOWS_10 = {"CurrentVersion": "6.3", "CurrentBuildNumber": "19045"}


def package(title, version="6.1.1.0"):
    return f"Package_{title}~31bf3856ad364e35~amd64~~{version}"


def rollup(version):
    return package("for_RollupFix", version)


def hive_keys(states, current=WINDOWS_7):
    below = {rf"{servicing.PACKAGES}\{name}": {"CurrentState": state} for name, state in states.items()}
    return {CURRENT_VERSION: current, servicing.PACKAGES: {}, **below}


def registry(states, current=WINDOWS_7, whole=True):
    return FakeRegistry(hive_keys(states, current), ("SOFTWARE",) if whole else (), taken=at(100))


def stated(*args, **more):
    return {item.name: item for item in servicing.collect(registry(*args, **more))}


def hotfixes(states, **more):
    found = stated(states, **more).get("hotfix")
    return found and (found.value, found.listing, found.unsettled)


def test_updates_whose_package_is_installed():
    states = {
        package("for_KB2483187"): INSTALLED,
        package("1_for_KB2483187"): STAGED,
        package("for_KB976932", "6.1.1.17514"): PERMANENT,
        package("for_kb2533552_SP1"): INSTALLED,
        package("for_KB2533552_RTM"): STAGED,
        package("for_KB3177467"): STAGED,
        package("for_KB4490628"): 0,
        "Microsoft-Windows-Foundation-Package~31bf3856ad364e35~amd64~~6.1.7601.17514": INSTALLED,
    }
    assert hotfixes(states) == (("KB2483187", "KB2533552", "KB976932"), Listing.WHOLE, ())


@pytest.mark.parametrize("state", [0x05, SUPERSEDED, PENDING, 0x65, 0xFFFFFF90, "112", None])
def test_a_state_between_settles_nothing(state):
    states = {package("for_KB2483187"): INSTALLED, package("for_KB2999226"): state}
    assert hotfixes(states) == (("KB2483187",), Listing.WHOLE, ("KB2999226",))


def test_one_installed_package_settles_it():
    states = {package("for_KB2999226", "6.1.1.0"): SUPERSEDED, package("for_KB2999226", "6.1.2.0"): INSTALLED}
    assert hotfixes(states) == (("KB2999226",), Listing.WHOLE, ())


def test_an_update_without_article_makes_the_list_a_part():
    states = {package("for_KB5011048"): INSTALLED, package("for_ServicingStack_3562", "19041.3562.1.1"): INSTALLED}
    assert hotfixes(states) == (("KB5011048",), Listing.PART, ())


def test_a_staged_update_without_article_is_none():
    states = {package("for_KB5011048"): INSTALLED, package("for_ServicingStack_3562", "19041.3562.1.1"): STAGED}
    assert hotfixes(states) == (("KB5011048",), Listing.WHOLE, ())


def test_a_key_that_may_lack_packages_is_a_part():
    assert hotfixes({package("for_KB2483187"): INSTALLED}, whole=False) == (("KB2483187",), Listing.PART, ())
    assert hotfixes({}, whole=False) is None
    assert hotfixes({}) == ((), Listing.WHOLE, ())


def test_a_registry_without_packages_says_nothing():
    assert list(servicing.collect(FakeRegistry({CURRENT_VERSION: WINDOWS_7}, ("SOFTWARE",)))) == []


def test_a_listed_cumulative_update_has_its_article():
    states = {rollup("19041.2364.1.10"): INSTALLED, rollup("19041.1.1.0"): STAGED}
    assert hotfixes(states, current=WINDOWS_10) == (("KB5021233",), Listing.WHOLE, ())


def test_the_newest_cumulative_update_is_the_revision():
    states = {
        rollup("19041.2364.1.10"): INSTALLED,
        rollup("19041.964.1.2"): INSTALLED,
        rollup("19041.4291.1.10"): STAGED,
        rollup("19041.3803.1.7"): SUPERSEDED,
    }
    found = stated(states, current=WINDOWS_10)
    assert found["os.ubr"].value == 2364
    assert found["os.ubr"].note == "the newest cumulative update that is installed is 19041.2364"
    assert found["os.update_date"].value == "2022-12-13"
    assert found["os.ubr"].location.key == servicing.PACKAGES


@pytest.mark.parametrize(
    ("version", "current"),
    [
        ("19041.2364.1.10", {**WINDOWS_10, "UBR": 2364}),
        ("19041.2364.1.10", {**WINDOWS_10, "UBR": 1}),
        ("17763.2364.1.10", WINDOWS_10),
        ("19041.264.1.10", WINDOWS_10),
        ("7601.24059.1.3", WINDOWS_7),
        ("19041", WINDOWS_10),
        ("19041.2364.1.10", {"CurrentVersion": "6.3"}),
        ("19041.2364.1.10", {"CurrentBuildNumber": "19045 or so"}),
    ],
    ids=[
        "it is stated",
        "and stated otherwise",
        "another build",
        "before any 19045",
        "no revisions yet",
        "no revision in it",
        "no build",
        "no number",
    ],
)
def test_no_revision_where_it_is_stated_or_the_build_is_another(version, current):
    assert "os.ubr" not in stated({rollup(version): INSTALLED}, current=current)


def test_the_host_knows_what_is_installed_what_is_not_and_what_is_open():
    states = {package("for_KB2483187"): INSTALLED, package("for_KB2999226"): SUPERSEDED}
    host = Host(evidence(log(booted(1, version="6.1"), last=100), registry(states)))
    known = host.known("hotfix", host.now)

    def answer(name):
        found = known.about(lambda value: name in value, [name])
        return None if found.basis is Basis.UNKNOWN else name in found.value

    assert [answer(name) for name in ("KB2483187", "KB2999226", "KB9999999")] == [True, None, False]
    assert "superseded" in known.about(lambda value: "KB2999226" in value, ["KB2999226"]).why


def test_a_hive(tmp_path: Path):
    names = {package("for_KB2483187"): {"CurrentState": INSTALLED}, package("for_KB2999226"): {"CurrentState": 0}}
    servicing_key = {"Component Based Servicing": {"Packages": names}}
    tree = {"Microsoft": {"Windows": {"CurrentVersion": servicing_key}, "Windows NT": {"CurrentVersion": WINDOWS_7}}}
    path = tmp_path / "SOFTWARE"
    path.write_bytes(write_hive(tree))
    (found,) = servicing.collect(read_registry(Source(path, "HOST/SOFTWARE")))
    assert (found.value, found.listing) == (("KB2483187",), Listing.WHOLE)
    assert found.location.source == "HOST/SOFTWARE"
