"""The published schemas say what a rule file may hold, and every problem has its line and key."""

import json

import pytest
from example_rules import rule_text

from evtscan.base.yamltext import load_documents
from evtscan.detection.authoring.lints.issues import KINDS
from evtscan.detection.load import knownissue
from evtscan.detection.load.schema import SECTION, WHOLE, schema_problems, schema_text
from evtscan.detection.model import context, derive

DETECTION = "s: {Provider_Name: Disk, EventID: 7}\ncondition: s"
ISSUE = """\
article: Q162396
kind: defect
derive:
    Status: {of: Binary, dword: 0x14}
    Percent: {of: Data2, capture: '(\\d+) percent'}
    Step: {difference: [NewTime, OldTime]}
    Length: {size: Data3}
when:
    os.version: '4.0'
    any: [{component.ras: true}, {not: {hotfix: [Q1, Q2]}}]
unobservable: [who did it]
elsewhere: the log of the server
context:
    - {followed_by: s, within: 24h, same: [Data1], same_boot: true}
    - {since_boot: {at_most: 30m}}
    - {boots: {at_least: 3, of_last: 5}}
    - {every: 4h, tolerance: 5m}
    - {same_boot: true}
supported_by: [{preceded_by: s, within: 15m}]
cleared_by: {event: s, same: [Data1]}
entity: [Data1, Data2]
cause: A cause
remedy: [A step]
workaround: Another
fixed_in: Service Pack 4
lookalikes: [Something else]
report_exposed: true
report_excluded: false
precedence: [Q100000]
doubts: [{when: {component.ras: true}, about: os.service_pack, reason: because}]
cases:
    - events: [{Provider_Name: Disk, EventID: 7, at: 2001-01-01T00:00:00Z}]
      facts: {os.version: '4.0', hotfix: [Q1], os.service_pack: [{value: 2, from: 2001-01-01}]}
      verdict: confirmed
    - {events: [], verdict: none}
"""
GOOD = rule_text(DETECTION, ISSUE)
CORRELATION = """\
title: Many of them
correlation:
    type: value_count
    rules: [one, two]
    group-by: [Computer]
    timespan: 15m
    aliases: {user: {one: TargetUserName, two: SubjectUserName}}
    condition: {gte: 10, field: TargetUserName}
"""


def found(text: str) -> list[tuple[int | None, str, str]]:
    (document,) = load_documents(text)
    return [(problem.line, problem.key, problem.message) for problem in schema_problems(document, "rule.yml")]


@pytest.mark.parametrize("text", [GOOD, rule_text(DETECTION), CORRELATION])
def test_what_the_language_has_fits(text):
    assert found(text) == []


WRONG = [
    ("kind: defect", "kind: defct", "known_issue.kind", "(did you mean 'defect'?)"),
    (
        "    article: Q162396",
        "    artcle: Q162396",
        "known_issue.artcle",
        "no key 'artcle' here (did you mean 'article'?)",
    ),
    ("Q162396", "162396a", "known_issue.article", "'162396a' does not fit: the number"),
    ("dword: 0x14", "dword: -1", "known_issue.derive.Status.dword", "-1 is less than the minimum"),
    ("dword: 0x14", "dword: 1, word: 2", "known_issue.derive.Status", "does not fit: one of {of: FIELD, dword"),
    ("[NewTime, OldTime]", "[NewTime]", "known_issue.derive.Step.difference", "needs 2 at least"),
    ("within: 24h", "within: a day", "known_issue.context[0].within", "'a day' does not fit: such as 30s"),
    ("followed_by: s, ", "", "known_issue.context[0]", "does not fit: one of followed_by, preceded_by"),
    (
        "at_most: 30m",
        "most: 30m",
        "known_issue.context[1].since_boot.most",
        "no key 'most' here (did you mean 'at_most'?)",
    ),
    ("at_least: 3, ", "", "known_issue.context[2].boots", "'at_least' is missing"),
    ("remedy: [A step]", "remedy: []", "known_issue.remedy", "must not be empty"),
    ("remedy: [A step]", "remedy: [{a: step}]", "known_issue.remedy[0]", "is not of type 'string'"),
    ("report_exposed: true", "report_exposed: 1", "known_issue.report_exposed", "1 is not of type 'boolean'"),
    ("about: os.service_pack, ", "", "known_issue.doubts[0]", "'about' is missing"),
    (
        "EventID: 7, at",
        "EventID: seven, at",
        "known_issue.cases[0].events[0].EventID",
        "'seven' is not of type 'integer'",
    ),
    ("verdict: none", "verdict: nothing", "known_issue.cases[1].verdict", "'nothing' is none of confirmed"),
    ("status: test", "status: tested", "status", "'tested' is none of stable"),
    ("level: low", "level: minor", "level", "'minor' is none of informational"),
    ("references: [https://example.org/]", "references: x", "references", "'x' is not of type 'array'"),
    ("id: 00000000-", "id: 0000000-", "id", "does not fit: a UUID"),
    ("    condition: s", "", "detection", "'condition' is missing"),
]


