"""Hosts with a planted change before the first match of a finding: exactly that change is reported."""

from dataclasses import replace

import pytest
from sample_writer.event import Data, SampleEvent, Value
from sample_writer.evtx import evtx_log

from evtscan.base.model.diagnosis import ChangeKind
from evtscan.detection.load.loader import load_rules
from evtscan.intake.paths import find
from evtscan.scan import ScanOptions, scan

RULE = """title: Disk timeout
id: 5e0f1f5a-7d5c-4a3b-9a41-0d1f8a1c0001
status: stable
logsource: {product: windows, service: system}
detection:
    selection: {Provider_Name: Disk, EventID: 11}
    condition: selection
level: medium
known_issue:
    kind: KIND
    when: {os.version: '10.0'}
    cause: A cable.
    remedy: [Replace it.]
"""
UPDATE_CLIENT = "Microsoft-Windows-WindowsUpdateClient"


def event(day, provider, event_id, *data, hour=8, channel="System", level=4):
    named = tuple(Data(name, Value(value)) for name, value in data)
    time = f"2020-03-{day:02}T{hour:02}:00:00Z"
    return SampleEvent(
        provider=provider, event_id=event_id, time=time, channel=channel, computer="PC", data=named, level=level
    )


def started(day, hour=7):
    return event(day, "Microsoft-Windows-Kernel-General", 12, ("MajorVersion", "10"), hour=hour)


def updated(day, article, hour=8):
    title = f"2020-03 Cumulative Update for Windows 10 ({article})"
    return event(day, UPDATE_CLIENT, 19, ("updateTitle", title), hour=hour)


def service(day, name, type_="user mode service", hour=8):
    data = (("ServiceName", name), ("ImagePath", "x"), ("ServiceType", type_), ("StartType", "auto start"))
    return event(day, "Service Control Manager", 7045, *data, hour=hour)


def symptom(day, hour=12):
    return event(day, "Disk", 11, hour=hour, level=2)


@pytest.fixture
def changes(tmp_path):
    def scanned(*events, kind="failure", **files):
        rule = tmp_path / "rule.yml"
        rule.write_text(RULE.replace("KIND", kind))
        host = tmp_path / "host"
        host.mkdir()
        numbered = [replace(item, record_number=number) for number, item in enumerate(events, 1)]
        (host / "System.evtx").write_bytes(evtx_log(numbered))
        (host / "facts.yaml").write_text("os.version: '10.0'\n")
        for name, data in files.items():
            (host / name.replace("__", ".")).write_bytes(data)
        rules = load_rules([rule], fact_known=lambda name: True).rules
        (finding,) = scan(find([host]).sources, rules, ScanOptions()).findings
        return finding.changes

    return scanned


def told(found):
    return [(item.kind, item.subject, item.time[:10], item.restarts) for item in found.changes]


def test_a_change_a_day_before(changes):
    found = changes(started(1), started(3), updated(9, "KB4540673"), started(9, 9), symptom(10), symptom(11))
    assert told(found) == [
        (ChangeKind.RESTART, "restart", "2020-03-09", 0),
        (ChangeKind.UPDATE, "KB4540673", "2020-03-09", 1),
    ]
    update = found.changes[1]
    assert update.text == "update KB4540673 was installed"
    assert update.seconds_before == 28 * 3600
    assert update.location.source == "System.evtx"
    assert (found.since[:10], found.until[:10], found.is_open, found.more) == ("2020-03-03", "2020-03-10", False, 0)


def test_no_change_at_all(changes):
    found = changes(started(1), event(2, "Disk", 1), event(3, "Disk", 1), symptom(20))
    assert (told(found), found.is_open) == ([(ChangeKind.RESTART, "restart", "2020-03-01", 0)], False)


def test_a_change_after_the_first_match_is_none(changes):
    found = changes(started(1), event(2, "Disk", 1), symptom(10), service(11, "Agent"), symptom(12))
    assert [item.subject for item in found.changes] == ["restart"]


def test_a_log_that_begins_with_the_symptom_does_not_say(changes):
    found = changes(symptom(10, 8), service(10, "Agent", hour=9), symptom(10, 12))
    assert (found.changes, found.is_open) == ((), True)


def test_a_change_before_the_last_whole_session_without_the_symptom_is_too_old(changes):
    found = changes(started(1), service(2, "Old"), started(3), started(5), service(6, "New"), started(7), symptom(8))
    assert [item.subject for item in found.changes if item.kind is ChangeKind.SERVICE] == ["New"]


def test_services_drivers_and_programs(changes):
    pnp = event(
        5,
        "Microsoft-Windows-UserPnp",
        20001,
        ("DriverName", "oem7.inf"),
        ("DeviceInstanceID", "USB\\X"),
        ("InstallStatus", "0x0"),
    )
    failed = event(5, "Microsoft-Windows-UserPnp", 20001, ("DriverName", "bad.inf"), ("InstallStatus", "0xe0000219"))
    installed = event(
        6,
        "MsiInstaller",
        11707,
        ("", "Product: Contoso Agent -- Installation completed successfully."),
        channel="Application",
    )
    found = changes(
        started(1),
        service(3, "Agent"),
        service(4, "flt", "kernel mode driver"),
        pnp,
        failed,
        symptom(10),
        Application__evtx=evtx_log([installed]),
    )
    assert [(item.kind, item.subject) for item in found.changes] == [
        (ChangeKind.PROGRAM, "Contoso Agent"),
        (ChangeKind.DRIVER, "oem7.inf"),
        (ChangeKind.DRIVER, "flt"),
        (ChangeKind.SERVICE, "Agent"),
        (ChangeKind.RESTART, "restart"),
    ]


def test_the_nearest_changes_are_listed_and_the_others_counted(changes):
    found = changes(started(1), *(service(2, f"s{number}", hour=number) for number in range(20)), symptom(10))
    assert [item.subject for item in found.changes[:2]] == ["s19", "s18"]
    assert (len(found.changes), found.more) == (10, 11)


def test_nothing_is_looked_for_before_what_is_harmless(changes):
    assert changes(started(1), service(3, "Agent"), symptom(10), kind="benign") is None
