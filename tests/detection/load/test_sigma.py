"""Sigma's text → tests of our own: each modifier, by what it matches, and how it reads."""

import subprocess
import sys

import pytest
from example_rules import event, load_one, load_text, match, rule_text

from evtscan.base.logic import Truth
from evtscan.detection.load.logsource import WINDOWS_SERVICES, category_of, channels_of
from evtscan.detection.model.condition import All, Any, Not, Test
from evtscan.detection.model.condition import tests_in as leaves_of


def matches(tmp_path, line: str, **data) -> bool:
    rule = load_one(tmp_path, f"s: {{{line}}}\ncondition: s")
    return [found.truth for found in match([rule], [event(data=data)])] == [Truth.TRUE]


@pytest.mark.parametrize(
    ("line", "yes", "no"),
    [
        ("F: a*", "Abc", "ba"),
        (r"F: 'a\*'", "A*", "ab"),
        ("F: [1, 2]", "2", "3"),
        ("F|contains: b", "aBc", "ac"),
        ("F|contains: 'a*c'", "xabcx", "xcax"),
        ("F|startswith: a", "Ab", "ba"),
        ("F|endswith: [b, c]", "aC", "cd"),
        ("F|contains|all: [a, b]", "b-a", "a"),
        ("F|cased: Ab", "Ab", "ab"),
        ("F|contains|cased: Ab", "xAbx", "xabx"),
        ("F|neq: a", "b", "A"),
        ("F|re: '^a.c$'", "abc", "abcd"),
        ("F|re: 'b+'", "abbc", "ac"),
        ("F|re|i: ABC", "xabc", "ab"),
        ("F|re|s: 'a.b'", "a\nb", "ab"),
        ("F|re|m: '^b$'", "a\nb\nc", "ab"),
        ("F|cidr: 192.0.2.0/24", "192.0.2.7", "192.0.3.7"),
        ("F|lt: 5", "4", "5"),
        ("F|lte: 5", "5", "6"),
        ("F|gt: 5", "6", "5"),
        ("F|gte: 5", "0x5", "4"),
        ("F|base64: foobar", "Zm9vYmFy", "foobar"),
        ("F|base64offset|contains: foo", "xxxZm9vxxx", "foo"),
        ("F|wide|base64: a", "YQA=", "YQ=="),
        ("F|utf16le|base64: a", "YQA=", "YQ=="),
        ("F|utf16|base64: a", "//5hAA==", "YQA="),
        ("F|windash|contains: ' -f '", "x /f y", "x f y"),
        ("F|windash|contains|all: [' -f', ' -g']", "x /f -g", "x /f"),
        ("F|exists: true", "", None),
        ("F|exists: false", None, ""),
        ("F: null", None, "x"),
        ("F: ''", "", "x"),
        ("F: [null, a]", "a", "b"),
        ("F|fieldref: G", "g*", "gg"),
        ("F|fieldref|startswith: G", "g*xyz", "xg*"),
        ("F|fieldref|endswith: G", "xyzg*", "g*x"),
        ("F|fieldref|contains: G", "xg*y", "g x"),
        ("F|fieldref|neq: G", "gg", "G*"),
        ("F|minute: 5", "2024-03-01T10:05:59Z", "2024-03-01T05:10:05Z"),
        ("F|hour|gte: 22", "2024-03-01T22:00:00.1234567Z", "2024-03-01T21:59:59Z"),
        ("F|hour: [0, 1]", "2024-03-01", "2024-03-01T02:00:00+00:00"),
        ("F|hour: 1", "2024-03-01T03:00:00+02:00", "3"),
        ("F|day: 29", "2024-02-29", "2024-02-28"),
        ("F|week: 1", "2024-12-30", "2024-12-29"),
        ("F|week|lt: 53", "2021-01-04", "2021-01-03"),
        ("F|month: 2", "2024-02-29", "2024-03-02"),
        ("F|year|lte: 2023", "2023-12-31T23:59:59Z", "2024-01-01"),
        ("F|year|neq: 2023", "2024-01-01", "2023-01-01"),
        ("F: true", "True", "1"),
        ("F: 0x17", "0x17", "17"),
        ("F: '{0cce9210-69ae-11d9-bed3-505054503030}'", "{0CCE9210-69AE-11D9-BED3-505054503030}", "0CCE9210"),
        ("F: '{0CCE9210}'", "{0cce9210}", "0CCE9210"),  # a GUID in an event has braces, and so must one in a rule
    ],
)
def test_modifiers(tmp_path, line, yes, no):
    def data(value):
        return {"G": "G*"} | ({} if value is None else {"F": value})

    assert matches(tmp_path, line, **data(yes))
    assert not matches(tmp_path, line, **data(no))


