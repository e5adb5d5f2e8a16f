"""Programs: what Windows Installer logs of them, and what registries list."""

from typing import Any

import msgspec
import pytest
from host_builder import FakeRegistry, at, booted, event, evidence, log
from sample_writer.regf import write_hive

from evtscan.base.model.evidence import Evidence
from evtscan.base.model.fact import Basis
from evtscan.base.model.source import Source
from evtscan.facts.collectors import applications
from evtscan.facts.history.statement import Listing, Undecided
from evtscan.facts.host import Host
from evtscan.parsers.registry.hive import read_registry

ADDED, REMOVED, PART, WHOLE = Listing.ADDED, Listing.REMOVED, Listing.PART, Listing.WHOLE
UNINSTALL, WOW = applications.ROOTS
USERS = applications.USERS
VERSION = "application.Exchange.version"
INSTALLED = "Product: Exchange -- Installation operation completed successfully."
REMOVED_IT = "Product: Exchange -- Removal completed successfully."
UNTOLD = Undecided("it was installed, and the record does not say in which version")
ONE, TWO = "{15E29AFF-CB19-4A20-B981-B0765A63115F}", "{D5F13588-D337-456B-9335-9EDFADFE5627}"
"""Product codes."""


def logged(number, *texts, sequence=7, provider="MsiInstaller", minute=None):
    data = {f"Data{place}": text for place, text in enumerate(texts, 1)}
    return event(sequence, provider, number, source="App.evt", channel="Application", minute=minute, **data)


def with_status(number, status="0", version="6.5.7638", **more):
    return logged(number, "Exchange", version, "1033", status, "Microsoft", "(NULL)", **more)


def of_product(code, one):
    """An event with the product code in its binary data, behind which newer versions write more."""
    return msgspec.structs.replace(one, data={**one.data, "Binary": (code.encode() + b"0000").hex().upper()})


def stated(*events):
    return [
        (item.value, item.listing if item.name == "application" else item.since)
        for item in applications.collect(events)
    ]


EVENTS = {
    "installed": (with_status(1033), [(("Exchange",), ADDED), ("6.5.7638", True)]),
    "installed, restart needed": (with_status(1033, "3010"), [(("Exchange",), ADDED), ("6.5.7638", True)]),
    "removed": (with_status(1034), [(("Exchange",), REMOVED), ("6.5.7638", False), (None, False)]),
    "configured": (with_status(1035), [(("Exchange",), PART), ("6.5.7638", False)]),
    "without a version": (with_status(1033, version=""), [(("Exchange",), ADDED), (UNTOLD, True)]),
    "failed": (with_status(1033, "1603"), []),
    "status not told": (logged(1033, "Exchange", "6.5"), []),
    "no name": (logged(1033, " ", "6.5", "1033", "0"), []),
    "another source": (logged(1033, "Exchange", "6.5", "1033", "0", provider="Other"), []),
    "installed, as a sentence": (logged(11707, INSTALLED), [(("Exchange",), ADDED), (UNTOLD, True)]),
    "a name with dashes, in German": (
        logged(11707, "Produkt: A -- B - C -- Die Installation wurde erfolgreich abgeschlossen."),
        [(("A",), ADDED), (UNTOLD, True)],
    ),
    "removed, as a sentence": (
        logged(11724, "Product: Exchange -- Removal completed successfully."),
        [(("Exchange",), REMOVED), (None, False)],
    ),
    "another sentence": (logged(11707, "Installation operation completed successfully."), []),
    "beyond reason": (logged(11707, "Product: " + "x" * 9000 + " -- Installed."), []),
}


@pytest.mark.parametrize(("one", "expected"), EVENTS.values(), ids=EVENTS)
def test_what_an_event_says(one, expected):
    assert stated(one) == expected


