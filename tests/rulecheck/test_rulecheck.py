"""A check of rule files says everything that is wrong with them, at once, each with its place."""

from pathlib import Path
from textwrap import indent

import pytest

from evtscan.detection.authoring.lint import LINTS
from evtscan.rulecheck import problems as rulecheck
from evtscan.rulecheck.problems import CHECKS, check

RULE = """\
title: {title}
id: 00000000-0000-4000-8000-{number:012}
status: test
description: A rule for tests
references: [https://example.org/]
level: low
logsource: {{product: windows, service: system}}
detection:
    s: {{Provider_Name: {provider}, EventID: {event_id}{strings}}}
    condition: s
known_issue:
    article: Q{article}
    kind: defect
    when: {{os.version: '4.0'}}
    cause: A cause
    remedy: [A step]
{more}    cases:
        - events: [{{Provider_Name: {provider}, EventID: {event_id}, Data1: x}}]
          facts: {{os.version: '4.0'}}
          verdict: confirmed
        - {{events: [], verdict: none}}
"""


def rule(
    number: int, *, title: str = "", provider: str = "Disk", event_id: int = 7, strings: str = "", more: str = ""
) -> str:
    return RULE.format(
        number=number,
        title=title or f"Rule number {number}",
        provider=provider,
        event_id=event_id,
        article=100000 + number,
        strings=strings,
        more=indent(more, "    "),
    )


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "one.yml").write_text(rule(1))
    return folder


def found(*paths: Path, beside: Path) -> list[tuple[str, str, int | None, str]]:
    return [(item.lint, item.file, item.line, item.key) for item in check(paths, beside=beside).problems]


def test_a_good_rule_has_no_problem_and_is_counted(rules):
    checked = check([rules], beside=rules)
    assert checked.problems == ()
    assert (checked.rules, checked.cases) == (1, 2)


def test_everything_is_said_at_once_in_the_order_of_places(rules):
    text = (
        rule(1)
        .replace("status: test", "status: tested")
        .replace("A cause", "''")
        .replace("verdict: conf", "verdict: kconf")
    )
    (rules / "one.yml").write_text(text)
    (rules / "two.yml").write_text(
        rule(2, event_id=51).replace("title: Rule", "title: rule").replace("verdict: confirmed", "verdict: excluded")
    )
    (rules / "zero.yml").write_text("title: ]\n")
    assert [(lint, file, line) for lint, file, line, _ in found(rules, beside=rules)] == [
        ("load", "one.yml", 3),
        ("schema", "one.yml", 15),
        ("load", "one.yml", 20),
        ("title-style", "two.yml", 1),
        ("no-firing-case", "two.yml", 11),
        ("case-fails", "two.yml", 18),
        ("load", "zero.yml", 1),
    ]


def test_what_loading_says_of_a_line_the_schema_does_not_repeat(rules):
    (rules / "one.yml").write_text(rule(1).replace("    kind: defect", "    knd: defect\n    kind: defect"))
    (problem,) = check([rules], beside=rules).problems
    assert (problem.lint, problem.line, problem.key) == ("load", 13, "known_issue.knd")
    assert "there is no key 'knd' here (did you mean 'kind'?); known: article, kind, " in problem.message


def test_what_a_lint_says_of_a_fact_its_case_does_not_repeat(rules):
    (rules / "one.yml").write_text(rule(1).replace("facts: {os", "facts: {os.vrsion: '4.0', os"))
    assert [lint for lint, *_ in found(rules, beside=rules)] == ["unknown-fact"]


@pytest.mark.parametrize("value", [">=3", "!=3", "> 3"])
def test_a_comparison_that_yaml_takes_for_its_own_sign_is_told_so(rules, value):
    (rules / "one.yml").write_text(
        rule(1).replace("{os.version: '4.0'}\n    cause", f"\n        os.service_pack: {value}\n    cause")
    )
    problems = check([rules], beside=rules).problems
    assert any(item.line == 15 and item.message.endswith("quote the comparison, such as '>=3'") for item in problems)


def test_files_and_folders_are_checked_together(rules, tmp_path):
    other = tmp_path / "other.yml"
    other.write_text(rule(2, title="rule number 2", event_id=51))
    assert found(rules, other, beside=rules) == [("title-style", "other.yml", 1, "title")]


def test_files_of_one_name_in_two_folders_are_checked_both(rules, tmp_path):
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "one.yml").write_text(rule(2, title="rule number 2", event_id=51))
    assert found(rules, tmp_path / "more", beside=rules) == [("title-style", "more/one.yml", 1, "title")]