@pytest.mark.parametrize(
    ("line", "yes", "no"),
    [
        ("'|re': ['fo+$']", "xfoo", "foox"),
        ("'|re|i': ['^FO']", "foo", "xfo"),
        ("'|cidr': 192.0.2.0/24", "192.0.2.7", "192.0.3.7"),
        ("'|contains': ['o*x']", "foox", "xo"),
        (r"Provider_Name|re: '^Di\w\.$'", "a", "b"),
    ],
)
def test_what_is_no_text_is_taken_as_it_stands_in_keywords_and_for_sources(tmp_path, line, yes, no):
    rule = load_one(tmp_path, f"s: {{{line}}}\ncondition: s")
    events = [event(provider="Dis." if value == "a" else "Other", data={"F": value}) for value in (yes, no)]
    assert [found.event.data["F"] for found in match([rule], events)] == [yes]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("F: a", "F is a"),
        ("F: [1, true, null]", "F is 1 or true or absent"),
        ("F: null", "F is absent"),
        ("F|contains: a", "F contains a"),
        ("F|startswith|cased: a", "F starts with a (cased)"),
        ("F|gte: 3", "F is at least 3"),
        ("F: [0xC0000184, 4294967296]", "F is 0xC0000184 or 4294967296"),
        ("F|gt: 3221225472", "F is more than 3221225472"),
        ("F|exists: true", "F exists"),
        ("F|exists: false", "F does not exist"),
        ("F|re: a+", "F matches a+"),
        ("F|fieldref: G", "F is the same as G"),
        ("F|fieldref|startswith: G", "F starts with the value of G"),
        ("F|hour|gte: 22", "F is at least 22 (hour)"),
        ("TimeCreated: '>=2022-11-08, <2022-12-13'", "TimeCreated is not before 2022-11-08 and before 2022-12-13"),
        ("F: [1, 2, 3, 4, 5, 6, 7, 8]", "F is 1 or 2 or 3 or 4 or 5 or 6 or one of 2 more"),
    ],
)
def test_tests_read_well(tmp_path, line, text):
    rule = load_one(tmp_path, f"s: {{{line}}}\ncondition: s")
    assert {test.text for test in leaves_of(rule.detection)} == {text}


SELECTIONS = """
    a: {F: a}
    b: {F: b}
    b2: {F: b2}
    _hidden: {F: h}
"""


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("a and b", All(("a", "b"))),
        ("a or b and not b2", Any(("a", All(("b", Not("b2")))))),
        ("(a or b) and b2", All((Any(("a", "b")), "b2"))),
        ("1 of b*", Any(("b", "b2"))),
        ("all of b*", All(("b", "b2"))),
        ("any of them", Any(("a", "b", "b2"))),
        ("1 of _hid*", "h"),
        ("not a", Not("a")),
        ("not not a", Not(Not("a"))),
    ],
)
def test_conditions(tmp_path, condition, expected):
    rule = load_one(tmp_path, f"{SELECTIONS}\n    condition: {condition}")
    assert _shape(rule.detection) == expected


def _shape(condition):
    match condition:
        case Test(values=(name,)):
            return name
        case All(children):
            return All(tuple(map(_shape, children)))
        case Any(children):
            return Any(tuple(map(_shape, children)))
        case Not(child):
            return Not(_shape(child))


