"""The known_issue section: conditions on hosts, doubts, cases."""

import pytest
from example_rules import load_one, load_text, rule_text

from evtscan.base.model.fact import FactEntry
from evtscan.base.model.source import Location
from evtscan.base.wintypes import parse_time
from evtscan.detection.model.condition import All, Any, Condition, Not, Operator, Test, Unobservable
from evtscan.detection.model.condition import tests_in as leaves_of
from evtscan.detection.model.rule import KnownIssue

DETECTION = "s: {Provider_Name: Disk, EventID: 7}\ncondition: s"


def issue(tmp_path, text: str) -> KnownIssue:
    found = load_one(tmp_path, DETECTION, text).known_issue
    assert found is not None
    return found


def shape(condition: Condition):
    match condition:
        case Test():
            return (condition.field, condition.operator.value, *condition.values)
        case All(children):
            return All(tuple(map(shape, children)))
        case Any(children):
            return Any(tuple(map(shape, children)))
        case Not(child):
            return Not(shape(child))
    return condition


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("{os.version: '4.0'}", ("os.version", "is", "4.0")),
        (
            "{os.version: '4.0', os.service_pack: 2}",
            All((("os.version", "is", "4.0"), ("os.service_pack", "is", 2))),
        ),
        ("{os.service_pack: [1, 2]}", ("os.service_pack", "is", 1, 2)),
        ("{os.version: '>=5.0, <5.0.2195'}", ("os.version", "is in the range", ">=5.0, <5.0.2195")),
        (
            "{os.version: ['<4.0', '5.0']}",
            Any((("os.version", "is in the range", "<4.0"), ("os.version", "is", "5.0"))),
        ),
        ("{os.service_pack|gte: 3}", ("os.service_pack", "is at least", 3)),
        ("{os.service_pack: null}", ("os.service_pack", "is", None)),
        ("{hotfix|exists: false}", ("hotfix", "exists", False)),
        ("{file.a.sys.date: 1997-05-01}", ("file.a.sys.date", "is", "1997-05-01")),
        (
            "{any: [{component.ras: true}, {os.service_pack: 2, os.version: '4.0'}]}",
            Any((("component.ras", "is", True), All((("os.service_pack", "is", 2), ("os.version", "is", "4.0"))))),
        ),
        (
            "{all: [{component.ras: true}, {os.service_pack: 2}], os.version: '4.0'}",
            All((All((("component.ras", "is", True), ("os.service_pack", "is", 2))), ("os.version", "is", "4.0"))),
        ),
        ("{not: {hotfix: Q246009}}", Not(("hotfix", "is", "Q246009"))),
        ("{os.version|startswith: '5.'}", ("os.version", "is", "5.*")),
        ("{hotfix|contains|all: [Q1, Q2]}", All((("hotfix", "is", "*Q1*"), ("hotfix", "is", "*Q2*")))),
    ],
)
def test_conditions_have_the_grammar_of_a_selection(tmp_path, when, expected):
    assert shape(issue(tmp_path, f"when: {when}").when) == expected


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("os.version: '>=5.0, <5.0.2195'", "os.version is at least 5.0 and below 5.0.2195"),
        ("os.version: ['<4.0', '>5.2']", "os.version is below 4.0 or above 5.2"),
        ("file.a.sys.date: '<1997-05-01'", "file.a.sys.date is before 1997-05-01"),
        ("file.a.sys.date: '>=1997-05-01'", "file.a.sys.date is not before 1997-05-01"),
        ("component.ras: true", "component.ras is true"),
    ],
)
def test_conditions_read_well(tmp_path, line, text):
    condition = issue(tmp_path, f"when: {{{line}}}").when
    assert isinstance(condition, Test)
    assert condition.text == text


def test_a_rule_without_conditions_holds_on_every_host(tmp_path):
    assert issue(tmp_path, "article: Q1").when == All(())


def test_what_nothing_can_show_is_one_of_the_conditions(tmp_path):
    found = issue(tmp_path, "when: {os.version: '4.0'}\nunobservable: [a program uses MSG_OOB]")
    assert shape(found.when) == All((("os.version", "is", "4.0"), Unobservable("a program uses MSG_OOB")))
    assert found.unobservable == ("a program uses MSG_OOB",)
    assert issue(tmp_path, "unobservable: ask").when == Unobservable("ask")


