"""Each lint finds what it is for, and nothing in a rule that is well made."""

from pathlib import Path

import pytest
from example_rules import knows, load_text, rule_text

from evtscan.base.errors import Problem
from evtscan.detection.authoring.lint import LINTS, lint
from evtscan.detection.authoring.lints.manifest import MANIFEST
from evtscan.detection.load.loader import RuleSet
from evtscan.detection.load.written import Written, read_file, written

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
S = "    s: {Provider_Name: Disk, EventID: 7}\n"
PLACEHOLDERS = "disks: [Disk, Cdrom]\n"


def as_written(loaded: RuleSet, folder: Path) -> list[Written]:
    files = {rule.file: read_file(folder / rule.file, rule.file) for rule in loaded.rules}
    return written(loaded.rules, files)


def linted(folder: Path, text: str, name: str = "rule.yml") -> list[Problem]:
    (folder / "placeholders.yaml").write_text(PLACEHOLDERS)
    loaded = load_text(folder, text, name)
    assert loaded.problems == ()
    return lint(as_written(loaded, folder), fact_known=knows)


def lints(folder: Path, text: str, name: str = "rule.yml") -> list[tuple[str, int | None, str]]:
    return [(found.lint, found.line, found.key) for found in linted(folder, text, name)]


def test_a_rule_that_is_well_made_has_no_problem(tmp_path):
    assert lints(tmp_path, GOOD, "disk-bad_block2.yml") == []