def test_selections_are_maps_lists_of_maps_or_keywords(tmp_path):
    rule = load_one(
        tmp_path,
        """
        maps: [{F: a, G: b}, {F: c}]
        words: [timeout, 'lost*page']
        condition: maps or words
        """,
    )
    hits = [{"F": "A", "G": "B"}, {"F": "c"}, {"x": "a TIMEOUT of"}, {"x": ["y", "lost a page."]}]
    misses = [{"F": "a"}, {"G": "b"}, {"x": "time out"}]
    found = [one.event.data for one in match([rule], [event(data=data) for data in [*hits, *misses]])]
    assert found == hits


def test_the_time_frame_of_an_older_rule_is_no_selection(tmp_path):
    rule = load_one(tmp_path, "s: {F: a}\ntimeframe: 24h\ncondition: all of them")
    assert [test.field for test in leaves_of(rule.detection)] == ["F"]


def test_several_conditions_are_alternatives(tmp_path):
    rule = load_one(tmp_path, "a: {F: a}\nb: {F: b}\ncondition: [a, b]")
    assert _shape(rule.detection) == Any(("a", "b"))


@pytest.mark.parametrize(
    ("detection", "line", "key", "words"),
    [
        ("s: {F|gt: abc}\ncondition: s", 9, "detection.s.F|gt", "compare numbers"),
        ("s: {F|containz: a}\ncondition: s", 9, "detection.s.F|containz", "did you mean 'contains'"),
        ("s: {F|re: '(a'}\ncondition: s", 9, "detection.s.F|re", "missing )"),
        ("s: {F|re: '(?=a)'}\ncondition: s", 9, "detection.s.F|re", "invalid perl operator"),
        ("s: {F|re: 5}\ncondition: s", 9, "detection.s.F|re", "quote it"),
        ("s: {F|cidr: 10.0.0.1/8}\ncondition: s", 9, "detection.s.F|cidr", "host bits"),
        ("s: {F|hour: '3'}\ncondition: s", 9, "detection.s.F|hour", "whole numbers"),
        ("s: {F|hour|gte: 3.5}\ncondition: s", 9, "detection.s.F|hour|gte", "whole numbers"),
        ("s: {F|contains|hour: 3}\ncondition: s", 9, "detection.s.F|contains|hour", "incompatible"),
        ("s: {F|expand: '%x%'}\ncondition: s", 9, "detection.s.F|expand", "what the placeholder %x% stands for"),
        ("s: {F|wide|base64: ü}\ncondition: s", 9, "detection.s.F|wide|base64", "only allowed for ascii"),
        ("s: {F|fieldref: 'G*'}\ncondition: s", 9, "detection.s.F|fieldref", "wildcards"),
        ("s: {TimeCreated: '>=5.0'}\ncondition: s", 9, "detection.s.TimeCreated", "days or times"),
        ("s: {TimeCreated: '>=2022-11-08, 2022'}\ncondition: s", 9, "detection.s.TimeCreated", "no comparison"),
        ("s: {F: []}\ncondition: s", 9, "detection.s.F", "empty list"),
        ("s: {F: {G: 1}}\ncondition: s", 9, "detection.s.F", "must be text"),
        ("s: {F: 2001-01-01}\ncondition: s", 9, "detection.s.F", "quote it"),
        ("s:\n  - F: a\n  - G|exists: maybe\ncondition: s", 11, "detection.s[1].G|exists", "incompatible"),
        ("s: {}\ncondition: s", 9, "detection.s", "selects nothing"),
        ("s: [1]\ncondition: s", 9, "detection.s", "keyword must be text"),
        ("s: {F: a}\ncondition: t", 10, "detection.condition", "no selection 't'"),
        ("s: {F: a}\ncondition: 1 of t*", 10, "detection.condition", "no selection fits 't*'"),
        ("s: {F: a}\ncondition: s and", 10, "detection.condition", "ends too early: names of selections"),
        ("s: {F: a}\ncondition: s or 2 of them", 10, "detection.condition", "cannot be read from 'of them' on"),
        ("s: {'|fieldref': G}\ncondition: s", 9, "detection.s.|fieldref", "name the field before it"),
        ("s: {F: a}\ncondition: s | count() > 5", 10, "detection.condition", "timeframe"),
        ("s: {F: a}\ncondition: s | near t", 10, "detection.condition", "deprecated"),
        ("s: {F: a}\ncondition: s | count() by F > x", 10, "detection.condition", "deprecated"),
        ("s: {F: a}", 8, "detection.condition", "needs a condition"),
        ("s: {F: a}\ncondition: " + "(" * 50 + "s" + ")" * 50, 10, "detection.condition", "parentheses"),
        ("s: {F: a}\ncondition: " + "not " * 400 + "s", 10, "detection.condition", "parentheses"),
        ("s: {F: a}\ncondition: " + "s or " * 500 + "s", 10, "detection.condition", "2000 characters"),
    ],
)
def test_what_is_wrong_says_where_and_what(tmp_path, capfd, detection, line, key, words):
    loaded = load_text(tmp_path, rule_text(detection))
    assert loaded.rules == ()
    (problem,) = loaded.problems
    assert (problem.file, problem.line, problem.key) == ("rule.yml", line, key)
    assert words in problem.message
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("logsource", "key", "words"),
    [
        ("{product: linux}", "logsource.product", "not Windows"),
        ("{product: windows, service: sytem}", "logsource.service", "not known"),
        ("{product: windows, category: process_created}", "logsource.category", "did you mean 'process_creation'?"),
        ("{product: windows, category: file_access}", "logsource.category", "traces (ETW)"),
        ("{}", "logsource", "empty"),
        ("system", "logsource", "map"),
    ],
)
def test_log_sources_that_stand_for_no_channel_are_refused(tmp_path, logsource, key, words):
    text = rule_text("s: {F: a}\ncondition: s").replace("{product: windows, service: system}", logsource)
    problems = load_text(tmp_path, text).problems
    assert (problems[0].line, problems[0].key) == (7, key)
    assert words in problems[0].message


