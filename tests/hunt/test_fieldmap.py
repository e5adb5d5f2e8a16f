import pytest
from hunting import Rows
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_writer.event import Data, SampleEvent, Value

from evtscan.base.logic import Truth, truth
from evtscan.detection.model import condition
from evtscan.detection.model.modifiers import holds
from evtscan.hunt import fieldmap
from evtscan.hunt.fieldmap import event_kinds, mapped
from evtscan.hunt.options import HuntOptions
from evtscan.hunt.run import hunt


def audit(event_id, **data):
    return SampleEvent(
        provider="Microsoft-Windows-Security-Auditing",
        event_id=event_id,
        time="2024-05-01T10:00:00.0000000Z",
        computer="PC-01",
        channel="Security",
        data=tuple(Data(name, Value(value)) for name, value in data.items()),
    )


def created(image=r"C:\Windows\System32\cmd.exe", command="cmd /c whoami", **data):
    given = {
        "NewProcessId": "0x1f4",
        "NewProcessName": image,
        "ProcessId": "0x4",
        "CommandLine": command,
        "ParentProcessName": r"C:\Windows\explorer.exe",
        "MandatoryLabel": "S-1-16-12288",
    }
    return audit(4688, **{**given, **data})


def rule(detection, category="process_creation", condition="sel"):
    return (
        "title: R\nid: 00000000-0000-4000-8000-000000000031\nstatus: test\nlevel: high\n"
        f"logsource: {{product: windows, category: {category}}}\n"
        f"detection:\n{detection}\n    condition: {condition}\n"
    )


def matches(text, events, rules, log, **options):
    rows = Rows()
    hunt([log(events, "Security.evtx")], rules(text), HuntOptions(**options), sinks=[rows])
    return [row.hit.record_id for row in rows]


@pytest.mark.parametrize(
    ("detection", "found"),
    [
        (r"    sel: {Image|endswith: '\cmd.exe', CommandLine|contains: WHOAMI}", True),
        (r"    sel: {ParentImage|endswith: '\explorer.exe'}", True),
        ("    sel: {ProcessId: 500, ParentProcessId: '4'}", True),
        ("    sel: {ProcessId: 501}", False),
        ("    sel: {IntegrityLevel: high}", True),
        ("    sel: {IntegrityLevel: [System, S-1-16-12288]}", True),
        ("    sel: {IntegrityLevel: System}", False),
        ("    sel: {Image|re: '.*cmd.*'}", True),
        ("    sel: {Computer: PC-01}", True),
        ("    sel: {OriginalFileName: Cmd.Exe}", False),
        ("    sel: [{OriginalFileName: x}, {Image|endswith: cmd.exe}]", True),
        ("    sel: {Image|endswith: cmd.exe, Hashes|contains: x}", False),
        ("    sel: [whoami]", True),
    ],
)
def test_a_process_creation_of_the_security_log(rules, log, detection, found):
    assert matches(rule(detection), [created()], rules, log) == ([1] if found else [])


@pytest.mark.parametrize(
    ("excluded", "found"),
    [
        ("Image|endswith: notepad.exe", True),
        ("Image|endswith: cmd.exe", False),
        ("User: SYSTEM", False),  # whether it is excluded is unknown
        ("User: SYSTEM\n        Image|endswith: notepad.exe", True),
    ],
)
def test_an_exclusion_that_cannot_be_decided_is_no_match(rules, log, excluded, found):
    text = rule(
        f"    sel: {{CommandLine|contains: whoami}}\n    filter:\n        {excluded}", condition="sel and not filter"
    )
    assert matches(text, [created()], rules, log) == ([1] if found else [])


def test_rules_of_sysmon_itself_and_other_events_stay_as_they_are(rules, log):
    text = rule("    sel: {Image|endswith: cmd.exe}")
    assert matches(text, [created()], rules, log, map_fields=False) == []
    assert matches(text, [audit(4689, NewProcessName="cmd.exe")], rules, log) == []
    service = text.replace("category: process_creation", "service: sysmon")
    assert matches(service, [created()], rules, log) == []
    both = text.replace("category: process_creation", "category: process_creation, service: sysmon")
    assert matches(both, [created()], rules, log) == []


@pytest.mark.parametrize(
    ("detection", "found"),
    [
        (r"    sel: {Image|endswith: '\svchost.exe', Initiated: 'true', DestinationPort: 443}", True),
        (r"    sel: {Image|startswith: 'C:\Windows\', DestinationIp|cidr: 10.0.0.0/8}", True),
        (r"    sel: {Image: 'D:\Windows\System32\svchost.exe', Protocol: tcp}", True),
        ("    sel: {Initiated: false}", False),
        ("    sel: {DestinationHostname|endswith: .com}", False),
        ("    sel: {DestinationPort|gt: 1024}", False),
    ],
)
def test_a_connection_of_the_filtering_platform(rules, log, detection, found):
    event = audit(
        5156,
        ProcessID="700",
        Application=r"\device\harddiskvolume3\windows\system32\svchost.exe",
        Direction="%%14593",
        SourceAddress="10.1.1.1",
        SourcePort="50000",
        DestAddress="10.2.2.2",
        DestPort="443",
        Protocol="6",
    )
    assert matches(rule(detection, "network_connection"), [event], rules, log) == ([1] if found else [])


