import pytest
from hunting import Rows
from sample_writer.event import Data, SampleEvent, Value

from evtscan.hunt import work
from evtscan.hunt.options import HuntOptions
from evtscan.hunt.run import hunt
from evtscan.report.details import details_of

FAILED = """\
title: Failed logon
id: 00000000-0000-4000-8000-000000000011
name: failed
status: test
logsource: {product: windows, service: security}
detection: {sel: {EventID: 4625}, condition: sel}
level: informational
---
title: Logon
id: 00000000-0000-4000-8000-000000000012
name: logon
status: test
logsource: {product: windows, service: security}
detection: {sel: {EventID: 4624}, condition: sel}
level: informational
---
"""

CORRELATION = """\
title: {title}
id: 00000000-0000-4000-8000-0000000000{number}
name: {name}
status: test
correlation:
    type: {type}
    rules: {rules}
    group-by: [{group}]
    timespan: 5m
{more}
level: high
tags: [attack.t1110]
"""


def correlated(type="event_count", more="    condition: {gte: 3}", rules="[failed]", number=21, **texts):  # noqa: A002
    given = {"title": "Guessing", "name": f"c{number}", "group": "TargetUserName", **texts}
    return CORRELATION.format(type=type, more=more, rules=rules, number=number, **given)


def logon(minute, user="bob", address="10.0.0.1", event_id=4625, computer="PC-01"):
    return SampleEvent(
        provider="Microsoft-Windows-Security-Auditing",
        event_id=event_id,
        time=f"2024-05-01T10:{minute:02}:00.0000000Z",
        computer=computer,
        channel="Security",
        data=(Data("TargetUserName", Value(user)), Data("IpAddress", Value(address))),
    )


def found(sources, rules, **options):
    rows = Rows()
    hunt(sources, rules, HuntOptions(**options), sinks=[rows])
    return rows


def told(rows):
    return [(row.rules[0].title, row.hit.time[14:16], row.hit.data) for row in rows if row.rules[0].title != "Logon"]


def group(user, count, first, last):
    times = {"First": f"2024-05-01T10:{first:02}:00.0000000Z", "Last": f"2024-05-01T10:{last:02}:00.0000000Z"}
    return {"TargetUserName": user, "Count": str(count), **times}


def test_events_of_several_logs_count_by_group(rules, log):
    one = log([logon(1), logon(2, "BOB"), logon(2, "eve")], "a.evtx")
    other = log([logon(3), logon(4, "eve"), logon(30), logon(31)], "b.evtx")
    rows = found([one, other], rules(FAILED + correlated()))
    assert told(rows) == [("Guessing", "03", group("bob", 3, 1, 3))]
    (row,) = rows
    assert (row.level, row.tags, row.hit.source, row.hit.event_id) == ("high", ("attack.t1110",), "b.evtx", 4625)
    assert details_of(row.hit.data).startswith("TargetUserName=bob; Count=3; First=")
    assert rows.hunted.summary.total.count == 1


def test_other_kinds(rules, log):
    source = log([logon(1), logon(2, address="10.0.0.2"), logon(3), logon(4, event_id=4624), logon(20, event_id=4624)])
    values = correlated("value_count", "    condition: {gte: 2, field: IpAddress}", title="Spraying")
    assert told(found([source], rules(FAILED + values))) == [("Spraying", "03", group("bob", 3, 1, 3))]
    both = correlated("temporal", "", "[failed, logon]", title="Both")
    assert told(found([source], rules(FAILED + both))) == [("Both", "04", group("bob", 4, 1, 4))]
    ordered = correlated("temporal_ordered", "", "[logon, failed]", title="Ordered")
    assert told(found([source], rules(FAILED + ordered))) == []
    few = correlated("event_count", "    condition: {lt: 2}", "[logon]", title="Few")
    assert [time for title, time, _ in told(found([source], rules(FAILED + few))) if title == "Few"] == ["04", "20"]


def test_a_correlation_can_report_its_rules_too_and_they_can_be_sorted_by_time(rules, log):
    source = log([logon(1), logon(2), logon(3), logon(4, "eve")])
    shown = correlated(more="    condition: {gte: 3}\n    generate: true")
    rows = found([source], rules(FAILED + shown), by_time=True)
    assert [title for title, *_ in told(rows)] == ["Failed logon"] * 3 + ["Guessing", "Failed logon"]


def test_a_correlation_of_correlations(rules, log):
    source = log([logon(1), logon(2), logon(3), logon(4, event_id=4624), logon(5, "eve", event_id=4624)])
    inner = correlated(title="Guessing")
    outer = correlated("temporal_ordered", "", "[c21, logon]", 22, title="Success")
    rows = found([source], rules(FAILED + inner + "---\n" + outer))
    assert told(rows) == [("Success", "04", group("bob", 2, 3, 4))]


def test_aliases(rules, log):
    more = "    condition: {gte: 3}\n    aliases:\n        who: {failed: TargetUserName, logon: IpAddress}\n"
    source = log([logon(1), logon(2), logon(3, "x", "bob", 4624)])
    rows = found([source], rules(FAILED + correlated(more=more, rules="[failed, logon]", group="who")))
    assert [data["who"] for _, _, data in told(rows)] == ["bob"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_any_number_of_processes_gives_the_same_groups(rules, log, monkeypatch, jobs):
    monkeypatch.setattr(work, "SHARED_FROM", 0)
    monkeypatch.setattr(work, "TASK_CHUNKS", 1)
    source = log([logon(at % 60, f"user {at % 7}", f"10.0.0.{at % 5}") for at in range(500)])
    rows = found([source], rules(FAILED + correlated(more="    condition: {gte: 5}")), jobs=jobs)
    assert [(data["TargetUserName"], data["Count"]) for _, _, data in told(rows)] == [
        (f"user {number}", str(len(range(number, 500, 7)))) for number in range(7)
    ]


def test_what_lacks_a_field_is_in_no_group(rules, log):
    source = log([logon(1), logon(2), logon(3)])
    assert found([source], rules(FAILED + correlated(group="Nothing"))) == []


def test_suppressed_matches_do_not_count(rules, log, tmp_path):
    from evtscan.hunt.tuning import read_tuning

    loaded = rules(FAILED + correlated())
    (tmp_path / "t.yml").write_text("exclude:\n  - fields: {IpAddress: 10.0.0.9}\n")
    source = log([logon(1), logon(2), logon(3, address="10.0.0.9")])
    rows = Rows()
    hunt([source], loaded, suppressions=read_tuning([tmp_path / "t.yml"], loaded).suppressions, sinks=[rows])
    assert rows == []
