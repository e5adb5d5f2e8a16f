import csv
import io

from hunting import Rows
from sample_writer.event import Data, EventType, SampleEvent, Value
from sample_writer.evt import saved_log

from evtscan.base.model.source import Source
from evtscan.hunt.logons import MOST_KEYS, Logon, Logons
from evtscan.hunt.options import HuntOptions
from evtscan.hunt.outputs import FORMATS
from evtscan.hunt.run import hunt
from evtscan.reporters.tables.csv import Dialect


def audit(event_id, second=0, **data):
    return SampleEvent(
        provider="Microsoft-Windows-Security-Auditing",
        event_id=event_id,
        time=f"2024-05-01T10:00:{second:02}.0000000Z",
        computer="DC-01",
        channel="Security",
        data=tuple(Data(name, Value(value)) for name, value in data.items()),
    )


BOB = {"TargetUserName": "bob", "TargetDomainName": "CORP"}
WRONG_PASSWORD = {"Status": "0xc000006d", "SubStatus": "0xc000006a"}
EVENTS = [
    audit(4624, 1, **BOB, LogonType="3", IpAddress="::ffff:10.0.0.9", WorkstationName="WS"),
    audit(4624, 2, **BOB, LogonType="3", IpAddress="10.0.0.9", WorkstationName="WS"),
    audit(4625, 3, **BOB, LogonType="10", IpAddress="-", WorkstationName="WS", **WRONG_PASSWORD),
    audit(4768, 4, **BOB, IpAddress="::ffff:10.0.0.8", Status="0x0"),
    audit(4771, 5, TargetUserName="bob", IpAddress="10.0.0.8", Status="0x18"),
    audit(4776, 6, TargetUserName="eve", Workstation="\\\\LAPTOP", Status="0xc0000064"),
    audit(4648, 7, **BOB, TargetServerName="FILES", IpAddress="-"),
    audit(4634, 8, **BOB),
]


def logons_of(sources, rules, **options):
    rows = Rows()
    hunt(sources, rules, HuntOptions(logons=True, **options), sinks=[rows])
    found = rows.hunted.logons.most_first()
    return [(item.account, item.type, item.source, item.outcome, item.reason, tally.count) for item, tally in found]


def test_logons_are_counted_whether_or_not_a_rule_matches(rules, log):
    source = log(EVENTS, "Security.evtx")
    found = logons_of([source], rules())
    assert found[0] == ("CORP\\bob", "network", "10.0.0.9", "success", "", 2)
    assert sorted(found[1:]) == [
        ("CORP\\bob", "Kerberos", "10.0.0.8", "success", "", 1),
        ("CORP\\bob", "explicit credentials", "FILES", "success", "", 1),
        ("CORP\\bob", "remote interactive", "WS", "failure", "wrong password", 1),
        ("bob", "Kerberos", "10.0.0.8", "failure", "wrong password", 1),
        ("eve", "NTLM", "LAPTOP", "failure", "unknown account", 1),
    ]
    assert logons_of([source, source], rules(), jobs=2) == logons_of([source, source], rules(), jobs=1)


def test_logons_of_windows_2003(rules, tmp_path):
    texts = ("alice", "LAB", "(0x0,0x1)", "2", "User32", "Negotiate", "PC7", "", "", "", "", "", "", "10.0.0.3")
    failed = ("alice", "LAB", "3", "NtLmSsp", "NTLM", "\\\\PC8")
    at = {"provider": "Security", "time": "2003-05-01T10:00:00Z", "computer": "SRV"}
    events = [
        SampleEvent(**at, event_id=528, strings=texts, event_type=EventType.AUDIT_SUCCESS),
        SampleEvent(**at, event_id=529, strings=failed, event_type=EventType.AUDIT_FAILURE),
    ]
    (tmp_path / "SecEvent.Evt").write_bytes(saved_log(events))
    assert sorted(logons_of([Source(tmp_path / "SecEvent.Evt", "SecEvent.Evt")], rules())) == [
        ("LAB\\alice", "interactive", "10.0.0.3", "success", "", 1),
        ("LAB\\alice", "network", "PC8", "failure", "unknown account or wrong password", 1),
    ]


def test_the_number_of_combinations_is_bounded():
    logons = Logons()
    for number in range(MOST_KEYS + 5):
        other = Logons()
        other._tally(Logon(f"u{number}", "", "", "", "", "")).add((1, "t"))
        logons.merge(other)
    assert len(logons.counts) == MOST_KEYS + 1
    assert logons.counts[Logon("(others)", "", "", "", "", "")].count == 5


HIGH = """\
title: Failed logon
id: 00000000-0000-4000-8000-000000000011
status: test
logsource: {product: windows, service: security}
detection: {sel: {EventID: 4625}, condition: sel}
level: high
---
title: Image
id: 00000000-0000-4000-8000-000000000012
status: test
logsource: {product: windows, service: security}
detection: {sel: {EventID: 7}, condition: sel}
level: critical
---
title: Logon
id: 00000000-0000-4000-8000-000000000013
status: test
logsource: {product: windows, service: security}
detection: {sel: {EventID: 4624}, condition: sel}
level: low
"""


def table(name, sources, rules):
    stream = io.BytesIO()
    row = next(row for row in FORMATS if row.name == name)
    hunt(sources, rules, HuntOptions(logons=True), sinks=[row.sink(stream, Dialect())])
    return list(csv.DictReader(io.StringIO(stream.getvalue().decode(), newline="")))


def test_pivots_are_values_of_high_detections(rules, log):
    image = audit(7, 9, Hashes="MD5=AB12,SHA256=CD34,IMPHASH=00000000", User="-", DestinationIp="127.0.0.1")
    found = table("pivots", [log([*EVENTS, image], "Security.evtx")], rules(HIGH))
    assert [(row["Kind"], row["Value"], row["Count"]) for row in found] == [
        ("account", "bob", "1"),
        ("host", "DC-01", "2"),
        ("host", "WS", "1"),
        ("hash", "MD5=AB12", "1"),
        ("hash", "SHA256=CD34", "1"),
    ]
    assert found[1]["Rules"] == "Failed logon; Image"
    assert found[1]["FirstSeen"] == "2024-05-01T10:00:03.0000000Z"


def test_the_table_of_logons(rules, log):
    found = table("logons", [log(EVENTS, "Security.evtx")], rules())
    assert found[0] == {
        "Account": "CORP\\bob",
        "LogonType": "network",
        "Source": "10.0.0.9",
        "Outcome": "success",
        "Reason": "",
        "Computer": "DC-01",
        "Count": "2",
        "FirstSeen": "2024-05-01T10:00:01.0000000Z",
        "LastSeen": "2024-05-01T10:00:02.0000000Z",
    }


def test_logons_are_counted_only_if_asked_for(rules, log):
    rows = Rows()
    hunt([log(EVENTS, "Security.evtx")], rules(), sinks=[rows])
    assert rows.hunted.logons.counts == {}