SEQUENCES = {
    "sentence and status of one installation": (
        (logged(11707, INSTALLED), with_status(1033, version="8")),
        [(("Exchange",), ADDED), (("Exchange",), ADDED), ("8", True)],
    ),
    "status and sentence of one installation": (
        (with_status(1033, version="8"), logged(11707, INSTALLED)),
        [(("Exchange",), ADDED), ("8", True), (("Exchange",), ADDED)],
    ),
    "two installations told by sentences": (
        (logged(11707, INSTALLED), logged(11707, INSTALLED)),
        [(("Exchange",), ADDED), (UNTOLD, True)] * 2,
    ),
    "an upgrade that removes the old version first": (
        (of_product(ONE, with_status(1034, version="6")), of_product(TWO, with_status(1033, version="8"))),
        [(("Exchange",), REMOVED), ("6", False), (None, False), (("Exchange",), ADDED), ("8", True)],
    ),
    "an upgrade of old versions of Windows Installer": (
        (logged(11724, REMOVED_IT), logged(11707, INSTALLED)),
        [(("Exchange",), REMOVED), (None, False), (("Exchange",), ADDED), (UNTOLD, True)],
    ),
    "one of two versions is removed": (
        (
            of_product(ONE, with_status(1033, version="6")),
            of_product(TWO, with_status(1033, version="8")),
            of_product(ONE, logged(11724, REMOVED_IT)),
            of_product(ONE, with_status(1034, version="6")),
        ),
        [
            *((("Exchange",), ADDED), ("6", True)),
            *((("Exchange",), ADDED), (Undecided("it is installed in several versions: 6 and 8"), True)),
            *((("Exchange",), PART), ("8", True)),
            *((("Exchange",), PART), ("6", False), ("8", True)),
        ],
    ),
    "the same product in another version": (
        (of_product(ONE, with_status(1033, version="6")), of_product(ONE, with_status(1035, version="8"))),
        [(("Exchange",), ADDED), ("6", True), (("Exchange",), PART), ("8", False)],
    ),
}


@pytest.mark.parametrize(("events", "expected"), SEQUENCES.values(), ids=SEQUENCES)
def test_what_events_say_one_after_the_other(events, expected):
    assert stated(*events) == expected


def keys(*programs, root=UNINSTALL):
    """Keys of programs: names with versions, and what else their keys hold."""
    held = {root: {}}
    for place, (name, version, *more) in enumerate(programs):
        values = {"DisplayName": name, "DisplayVersion": version} | dict(more)
        held[rf"{root}\{{{place}}}"] = {key: value for key, value in values.items() if value is not None}
    return held


def of_user(*programs, user="S-1-5-21-1-2-3-1001"):
    """Products of Windows Installer as they are noted for a user."""
    held = {USERS: {}, rf"{USERS}\{user}\Products": {}}
    for place, (name, number) in enumerate(programs):
        values = {"DisplayName": name, "DisplayVersion": number}
        held[rf"{USERS}\{user}\Products\{place:032}\InstallProperties"] = values
    return held


def listed(held, whole=()):
    return [(item.value, item.listing) for item in applications.collect_registry(FakeRegistry(held, whole))]


EXCHANGE = ("Exchange", "6.5.7638")
REGISTRIES = {
    "all keys": ((keys(EXCHANGE), ("SOFTWARE",)), [(("Exchange",), WHOLE)]),
    "those of 64 bits only": ((keys(EXCHANGE), (UNINSTALL,)), [(("Exchange",), PART)]),
    "those of both kinds": (
        (keys(EXCHANGE) | keys(("Reader", "9"), root=WOW), (UNINSTALL, WOW, USERS)),
        [(("Exchange", "Reader"), WHOLE)],
    ),
    "those of both kinds, but not what users installed": (
        (keys(EXCHANGE) | keys(("Reader", "9"), root=WOW), (UNINSTALL, WOW)),
        [(("Exchange", "Reader"), PART)],
    ),
    "what a user installed": (
        (keys(EXCHANGE) | of_user(("Python", "3.11"), ("exchange", "6")), ("SOFTWARE",)),
        [(("Exchange", "Python"), WHOLE)],
    ),
    "what is no program": (
        (keys((None, "1"), ("Update", "1", ("ParentKeyName", "OperatingSystem")), ("", "1")), ("SOFTWARE",)),
        [((), WHOLE)],
    ),
    "nothing": (({}, ()), []),
    "none, and all is there": (({}, ("SOFTWARE",)), [((), WHOLE)]),
    "a number for a name": ((keys((7, "1")), ()), []),
}


@pytest.mark.parametrize(("held", "expected"), REGISTRIES.values(), ids=REGISTRIES)
def test_what_a_registry_lists(held, expected):
    assert listed(*held) == expected