# ---------------------------------------------------------------------------------------- cases and other rules


def twice(rules: Path, *, beside: Path | None = None) -> list[tuple[str, str]]:
    problems = check([rules], beside=beside or rules).problems
    assert {problem.lint for problem in problems} <= {"confirmed-twice"}
    return [(problem.file, problem.message) for problem in problems]


def test_a_case_that_another_rule_confirms_too_is_named(rules):
    (rules / "two.yml").write_text(rule(2, strings=", Data1: x"))
    assert [file for file, _ in twice(rules)] == ["one.yml", "two.yml"]
    (_, message), _ = twice(rules)
    assert message.startswith("“Rule number 2” (two.yml) confirms this case, too: ")
    (problem, _) = check([rules], beside=rules).problems
    assert (problem.line, problem.key) == (18, "known_issue.cases[0]")


def test_precedence_settles_it(rules):
    (rules / "two.yml").write_text(rule(2, strings=", Data1: x", more="precedence: [Q100001]\n"))
    assert twice(rules) == []


def test_rules_that_a_condition_or_a_string_tells_apart_do_not_meet(rules):
    (rules / "two.yml").write_text(rule(2, strings=", Data1: y").replace("Data1: x", "Data1: y"))
    (rules / "three.yml").write_text(rule(3, strings=", Data1: x").replace("'4.0'", "'5.0'"))
    (rules / "four.yml").write_text(rule(4, provider="Cdrom"))
    assert [file for file, _ in twice(rules)] == ["two.yml"]  # one.yml asks for no string


def test_rules_of_one_article_give_one_answer(rules):
    (rules / "two.yml").write_text(rule(2).replace("Q100002", "Q100001"))
    assert twice(rules) == []


def test_a_file_is_checked_against_the_catalogue_that_it_lies_in_or_goes_into(rules, tmp_path):
    (rules / "two.yml").write_text(rule(2, strings=", Data1: x"))
    assert [file for file, _ in twice(rules / "two.yml", beside=rules)] == ["two.yml"]
    alone = tmp_path / "new"
    alone.mkdir()
    (alone / "three.yml").write_text(rule(3))
    assert len(twice(alone, beside=rules)) == 2
    assert twice(alone, beside=alone) == []


def test_ids_and_titles_of_the_catalogue_are_taken(rules, tmp_path):
    (tmp_path / "mine.yml").write_text(rule(1, event_id=51))
    assert found(tmp_path / "mine.yml", beside=rules) == [
        ("same-title", "mine.yml", 1, "title"),
        ("same-id", "mine.yml", 2, "id"),
    ]


def test_a_broken_rule_of_the_catalogue_is_no_problem_of_a_file(rules, tmp_path):
    (rules / "broken.yml").write_text("title: [")
    (tmp_path / "mine.yml").write_text(rule(2, event_id=51))
    assert found(tmp_path / "mine.yml", beside=rules) == []


def test_a_rule_that_asks_for_any_id_is_compared_too(rules):
    (rules / "two.yml").write_text(
        rule(2).replace("Provider_Name: Disk, EventID: 7}", "Provider_Name: Disk, Data1: x}")
    )
    problems = check([rules], beside=rules).problems
    assert {(item.lint, item.file) for item in problems} == {
        ("confirmed-twice", "one.yml"),
        ("confirmed-twice", "two.yml"),
    }


# ------------------------------------------------------------------------------------------------------ the table


def test_every_problem_that_a_check_names_is_in_the_table():
    names = [row.name for row in CHECKS]
    assert len(names) == len(set(names))
    assert {row.name for row in LINTS} < set(names)
    assert set(names) - {row.name for row in LINTS} == {
        "load",
        "blank",
        "schema",
        "case-fact",
        "case-fails",
        "confirmed-twice",
    }
    assert all(row.reason.endswith(".") and row.remedy and not row.remedy.endswith(".") for row in CHECKS)


def test_a_fact_of_a_case_that_has_no_such_value_is_named(rules):
    (rules / "one.yml").write_text(
        rule(1).replace("{os.version: '4.0'}\n          v", "{os.version: '4.0', os.service_pack: x}\n          v")
    )
    assert [lint for lint, *_ in found(rules, beside=rules)] == ["case-fact"]


def test_the_catalogue_is_what_files_are_checked_beside_unless_told_otherwise(rules, monkeypatch):
    monkeypatch.setattr(rulecheck.catalogue, "folder", lambda: rules)
    (rules.parent / "mine.yml").write_text(rule(1))
    assert "same-id" in {item.lint for item in check([rules.parent / "mine.yml"]).problems}