def test_services_stand_for_channels():
    assert channels_of("System") == ("System",)
    assert channels_of("powershell") == ("Microsoft-Windows-PowerShell/Operational", "PowerShellCore/Operational")
    assert channels_of("ldap_debug") == channels_of("ldap")
    assert channels_of("sytem") is None


def test_a_category_stands_for_its_events(tmp_path):
    text = rule_text("s: {Image|endswith: cmd.exe}\ncondition: s")
    text = text.replace("{product: windows, service: system}", "{product: windows, category: process_creation}")
    (rule,) = load_text(tmp_path, text).rules
    sysmon, channel = "Microsoft-Windows-Sysmon", "Microsoft-Windows-Sysmon/Operational"
    data = {"Image": r"C:\Windows\System32\cmd.exe"}
    events = [
        event(1, sysmon, 1, channel=channel, data=data),
        event(1, sysmon, 2, data=data),
        event(5, sysmon, 3, channel=channel, data=data),
        event(1, "Other", 4, channel=channel, data=data),
        event(1, sysmon, 5, channel="Application", data=data),
        event(1, sysmon, 6, channel=channel, data={"Image": "x"}),
    ]
    assert [found.event.sequence for found in match([rule], events)] == [1, 2]
    asked = {(one.channel, one.provider, one.event_id) for one in rule.query().selectors}
    assert asked == {(channel, sysmon, 1)}
    assert category_of("Pipe_Created").event_ids == (17, 18)


def test_every_service_that_pysigma_knows_is_known_here():
    from sigma.pipelines.common import windows_logsource_mapping

    assert {service for service in windows_logsource_mapping if channels_of(service) is None} == set()
    assert all(service == service.lower() for service in WINDOWS_SERVICES)


def test_pysigma_is_imported_with_the_first_rule_only():
    code = "import sys, evtscan.detection.load.loader, evtscan.detection.match.engine; sys.exit('sigma' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