BENIGN = ("kind: defect", "kind: benign")
BROKEN = [
    ("event-id-without-provider", 9, "detection.s.EventID", [(S, "    s: {EventID: 7}\n")]),
    ("provider-wildcard", 9, "detection.s.Provider_Name|contains", [(S, "    s: {Provider_Name|contains: Disk}\n")]),
    ("provider-wildcard", 9, "detection.s.Provider_Name", [(S, "    s: {Provider_Name: 'Di*'}\n")]),
    (
        "class-of-sources",
        9,
        "detection.s.Provider_Name|expand",
        [(S, "    s: {Provider_Name|expand: '%disks%', EventID: 7}\n")],
    ),
    ("event-id-as-text", 9, "detection.s.EventID", [("EventID: 7}\n    cond", "EventID: '7'}\n    cond")]),
    ("event-id-too-large", 9, "detection.s.EventID", [("EventID: 7}\n    cond", "EventID: 0x40000007}\n    cond")]),
    ("field-in-other-letters", 9, "detection.s.data1", [("7}\n    cond", "7, data1: x}\n    cond")]),
    ("field-in-other-letters", 9, "detection.s.computer", [("7}\n    cond", "7, computer: x}\n    cond")]),
    ("message-only", 9, "detection.s.Message|contains", [("7}\n    cond", "7, Message|contains: x}\n    cond")]),
    ("benign-not-exact", 8, "detection", [BENIGN, ("7}\n    cond", "7, Data1|contains: abc}\n    cond")]),
    ("benign-not-exact", 8, "detection", [BENIGN, ("7}\n    cond", "7, Data1|re: 'abcdefgh'}\n    cond")]),
    ("benign-not-exact", 8, "detection", [BENIGN, ("7}\n    cond", "7, Data1|re: '^a.*$'}\n    cond")]),
    ("benign-not-exact", 8, "detection", [BENIGN, ("7}\n    cond", "7, Data1|exists: true}\n    cond")]),
    ("benign-not-exact", 8, "detection", [BENIGN, (S, "    s: {Provider_Name: DCOM, EventID: 10016}\n")]),
    ("benign-not-exact", 8, "detection", [BENIGN, (S, "    s: {Provider_Name: Disk, Data1: x}\n")]),
    ("kind", 12, "known_issue.kind", [("kind: defect", "kind: bug")]),
    ("level-of-quiet-kind", 6, "level", [BENIGN, ("level: low", "level: high")]),
    ("article-form", 12, "known_issue.article", [("    kind:", "    article: KB 12345\n    kind:")]),
    ("remedy-without-cause", 14, "known_issue.remedy", [("    cause: A cause\n", "")]),
    ("no-remedy", 14, "known_issue.cause", [("    remedy: [A step]\n", "")]),
    ("no-remedy", 11, "known_issue", [("    cause: A cause\n    remedy: [A step]\n", "")]),
    ("unquoted-version", 13, "known_issue.when.os.version", [("{os.version: '4.0'}\n", "{os.version: 4.0}\n")]),
    ("unquoted-comparison", 13, "known_issue.when.os.service_pack", [("'4.0'}\n", "'4.0', os.service_pack: <4}\n")]),
    ("unquoted-text", 9, "detection.s.Data1", [("7}\n    cond", "7, Data1: 10:30}\n    cond")]),
    ("unquoted-text", 9, "detection.s.Data1[1]", [("7}\n    cond", "7, Data1: [08, No]}\n    cond")]),
    ("unknown-fact", 17, "known_issue.cases[0].facts.os.vrsion", [("facts: {os.version:", "facts: {os.vrsion:")]),
    ("precedence", 12, "known_issue.precedence[0]", [("    kind:", "    precedence: [Q100000]\n    kind:")]),
    ("precedence", 12, "known_issue.precedence[0]", [("    kind:", "    precedence: [A rule]\n    kind:")]),
    (
        "consequence-of",
        12,
        "known_issue.consequence_of[0]",
        [("    kind:", "    consequence_of: [Q100000]\n    kind:")],
    ),
    ("consequence-of", 12, "known_issue.consequence_of[0]", [("    kind:", "    consequence_of: [A rule]\n    kind:")]),
    ("no-firing-case", 11, "known_issue", [("confirmed", "resolved")]),
    ("no-quiet-case", 11, "known_issue", [("verdict: none", "verdict: exposed")]),
    ("experimental-unexplained", 3, "status", [("status: test", "status: experimental")]),
    ("missing-key", 1, "status", [("status: test\n", "")]),
    ("missing-key", 2, "id", [("id: 00000000-0000-4000-8000-000000000001", "id:")]),
    ("unknown-key", 4, "descripton", [("status: test\n", "status: test\ndescripton: x\n")]),
    ("unknown-key", 4, "colour", [("status: test\n", "status: test\ncolour: red\n")]),
    ("id-style", 2, "id", [("id: 00000000-0000-4000", "id: 0000000000004000")]),
    ("no-reference", 1, "references", [("references: [https://example.org/]\n", "")]),
    ("reference-form", 5, "references[0]", [("https://example.org/", "Q162396")]),
    ("reference-form", 5, "references[0]", [("https://example.org/", "https://example.org/a page")]),
    ("title-style", 1, "title", [("A rule\n", "A rule.\n")]),
    ("title-style", 1, "title", [("A rule\n", "a rule\n")]),
    ("title-style", 1, "title", [("A rule\n", f"A {'r' * 120}\n")]),
]


@pytest.mark.parametrize(("name", "line", "key", "changes"), BROKEN)
def test_each_lint_finds_what_it_is_for(tmp_path, name, line, key, changes):
    text = GOOD
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    assert lints(tmp_path, text) == [(name, line, key)]


