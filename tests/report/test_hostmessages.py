"""Which Windows logged an event decides whose message it gets."""

from dataclasses import replace
from pathlib import Path

from host_builder import booted, event, evidence, facts_file, log
from msgspec import structs

from evtscan.base.model.source import Source
from evtscan.evidence.reading import Reading
from evtscan.facts.host import Host
from evtscan.messages.store import FoundMessage
from evtscan.report.hostmessages import FileMessages, HostMessages


class Tables:
    """A message for every event, which names the version that it was asked for."""

    name = "tables"

    def find(self, wanted):
        return FoundMessage(f"of Windows {wanted.version}: %1") if wanted.identifier == 1008 else None


def dhcp(sequence, **more):
    return structs.replace(event(sequence, Data1="x", **more), qualifiers=0)


def texts(host, *events):
    messages = HostMessages(host, Tables())
    return [messages.text(item) for item in events], [warning.kind for warning in messages.warnings]


def test_a_boot_session_states_its_windows():
    one, two = dhcp(5), dhcp(15)
    host = Host(evidence(log(booted(2), one, booted(12, version="5.0"), two, last=20)))
    assert texts(host, one, two) == (["of Windows 4.0: x", "of Windows 5.0: x"], [])


def test_a_version_is_not_carried_back_for_the_host_may_have_been_upgraded():
    early, late = dhcp(5), dhcp(15)
    host = Host(evidence(log(early, booted(12, version="5.0"), late, last=20)))
    assert texts(host, early, late) == ([None, "of Windows 5.0: x"], ["message_windows_unknown"])


def test_what_somebody_states_from_a_time_on_is_carried_forward():
    one = dhcp(5)
    host = Host(evidence(log(one), facts_file(os_version=[("4.0", 1)])))
    assert texts(host, one) == (["of Windows 4.0: x"], [])


def test_without_a_version_there_is_no_message():
    one = dhcp(5)
    assert texts(Host(evidence(log(one))), one) == ([None], ["message_windows_unknown"])


def test_the_format_of_a_log_gives_no_version():
    one = dhcp(5, source="System.evtx")
    own = log(one, source="System.evtx", format="evtx")
    assert texts(Host(evidence(own)), one) == ([None], ["message_windows_unknown"])


def test_each_log_of_a_dump_counts_with_its_own_machine():
    one, two = dhcp(5, source="a.evt", computer="NTA"), dhcp(5, source="b.evt", computer="W2KB")
    logs = [
        log(booted(2, source="a.evt", computer="NTA"), one, source="a.evt", computers=("NTA",)),
        log(booted(2, source="b.evt", computer="W2KB", version="5.0"), two, source="b.evt", computers=("W2KB",)),
    ]
    messages = FileMessages(Reading(logs=logs), Tables())
    assert [messages.add_to(item).message for item in (one, two)] == ["of Windows 4.0: x", "of Windows 5.0: x"]
    stray = dhcp(5, source="c.evt")
    assert messages.add_to(stray) is stray
    assert [warning.kind for warning in messages.warnings] == ["message_windows_unknown"]


def test_a_forwarded_event_counts_with_the_machine_that_logged_it():
    name = "ForwardedEvents.evtx"
    source = Source(Path(name), name)
    one, two = dhcp(5, source=name, computer="NTA"), dhcp(6, source=name, computer="W2KB")
    logs = [
        replace(log(item, source=name, computers=(item.computer,)), source=source, forwarded=True)
        for item in (one, two)
    ]
    logs.append(log(booted(2, source="a.evt", computer="NTA"), source="a.evt", computers=("NTA",), last=30))
    messages = FileMessages(Reading(logs=logs), Tables())
    assert [messages.add_to(item).message for item in (one, two)] == ["of Windows 4.0: x", None]