def version(held, whole=("SOFTWARE",), name=VERSION):
    programs = applications.read_programs(FakeRegistry(held, whole))
    return [item.value for item in programs.version_of(name)]


def test_versions_that_a_registry_lists():
    assert version(keys(EXCHANGE)) == ["6.5.7638"]
    assert version(keys(EXCHANGE), name="application.EXCHANGE.version") == ["6.5.7638"]
    assert version(keys(EXCHANGE) | keys(EXCHANGE, root=WOW)) == ["6.5.7638"]
    assert version(keys(("Reader", "9"))) == [None]
    assert version(keys(("Reader", "9")), whole=(UNINSTALL,)) == []
    assert version(keys(("Exchange", None))) == []
    assert version(keys(EXCHANGE), name="file.exchange.version") == []
    assert version(keys(EXCHANGE) | of_user(("Exchange", "66.0"))) == ["6.5.7638"]
    assert version(of_user(("Exchange", "8"))) == ["8"]
    (two,) = version(keys(EXCHANGE, ("Exchange", "8.0")))
    assert two == Undecided("it is installed in several versions: 6.5.7638 and 8.0")


def known(host, one, name=VERSION):
    found = host.known(name, host.point_of(one))
    return found.basis, found.value


def test_a_program_is_known_from_its_installation_on():
    """What was there before is not known: it may have been another version."""
    first, change, last = event(2), with_status(1033, minute=5), event(9)
    applog = log(change, source="App.evt", channel="Application")
    host = Host(evidence(log(booted(1), first, last, last=10), applog))
    assert known(host, first) == (Basis.UNKNOWN, None)
    assert "began later" in host.known(VERSION, host.point_of(first)).why
    assert known(host, last) == (Basis.STATED, "6.5.7638")


def test_a_version_that_nobody_knows_ends_one_that_is_known():
    """A registry showed one before; another set-up since then, whose record does not say what it brought."""
    first, change, last = event(2), logged(11707, INSTALLED, minute=5), event(9)
    applog = log(change, source="App.evt", channel="Application")
    before = FakeRegistry(keys(EXCHANGE), taken=at(3))
    host = Host(evidence(log(booted(1), first, last, last=10), applog, before))
    assert known(host, first) == (Basis.STATED, "6.5.7638")
    assert known(host, last) == (Basis.UNKNOWN, None)
    assert "does not say in which version" in host.known(VERSION, host.now).why


def test_a_program_is_known_until_its_removal():
    first, change, last = event(2), with_status(1034, minute=5), event(9)
    applog = log(change, source="App.evt", channel="Application")
    host = Host(evidence(log(booted(1), first, last, last=10), applog))
    assert known(host, first)[1] == "6.5.7638"
    assert known(host, last) == (Basis.STATED, None)


def test_a_later_list_that_lacks_a_program_takes_it_back():
    """Not as with hotfixes, of which no list has every kind."""
    applog = log(with_status(1033, minute=5), source="App.evt", channel="Application")
    later = FakeRegistry(keys(("Reader", "9")), ("SOFTWARE",), taken=at(20))
    host = Host(evidence(log(booted(1), event(9), last=30), applog, later))
    assert host.known("application", host.now).value == ("Reader",)
    assert host.known("application", host.point_of(event(9))).value == ("Exchange", "Reader")
    assert host.known(VERSION, host.now).value is None


def test_the_programs_of_a_hive(tmp_path):
    path = tmp_path / "SOFTWARE"
    tree: dict[str, Any] = {"Microsoft": {"Windows NT": {"CurrentVersion": {"CurrentBuildNumber": "7601"}}}}
    programs = {"{1}": ("Exchange", "6.5.7638"), "Reader": ("Reader", "9.1")}
    uninstall = {key: {"DisplayName": name, "DisplayVersion": number} for key, (name, number) in programs.items()}
    tree["Microsoft"]["Windows"] = {"CurrentVersion": {"Uninstall": uninstall}}
    path.write_bytes(write_hive(tree))
    host = Host(Evidence(logs=(), registries=(read_registry(Source(path, "SOFTWARE")),)))
    assert host.known("application", host.now).value == ("Exchange", "Reader")
    assert host.fact_names_on_request == [VERSION, "application.Reader.version"]
    assert host.known("application.Reader.version", host.now).value == "9.1"
    assert host.known("application.Office.version", host.now).value is None