FINE = [
    [("status: test", "status: experimental # the id is from memory")],
    [BENIGN, ("7}\n    cond", "7, Data1: abc}\n    cond")],
    [BENIGN, ("7}\n    cond", "7, Data1|endswith: '\\dfsinstr.dll'}\n    cond")],
    [BENIGN, ("7}\n    cond", "7, Data1|re: '^(one|two)$'}\n    cond")],
    [BENIGN, ("condition: s", "f: {Data1|contains: x}\n    condition: s and not f")],
    [BENIGN, (S, "    s: {Provider_Name: DCOM, EventID: 10016, param1: x}\n")],
    [(S, "    s: {Provider_Name|expand: '%disks%', EventID: 7, Data1: x}\n")],
    [(S, "    s: {Provider_Name: [MSSQLSERVER, MSSQL$*], EventID: 7}\n")],
    [("7}\n    cond", "7, Message|contains: x, Data1: y}\n    cond")],
    [("7}\n    cond", "7, data1x: x, Level: 2}\n    cond")],
    [("{os.version: '4.0'}\n", "{os.version: '4.0'} # was: <5\n")],
    *([("    kind:", f"    article: {name}\n    kind:")] for name in ("Q93489", "Q162396", "KB943729", "KB5004442")),
    [("    kind:", "    article: CVE-2021-26414\n    kind:")],
    [("A rule\n", "Über den Drucker\n")],
    [("https://example.org/", "http://example.org:8080/a?b=c#d")],
    [BENIGN, ("    cause: A cause\n    remedy: [A step]\n", "")],
]


@pytest.mark.parametrize("changes", FINE)
def test_what_only_resembles_a_mistake_is_none(tmp_path, changes):
    text = GOOD
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    assert lints(tmp_path, text) == []


def test_the_file_name_is_a_short_title(tmp_path):
    assert lints(tmp_path, GOOD, "Disk Rule.yml") == [("file-name", 1, "")]