@pytest.mark.parametrize(
    ("detection", "found"),
    [
        (r"    sel: {TargetObject|contains: '\CurrentVersion\Run\'}", True),
        (r"    sel: {TargetObject|endswith: '\Run\Updater', Details|endswith: .exe}", True),
        (r"    sel: {TargetObject|contains: '\CurrentVersion\Run'}", True),
        (r"    sel: {TargetObject|startswith: 'HKLM\Software\Microsoft'}", True),
        (r"    sel: {TargetObject: 'HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Run\Updater'}", True),
        (r"    sel: {TargetObject: 'HKLM\SOFTWARE\\*\Run\Up?ater'}", True),
        (r"    sel: {TargetObject|contains: Updater}", True),
        (r"    sel: {TargetObject|endswith: '\Run'}", False),
        (r"    sel: {TargetObject|startswith: 'HKU\'}", False),
        (r"    sel: {TargetObject|contains: '\RunOnce\'}", False),
        (r"    sel: {TargetObject|endswith: '\Runs\Updater'}", False),
        (r"    sel: {Details: DWORD (0x00000001)}", False),
        (r"    sel: {EventType: SetValue}", False),
    ],
)
def test_a_registry_change_of_the_security_log(rules, log, detection, found):
    event = audit(
        4657,
        ObjectName=r"\REGISTRY\MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Run",
        ObjectValueName="Updater",
        OperationType="%%1904",
        NewValue=r"C:\u.exe",
        ProcessName=r"C:\Windows\regedit.exe",
    )
    assert matches(rule(detection, "registry_set"), [event], rules, log) == ([1] if found else [])


def test_numbers_and_control_sets_in_the_registry(rules, log):
    event = audit(
        4657,
        ObjectName=r"\REGISTRY\MACHINE\SYSTEM\ControlSet001\Control\Lsa",
        ObjectValueName="RunAsPPL",
        OperationType="%%1905",
        NewValue="0",
    )
    text = rule(
        r"    sel: {TargetObject|contains: '\CurrentControlSet\Control\Lsa\RunAsPPL', Details: 'DWORD (0x00000000)'}",
        "registry_set",
    )
    assert matches(text, [event], rules, log) == [1]
    assert matches(text.replace("00)", "01)"), [event], rules, log) == []
    assert matches(text.replace("registry_set", "registry_delete"), [event], rules, log) == []
    assert matches(text.replace("registry_set", "registry_event"), [event], rules, log) == [1]


def test_what_a_rule_needs_and_does_not_find_is_counted(rules):
    result = mapped(rules(rule("    sel: {Hashes|contains: x, OriginalFileName: y}")))
    assert (result.applied, result.refused) == ({}, {"Security 4688": 1})
    assert result.lacking == {"Security 4688": {"Hashes": 1, "OriginalFileName": 1}}
    (line,) = result.lines()
    assert line.startswith("Security 4688: 0 rules")
    assert result.rules == rules(rule("    sel: {Hashes|contains: x, OriginalFileName: y}"))


def test_members_of_correlations_are_mapped_too(rules, log):
    text = rule("    sel: {Image|endswith: cmd.exe}").replace("status: test", "name: cmd\nstatus: test")
    correlation = (
        "---\ntitle: Many\nid: 00000000-0000-4000-8000-000000000032\nstatus: test\nlevel: high\ncorrelation:\n"
        "    {type: event_count, rules: [cmd], group-by: [Computer], timespan: 1h, condition: {gte: 2}}\n"
    )
    assert matches(text + correlation, [created(), created()], rules, log) == [2]


letters = st.sampled_from("aB")
names = st.text(letters, max_size=3)
keys = st.lists(names, min_size=1, max_size=3).map("\\".join)
patterns = st.lists(st.sampled_from(["a", "B", "\\\\", "*", "?"]), min_size=1, max_size=7).map("".join)


@settings(max_examples=1500, deadline=None)
@given(st.lists(patterns, min_size=1, max_size=2), keys, names)
def test_a_path_is_divided_at_any_place_that_its_pattern_allows(literals, key, value):
    whole = condition.Test(field="TargetObject", values=tuple(literals), text="")
    divided = fieldmap._path_test(whole, "Key", "Value")
    event = {"Key": key, "Value": value}
    found = condition.truth_of(divided, lambda test: truth(holds(test, event[test.field])))
    assert found is truth(holds(whole, f"{key}\\{value}"))


fact = st.sampled_from("xyz").map(lambda name: condition.Test(field=name, values=("1",), text=name))
conditions = st.recursive(
    fact | st.just(condition.Unobservable("open")),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda parts: condition.All(tuple(parts)))
        | st.lists(inner, max_size=3).map(lambda parts: condition.Any(tuple(parts)))
        | inner.map(condition.Not)
    ),
    max_leaves=8,
)


@settings(max_examples=800, deadline=None)
@given(conditions, st.sets(st.sampled_from("xyz")))
def test_what_is_unknown_never_decides(asked, true):
    def leaf(test):
        return truth(test.field in true)

    sure = fieldmap._sure(asked, fieldmap._NEVER)
    assert (condition.truth_of(sure, leaf) is Truth.TRUE) == (condition.truth_of(asked, leaf) is Truth.TRUE)


def test_every_row_of_the_table_has_its_source_and_known_conversions():
    for kind in event_kinds():
        assert kind.source.startswith("https://learn.microsoft.com/")
        for entry in kind.fields.values():
            known = isinstance(entry, str) or set(entry) in ({"key", "value"}, {"field", "values"})
            assert known