@pytest.mark.parametrize(("old", "new", "key", "message"), WRONG)
def test_what_it_has_not_is_named_with_line_and_key(old, new, key, message):
    text = GOOD.replace(old, new, 1)
    assert text != GOOD
    problems = found(text)
    assert [(at, message in told) for _, at, told in problems] == [(key, True)], problems
    if not key.endswith("]"):
        assert key.rpartition(".")[2] in text.splitlines()[problems[0][0] - 1]


def test_the_keys_of_a_rule_and_of_a_correlation_are_required():
    assert found("title: x\nlogsource: {product: windows}\n") == [(1, "", "'detection' is missing")]
    problems = found(CORRELATION.replace("    condition: {gte: 10, field: TargetUserName}\n", ""))
    assert problems == [(2, "correlation", "'condition' is missing")]
    assert [key for _, key, _ in found(CORRELATION.replace("value_count", "count"))] == ["correlation.type"]
    assert [key for _, key, _ in found(CORRELATION.replace("15m", "soon"))] == ["correlation.timespan"]


def test_keys_that_are_missing_are_named_once_each():
    (document,) = load_documents("description: x\n")
    messages = [problem.message for problem in schema_problems(document, "rule.yml")]
    assert sorted(messages) == ["'detection' is missing", "'logsource' is missing", "'title' is missing"]


def test_a_document_that_is_no_map_is_told_so():
    assert [(key, "object" in message) for _, key, message in found("- a\n- b\n")] == [("", True)]


def test_dates_and_numbers_as_keys_are_read_as_json_has_them():
    assert found(GOOD.replace("status: test", "status: test\ndate: 2001-02-03\n7: x")) == []
    assert [key for _, key, _ in found(GOOD.replace("status: test", "status: test\ndate: '2001-2-3'"))] == ["date"]


# ----------------------------------------------------------------------------- the schema and the code agree

SCHEMA = json.loads(schema_text(SECTION))


def test_the_schemas_are_schemas():
    from jsonschema import Draft202012Validator

    for name in (WHOLE, SECTION):
        schema = json.loads(schema_text(name))
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        Draft202012Validator.check_schema(schema)


def test_the_schema_has_every_key_that_the_code_reads():
    assert set(SCHEMA["properties"]) == set(knownissue.KEYS)
    assert SCHEMA["properties"]["kind"]["enum"] == list(KINDS)
    assert SCHEMA["$defs"]["case"]["properties"]["verdict"]["enum"] == list(knownissue.CASE_VERDICTS)
    assert set(SCHEMA["$defs"]["derived"]["properties"]) == set(derive._KEYS)
    around = set(SCHEMA["$defs"]["around"]["properties"])
    assert set(context._KINDS) <= around
    assert around - set(context._KINDS) == {"within", "tolerance", "same"}


def test_every_key_is_documented():
    from pathlib import Path

    docs = Path(__file__).parents[2] / "docs"
    text = (docs / "rule-language.md").read_text("utf-8") + (docs / "writing-rules.md").read_text("utf-8")
    assert [key for key in SCHEMA["properties"] if f"`{key}" not in text and f".{key}" not in text] == []