def test_titles_and_ids_are_compared_with_all_rules(tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    text = GOOD.replace("title: A rule", "title: a RULE", 1)
    others = load_text(other, text, "other.yml").rules
    loaded = load_text(tmp_path, GOOD)
    found = lint(as_written(loaded, tmp_path), fact_known=knows, others=others)
    assert [(item.lint, item.line, item.message) for item in found] == [
        ("same-id", 2, "other.yml has the same id: give this rule a new one"),
        ("same-title", 1, "other.yml has the same title: say in the title what is special about this rule"),
    ]


def test_words_in_quotes_are_text_already(tmp_path):
    for value in ("'yes, no, 10:30, x'", '"[ on ]"', "'a: 010'", f"'a: {'9' * 5000}:30, b'"):
        assert lints(tmp_path, GOOD.replace("7}\n    cond", f"7, Data1: {value}}}\n    cond")) == [], value


def test_precedence_is_over_a_rule_that_there_is(tmp_path):
    for name, number in (("article", "Q100000"), ("title", "Another rule"), ("id", f"{2:08}-0000-4000-8000-{2:012}")):
        text = GOOD.replace("    kind:", f"    precedence: [{number}]\n    kind:", 1)
        loaded = load_text(tmp_path, text)
        (tmp_path / name).mkdir()
        article = "    article: Q100000\n    kind:" if name == "article" else "    kind:"
        other = (
            GOOD.replace("A rule", "Another rule", 1).replace("00000000-", "00000002-", 1).replace("001\n", "002\n", 1)
        )
        others = load_text(tmp_path / name, other.replace("    kind:", article, 1)).rules
        around = as_written(loaded, tmp_path)
        assert lint(around, fact_known=knows, others=others) == []
        assert [found.lint for found in lint(around, fact_known=knows)] == ["precedence"]


@pytest.mark.parametrize(("over", "found"), [((2, 3, 1), True), ((2, 1, None), True), ((2, 3, None), False)])
def test_precedence_does_not_run_in_a_circle(tmp_path, over, found):
    """Each rule goes before the one of this number; the first one is looked at."""
    rules = []
    for number, other in enumerate(over, 1):
        text = GOOD.replace("A rule", f"Rule {number}", 1).replace("000000000001\n", f"{number:012}\n", 1)
        named = f"    precedence: [Rule {other}]\n    kind:" if other else "    kind:"
        (tmp_path / str(number)).mkdir()
        rules.append(load_text(tmp_path / str(number), text.replace("    kind:", named, 1)))
    others = [rule for loaded in rules[1:] for rule in loaded.rules]
    problems = lint(as_written(rules[0], tmp_path / "1"), fact_known=knows, others=others)
    assert [problem.lint for problem in problems] == ["precedence-circle"] * found


@pytest.mark.parametrize(("causes", "found"), [((2, 3, 1), True), ((2, 1, None), True), ((2, 3, None), False)])
def test_consequences_do_not_run_in_a_circle(tmp_path, causes, found):
    """Each rule is a consequence of the one of this number; the first one is checked."""
    rules = []
    for number, other in enumerate(causes, 1):
        text = GOOD.replace("A rule", f"Rule {number}", 1).replace("000000000001\n", f"{number:012}\n", 1)
        named = f"    consequence_of: [Rule {other}]\n    kind:" if other else "    kind:"
        (tmp_path / str(number)).mkdir()
        rules.append(load_text(tmp_path / str(number), text.replace("    kind:", named, 1)))
    others = [rule for loaded in rules[1:] for rule in loaded.rules]
    problems = lint(as_written(rules[0], tmp_path / "1"), fact_known=knows, others=others)
    assert [problem.lint for problem in problems] == ["consequence-circle"] * found


def test_every_lint_has_a_rule_that_breaks_it_and_says_why_and_what_to_do():
    elsewhere = {
        "file-name",
        "same-id",
        "same-title",
        "precedence-circle",
        "consequence-circle",
        *(row.name for row in MANIFEST),
    }
    assert {row.name for row in LINTS} == {name for name, *_ in BROKEN} | elsewhere
    assert len({row.name for row in LINTS}) == len(LINTS)
    assert all(row.reason.endswith(".") and row.remedy and not row.remedy.endswith(".") for row in LINTS)


def test_a_problem_names_file_line_and_key_and_says_what_to_do(tmp_path):
    (problem,) = linted(tmp_path, GOOD.replace("kind: defect", "kind: bug"))
    assert str(problem) == (
        "rule.yml:12:known_issue.kind: 'bug' is no kind: "
        "choose one of defect, misconfiguration, failure, benign, notice, success"
    )


def test_documents_of_one_file_have_their_own_lines_and_comments(tmp_path):
    first = GOOD.replace("status: test", "status: experimental")
    second = GOOD.replace("status: test", "status: experimental # from memory").replace("A rule", "Another", 1)
    second = second.replace("id: 00000000-", "id: 00000001-", 1)
    text = f"{first}---\n{second}"
    assert lints(tmp_path, text) == [("experimental-unexplained", 3, "status")]
    text = f"# from memory\n{first}---\n{second.replace(' # from memory', '')}"
    assert lints(tmp_path, text) == [("experimental-unexplained", GOOD.count(chr(10)) + 1 + 1 + 3, "status")]


def test_a_file_that_changed_meanwhile_is_left_out(tmp_path):
    loaded = load_text(tmp_path, GOOD)
    for text in ("", "title: [", f"# a line\n{GOOD}"):
        (tmp_path / "rule.yml").write_text(text)
        assert as_written(loaded, tmp_path) == []
    (tmp_path / "rule.yml").unlink()
    assert as_written(loaded, tmp_path) == []


def test_a_plain_sigma_rule_may_rely_on_the_channel_of_one_source(tmp_path):
    text = rule_text("s: {EventID: 1}\ncondition: s").replace("service: system", "service: sysmon")
    assert lints(tmp_path, text) == []
    text = rule_text("s: {EventID: 1}\ncondition: s")
    assert lints(tmp_path, text) == [("event-id-without-provider", 9, "detection.s.EventID")]


def test_a_plain_sigma_rule_may_have_keys_of_its_own_but_no_misspelt_ones(tmp_path):
    text = rule_text("s: {Provider_Name: Disk, EventID: 1}\ncondition: s")
    assert lints(tmp_path, f"x_team: red\n{text}") == []
    assert lints(tmp_path, f"refrences: []\n{text}") == [("unknown-key", 1, "refrences")]