def test_the_rest_of_the_section(tmp_path):
    found = issue(
        tmp_path,
        """
        entity: Data1
        report_exposed: true
        precedence: [Q2]
        doubts:
            - {when: {os.service_pack: '>=3'}, about: os.version, reason: why, missing: look, remedy: [do, check]}
        """,
    )
    assert (found.entity, found.report_exposed, found.report_excluded, found.precedence) == (
        ("Data1",),
        True,
        False,
        ("Q2",),
    )
    (doubt,) = found.doubts
    assert (doubt.about, doubt.reason, doubt.missing, doubt.remedy) == ("os.version", "why", ("look",), ("do", "check"))
    assert isinstance(doubt.when, Test)
    assert doubt.when.operator is Operator.IN_RANGE


def test_cases_carry_events_facts_and_the_verdict(tmp_path):
    found = issue(
        tmp_path,
        """
        cases:
            - events:
                  - {Provider_Name: Disk, EventID: 7, Data1: C, at: 1997-03-01T08:00:00Z}
                  - {Provider_Name: Disk, EventID: 7, at: 1997-03-02}
              facts:
                  os.version: '4.0'
                  component.ras: null
                  hotfix: [Q1, Q2]
                  file.a.sys.date: 1997-05-01
                  os.service_pack: [{value: 2, from: 1997-01-15}, {value: 3}]
              verdict: confirmed
            - {events: [], verdict: none}
        """,
    )
    first, second = found.cases
    assert [(one.fields, str(one.at), one.line) for one in first.events] == [
        ({"Provider_Name": "Disk", "EventID": 7, "Data1": "C"}, "1997-03-01T08:00:00Z", 15),
        ({"Provider_Name": "Disk", "EventID": 7}, "1997-03-02T00:00:00Z", 16),
    ]
    assert [(entry.name, entry.value, entry.since) for entry in first.facts] == [
        ("os.version", "4.0", None),
        ("component.ras", None, None),
        ("hotfix", ("Q1", "Q2"), None),
        ("file.a.sys.date", "1997-05-01", None),
        ("os.service_pack", 2, parse_time("1997-01-15")),
        ("os.service_pack", 3, None),
    ]
    assert first.facts[0] == FactEntry(
        name="os.version", value="4.0", location=Location(source="rule.yml", key="os.version", line=18)
    )
    assert (second.events, second.facts, second.verdict, second.line) == ((), (), "none", 24)


