"""Cases in a rule, run against the rule."""

import pytest

from evtscan.detection.load.loader import load_rules
from evtscan.facts.catalogue.names import is_known
from evtscan.rulecheck import cases

RULE = """
title: T
id: 11111111-1111-4111-8111-111111111111
logsource: {{product: windows, service: system}}
detection:
    selection: {{Provider_Name: Dhcp, EventID: 1008}}
    condition: selection
known_issue:
    article: Q1
    when: {{os.version: '4.0', os.service_pack: 2}}
    report_excluded: true
    cases:
        - {case}
"""


def rule(tmp_path, case):
    file = tmp_path / "rule.yml"
    file.write_text(RULE.format(case=case))
    loaded = load_rules([file], fact_known=is_known)
    assert loaded.problems == ()
    return loaded.rules[0]


EVENT = "{Provider_Name: Dhcp, EventID: 1008}"
CASES = [
    (f"{{events: [{EVENT}], facts: {{os.version: '4.0', os.service_pack: 2}}, verdict: confirmed}}", "confirmed"),
    (f"{{events: [{EVENT}], facts: {{}}, verdict: possible}}", "possible"),
    (f"{{events: [{EVENT}], facts: {{os.service_pack: 3}}, verdict: excluded}}", "excluded"),
    ("{events: [], facts: {}, verdict: none}", "none"),
    ("{events: [{Provider_Name: Dhcp, EventID: 1003}], facts: {}, verdict: none}", "none"),
    (
        "{events: [{Provider_Name: EventLog, EventID: 6009, Data1: '4.0', Data2: '1381', Data3: Service Pack 2}, "
        f"{EVENT}], facts: {{}}, verdict: confirmed}}",
        "confirmed",
    ),
    (
        "{events: [{Provider_Name: Dhcp, EventID: 1008, at: 1997-03-01T08:00:00Z}, "
        "{Provider_Name: EventLog, EventID: 6005, at: 1997-08-01T08:00:00Z}], facts: {os.version: '4.0', "
        "os.service_pack: [{value: 2, from: 1997-01-01}, {value: 3, from: 1997-08-01T09:00:00Z}]}, verdict: resolved}",
        "resolved",
    ),
]


@pytest.mark.parametrize(("case", "verdict"), CASES)
def test_a_case_that_passes(tmp_path, case, verdict):
    (result,) = cases.run(rule(tmp_path, case))
    assert (result.verdict, result.passed) == (verdict, True)
    assert list(cases.problems([rule(tmp_path, case)])) == []


def test_a_case_that_fails_is_a_problem_with_its_line_and_the_reason(tmp_path):
    (problem,) = cases.problems([rule(tmp_path, f"{{events: [{EVENT}], facts: {{}}, verdict: confirmed}}")])
    assert (problem.file, problem.line, problem.key, problem.lint) == (
        "rule.yml",
        13,
        "known_issue.cases[0]",
        "case-fails",
    )
    assert problem.message.startswith("the case expects confirmed, but the rule says possible: Dhcp 1008 was logged")


@pytest.mark.parametrize(
    ("fact", "message"), [("os.service_pack: two", "is not a whole number"), ("os.pack: 2", "did you mean")]
)
def test_a_fact_that_cannot_be_used_is_a_problem(tmp_path, fact, message):
    (problem,) = cases.problems([rule(tmp_path, f"{{events: [{EVENT}], facts: {{{fact}}}, verdict: possible}}")])
    assert (problem.lint, problem.line) == ("case-fact", 13)
    assert message in problem.message


def test_events_are_a_minute_apart_unless_they_say_when(tmp_path):
    spaced = "{Provider_Name: Dhcp, EventID: 1008, at: 1999-01-01T00:00:00Z}"
    checked = rule(tmp_path, f"{{events: [{EVENT}, {EVENT}, {spaced}, {EVENT}], facts: {{}}, verdict: possible}}")
    (log,) = cases.evidence_of(checked, checked.known_issue.cases[0]).logs
    assert [str(item.time) for item in log.events] == [
        "2001-01-01T00:00:00Z",
        "2001-01-01T00:01:00Z",
        "1999-01-01T00:00:00Z",
        "1999-01-01T00:01:00Z",
    ]
    assert (log.summary.completeness, log.summary.records, log.summary.channel) == ("whole", 4, "System")


