"""The table of manifests, how it is reduced, and the lints that compare rules with it."""

import pytest
from example_rules import rule_text

from evtscan.detection.authoring import manifests
from tests.detection.authoring.test_lint import lints

ISSUE = """\
kind: failure
when: {os.version: '10.0'}
cause: A cause
remedy: [A step]
cases:
    - {events: [], verdict: confirmed}
    - {events: [], verdict: none}
"""
SCM = "Service Control Manager"


def found(folder, detection, issue=ISSUE, comment=""):
    return [
        name for name, _, _ in lints(folder, rule_text(detection, issue) + comment) if name.endswith("-in-manifest")
    ]


def selecting(provider, event_id, more=""):
    return f"s: {{Provider_Name: {provider}, EventID: {event_id}{more}}}\ncondition: s"


def test_the_table_has_fields_levels_and_builds_of_events_that_rules_name():
    provider = manifests.provider_of("microsoft-windows-kernel-power")
    assert {41, 42, 109} <= provider.event_ids
    (newest,) = (one for one in provider.versions[41] if one.version == 10)
    assert newest.level == 1
    assert "LongPowerButtonPressDetected" in newest.fields
    assert newest.is_in(26100)
    assert not newest.is_in(22631)


def test_a_provider_that_no_rule_names_is_not_in_the_table():
    assert manifests.provider_of("Contoso") is None


@pytest.mark.parametrize(
    ("detection", "expected"),
    [
        (selecting(SCM, 7023), []),
        (selecting(SCM, 7999), ["event-not-in-manifest"]),
        (selecting("Contoso", 7999), []),
        (selecting(SCM, 7023, ", param1: x, Data1: x"), []),
        (selecting(SCM, 7023, ", param9: x"), ["field-not-in-manifest"]),
        (selecting(f"[{SCM}, Contoso]", 7023, ", param9: x"), []),
        (selecting("Microsoft-Windows-Windows Defender", 5007, ", New Value: x"), []),
        (selecting("Microsoft-Windows-Kernel-Power", 41, ", Level: 1"), []),
        (selecting("Microsoft-Windows-Kernel-Power", 41, ", Level: 2"), ["level-not-in-manifest"]),
        (
            "s: {Provider_Name: Schannel, EventID: 36871}\nt: {ErrorCode: 1}\ncondition: s and t",
            ["field-not-in-manifest"],
        ),
        ("s: {Provider_Name: Schannel, EventID: 36871}\nt: {ErrorState: 1}\ncondition: s and t", []),
    ],
)
def test_events_fields_and_levels_are_compared(tmp_path, detection, expected):
    assert found(tmp_path, detection) == expected


@pytest.mark.parametrize(
    ("build", "expected"),
    [("'>=26100'", []), ("'<10000'", ["build-not-in-manifest"])],
)
def test_a_rule_leaves_a_build_that_has_its_event(tmp_path, build, expected):
    issue = ISSUE.replace("os.version: '10.0'", f"os.build: {build}")
    assert found(tmp_path, selecting("Microsoft-Windows-TPM-WMI", 1798), issue) == expected


def test_a_stated_reason_is_accepted(tmp_path):
    assert found(tmp_path, selecting(SCM, 7999), comment="# manifest: logged by an update of 2030\n") == []


def test_rules_about_windows_without_manifests_are_not_compared(tmp_path):
    assert found(tmp_path, selecting(SCM, 7999), ISSUE.replace("10.0", "4.0")) == []


def test_the_table_is_reduced_to_what_rules_use():
    row = {"version": "0", "level": "Error", "builds": "7600-28000"}
    table = [
        {"provider": "Disk", "event_id": "7", "fields": "UnicodeString Name, UInt32 Code", **row},
        {"provider": "Disk", "event_id": "8", "fields": "", **row},
        {"provider": "Disk", "event_id": "11", "fields": "", **row},
        {"provider": "Other", "event_id": "7", "fields": "", **row},
    ]
    assert list(manifests.reduced(table, [("disk", 7)])) == [
        ("Disk", "7-8 11", "", "", "", ""),
        ("Disk", "7", "0", "Error", "Name Code", "7600-28000"),
    ]