@pytest.mark.parametrize(
    ("text", "line", "key", "words"),
    [
        ("wehn: {}", 12, "known_issue.wehn", "no key 'wehn'"),
        ("when: {os.nonsense: 1}", 12, "known_issue.when.os.nonsense", "no fact is called"),
        ("when: {}", 12, "known_issue.when", "map of facts"),
        ("when: [1]", 12, "known_issue.when", "must be a map"),
        ("when: {any: {os.version: '4'}}", 12, "known_issue.when.any", "list of maps"),
        ("when: {any: []}", 12, "known_issue.when.any", "at least one"),
        ("when: {not: 5}", 12, "known_issue.when.not", "must be a map"),
        ("when: {os.version: '>=five'}", 12, "known_issue.when.os.version", "neither a dotted version nor a date"),
        ("when: {os.version|gte: '5.0'}", 12, "known_issue.when.os.version|gte", "range such as"),
        ("when: {os.version|fieldref: hotfix}", 12, "known_issue.when.os.version|fieldref", "not facts"),
        ("when: {os.version: [{a: 1}]}", 12, "known_issue.when.os.version", "must be text"),
        ("report_exposed: yes please", 12, "known_issue.report_exposed", "true or false"),
        ("cause: [a]", 12, "known_issue.cause", "must be text"),
        ("remedy: [a, {b: c}]", 12, "known_issue.remedy[1]", "must be text"),
        ("doubts: {}", 12, "known_issue.doubts", "list of maps"),
        (
            "doubts:\n  - {when: {os.version: '4.0'}, about: os.version}",
            13,
            "known_issue.doubts[0]",
            "needs 'reason'",
        ),
        (
            "doubts:\n  - {when: {os.version: '4.0'}, about: os.foo, reason: x}",
            13,
            "known_issue.doubts[0].about",
            "no fact is called 'os.foo'",
        ),
        ("cases: [{verdict: none}]", 12, "known_issue.cases[0]", "needs 'events'"),
        ("cases: [{events: []}]", 12, "known_issue.cases[0]", "needs 'verdict'"),
        ("cases: [{events: [], verdict: maybe}]", 12, "known_issue.cases[0].verdict", "no verdict of a case"),
        (
            "cases: [{events: [{EventID: 7}], verdict: none}]",
            12,
            "known_issue.cases[0].events[0]",
            "needs a Provider_Name",
        ),
        (
            "cases: [{events: [{EventID: seven, Provider_Name: D}], verdict: none}]",
            12,
            "known_issue.cases[0].events[0]",
            "needs an EventID",
        ),
        (
            "cases: [{events: [{EventID: 7, Provider_Name: D, at: noon}], verdict: none}]",
            12,
            "known_issue.cases[0].events[0].at",
            "not a date or time",
        ),
        (
            "cases: [{events: [{EventID: 7, Provider_Name: D, Computer: 7}], verdict: none}]",
            12,
            "known_issue.cases[0].events[0].Computer",
            "must be text: quote it",
        ),
        (
            "cases: [{events: [{EventID: 7, Provider_Name: D, Level: two}], verdict: none}]",
            12,
            "known_issue.cases[0].events[0].Level",
            "must be a whole number",
        ),
        (
            "cases: [{events: [{EventID: 7, Provider_Name: D, Data1: {a: [1.10]}}], verdict: none}]",
            12,
            "known_issue.cases[0].events[0].Data1",
            "1.1 of 1.10: quote it",
        ),
        (
            "cases: [{events: [{EventID: 7, Provider_Name: D, Data1: null}], verdict: none}]",
            12,
            "known_issue.cases[0].events[0].Data1",
            "leave out one that is absent",
        ),
        (
            "cases: [{events: [], facts: {os.version: 4.0}, verdict: none}]",
            12,
            "known_issue.cases[0].facts.os.version",
            "quote it",
        ),
        (
            "cases: [{events: [], facts: {os.version: {value: 4}}, verdict: none}]",
            12,
            "known_issue.cases[0].facts.os.version",
            "list of {value, from}",
        ),
        (
            "cases: [{events: [], facts: {os.version: [{value: '4.0', since: 1997-01-01}]}, verdict: none}]",
            12,
            "known_issue.cases[0].facts.os.version[0].since",
            "no key 'since'",
        ),
    ],
)
def test_what_is_wrong_says_where_and_what(tmp_path, text, line, key, words):
    loaded = load_text(tmp_path, rule_text(DETECTION, text))
    assert loaded.rules == ()
    (problem,) = loaded.problems
    assert (problem.line, problem.key) == (line, key)
    assert words in problem.message


def test_a_fact_may_compare_with_another_and_with_a_field_of_the_event(tmp_path):
    lines = (
        "when: {os.version: '>{os.service_pack}, <{event.Data1}', event.Data2|contains: x, event.Data3: '>=-5, <0x10'}"
    )
    first, second, third = leaves_of(issue(tmp_path, lines).when)
    assert (first.field, first.values) == ("os.version", (">{os.service_pack}, <{event.Data1}",))
    assert first.text == "os.version is above os.service_pack and below event.Data1"
    assert (second.field, second.text) == ("event.Data2", "event.Data2 contains x")
    assert third.text == "event.Data3 is at least -5 and below 0x10"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("os.version: '>{os.vrsion}'", "no fact is called 'os.vrsion'"),
        ("event.Data1: '>{os.vrsion}'", "no fact is called 'os.vrsion'"),
        ("os.version: '>=-5'", "neither a dotted version nor a date"),
        ("event.Data1: '>=five'", "neither a number, dotted version nor a date"),
        ("os.version: '={}'", "neither a dotted version nor a date"),
    ],
)
def test_what_is_wrong_with_a_comparison(tmp_path, line, words):
    (problem,) = load_text(tmp_path, rule_text(DETECTION, f"when: {{{line}}}")).problems
    assert words in problem.message
    assert problem.key.startswith("known_issue.when.")


def test_what_only_another_host_shows(tmp_path):
    found = issue(tmp_path, "unobservable: ask\nelsewhere: [look, there]")
    assert found.when == All((Unobservable("ask"), Unobservable("look", elsewhere=True), Unobservable("there", True)))
    assert (found.unobservable, found.elsewhere) == (("ask",), ("look", "there"))
