"""Each lint finds what it is for, and nothing in a rule that is well made."""

import pytest
from example_rules import knows, load_text, rule_text

from evtscan.detection.lint import LINTS, lint
from evtscan.detection.loader import RuleSet

GOOD_DETECTION = "s: {Provider_Name: Disk, EventID: 7}\ncondition: s"
GOOD_ISSUE = """\
kind: defect
when: {os.version: '4.0'}
cause: A cause
remedy: [A step]
cases:
    - {events: [{Provider_Name: Disk, EventID: 7}], facts: {os.version: '4.0'}, verdict: confirmed}
    - {events: [], verdict: none}
"""
GOOD = rule_text(GOOD_DETECTION, GOOD_ISSUE)


def lints(loaded: RuleSet) -> list[tuple[str, int | None, str]]:
    assert loaded.problems == ()
    return [(found.lint, found.line, found.key) for found in lint(loaded, fact_known=knows)]


def test_a_rule_that_is_well_made_has_no_problem(tmp_path):
    assert lints(load_text(tmp_path, GOOD, "disk-bad_block2.yml")) == []


BROKEN = [
    ("event-id-without-provider", 8, "detection", ("Provider_Name: Disk, EventID: 7}\n", "EventID: 7}\n")),
    ("provider-wildcard", 8, "detection", ("Provider_Name: Disk, EventID: 7}\n", "Provider_Name|contains: Disk}\n")),
    ("kind", 12, "known_issue.kind", ("kind: defect", "kind: bug")),
    ("remedy-without-cause", 14, "known_issue.remedy", ("    cause: A cause\n", "")),
    ("cause-without-remedy", 14, "known_issue.cause", ("    remedy: [A step]\n", "")),
    ("unquoted-version", 13, "known_issue.when", ("{os.version: '4.0'}\n", "{os.version: 4.0}\n")),
    ("unknown-fact", 17, "known_issue.cases[0].facts.os.vrsion", ("facts: {os.version:", "facts: {os.vrsion:")),
    ("no-firing-case", 11, "known_issue", ("confirmed", "resolved")),
    ("no-quiet-case", 11, "known_issue", ("verdict: none", "verdict: exposed")),
    ("missing-key", 1, "", ("status: test\n", "")),
    ("id-style", 2, "id", ("id: 00000000-0000-4000", "id: 0000000000004000")),
    ("no-reference", 1, "", ("references: [https://example.org/]\n", "")),
    ("title-style", 1, "title", ("A rule\n", "A rule.\n")),
    ("title-style", 1, "title", ("A rule\n", "a rule\n")),
    ("title-style", 1, "title", ("A rule\n", f"A {'r' * 120}\n")),
]


@pytest.mark.parametrize(("name", "line", "key", "change"), BROKEN)
def test_each_lint_finds_what_it_is_for(tmp_path, name, line, key, change):
    text = GOOD.replace(*change, 1)
    assert text != GOOD
    assert lints(load_text(tmp_path, text)) == [(name, line, key)]


def test_the_file_name_is_a_short_title(tmp_path):
    assert lints(load_text(tmp_path, GOOD, "Disk Rule.yml")) == [("file-name", 1, "")]


def test_every_lint_has_a_rule_that_breaks_it_and_says_why_and_what_to_do(tmp_path):
    assert {row.name for row in LINTS} == {name for name, *_ in BROKEN} | {"file-name"}
    assert all(row.reason.endswith(".") and row.remedy and not row.remedy.endswith(".") for row in LINTS)
    (problem,) = lint(load_text(tmp_path, GOOD.replace("kind: defect", "kind: bug")), fact_known=knows)
    assert str(problem) == (
        "rule.yml:12:known_issue.kind: 'bug' is no kind: "
        "choose one of defect, misconfiguration, failure, benign, notice, success"
    )


@pytest.mark.parametrize("kind", ["benign", "notice", "success"])
def test_what_is_no_problem_needs_no_remedy(tmp_path, kind):
    text = GOOD.replace("kind: defect", f"kind: {kind}").replace("    remedy: [A step]\n", "")
    assert lints(load_text(tmp_path, text)) == []


def test_a_plain_sigma_rule_may_rely_on_the_channel_of_one_source(tmp_path):
    text = rule_text("s: {EventID: 1}\ncondition: s").replace("service: system", "service: sysmon")
    assert lints(load_text(tmp_path, text)) == []
    text = rule_text("s: {EventID: 1}\ncondition: s")
    assert lints(load_text(tmp_path, text)) == [("event-id-without-provider", 8, "detection")]