CONTEXT = """
title: T
id: 11111111-1111-4111-8111-111111111111
logsource: {{product: windows, service: system}}
detection:
    selection: {{Provider_Name: Dhcp, EventID: 1008}}
    application: {{Channel: Application, Provider_Name: ESENT, EventID: 1}}
    condition: selection
known_issue:
    context: [{{not_followed_by: application, within: 1h}}]
    cases:
        - {case}
"""
LATER = "{Provider_Name: X, EventID: 1, at: 2001-01-01T01:00:00Z, Channel: Application}"


@pytest.mark.parametrize(
    ("events", "verdict"),
    [
        (f"{EVENT}, {LATER}", "confirmed"),
        (f"{EVENT}, {{Provider_Name: ESENT, EventID: 1, Channel: application}}, {LATER}", "none"),
        (f"{EVENT}, {{Provider_Name: X, EventID: 1, Channel: Application}}", "possible"),
        (f"{EVENT}, {{Provider_Name: X, EventID: 1, at: 2001-01-01T01:00:00Z}}", "possible"),
    ],
)
def test_the_events_of_a_channel_are_a_log(tmp_path, events, verdict):
    file = tmp_path / "rule.yml"
    file.write_text(CONTEXT.format(case=f"{{events: [{events}], facts: {{}}, verdict: {verdict}}}"))
    loaded = load_rules([file], fact_known=is_known)
    assert loaded.problems == ()
    (result,) = cases.run(loaded.rules[0])
    assert result.verdict == verdict, result.reason
    logs = cases.evidence_of(loaded.rules[0], result.case).logs
    assert {(log.summary.first_sequence, log.summary.last_sequence, log.summary.completeness) for log in logs} == {
        (1, len(result.case.events), "whole")
    }


def test_a_time_that_falls_behind_the_one_before_is_a_step_of_the_clock(tmp_path):
    back = "{Provider_Name: Dhcp, EventID: 1008, at: 1999-01-01T00:00:00Z}"
    checked = rule(tmp_path, f"{{events: [{EVENT}, {back}], facts: {{}}, verdict: possible}}")
    (log,) = cases.evidence_of(checked, checked.known_issue.cases[0]).logs
    assert [(step.sequence, str(step.before), str(step.after)) for step in log.summary.clock_steps] == [
        (2, "2001-01-01T00:00:00Z", "1999-01-01T00:00:00Z")
    ]


CORRELATION = """
title: A
id: 11111111-1111-4111-8111-111111111111
name: alone
logsource: {{product: windows, service: application}}
detection: {{selection: {{Provider_Name: ESENT, EventID: 1}}, condition: selection}}
known_issue:
    cases: [{{events: [{{Provider_Name: ESENT, EventID: 1}}], facts: {{}}, verdict: confirmed}}]
---
title: B
id: 21111111-1111-4111-8111-111111111111
correlation: {{type: event_count, rules: [alone], timespan: 5m, condition: {{gte: 2}}}}
known_issue:
    cases: [{{events: [{events}], facts: {{}}, verdict: {verdict}}}]
"""


@pytest.mark.parametrize(("number", "verdict"), [(1, "none"), (2, "confirmed")])
def test_the_cases_of_a_correlation_run_with_the_rules_that_it_is_about(tmp_path, number, verdict):
    file = tmp_path / "rule.yml"
    events = ", ".join(["{Provider_Name: ESENT, EventID: 1}"] * number)
    file.write_text(CORRELATION.format(events=events, verdict=verdict))
    loaded = load_rules([file], fact_known=is_known)
    assert (loaded.problems, [item.silent for item in loaded.rules]) == ((), [True, False])
    (result,) = cases.run(loaded.rules[1])
    assert result.verdict == verdict, result.reason
    assert [log.summary.channel for log in cases.evidence_of(loaded.rules[1], result.case).logs] == ["Application"]
    assert list(cases.problems(loaded.rules)) == []
