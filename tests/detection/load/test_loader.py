"""Files and folders → rules, and every problem at once."""

import errno
from pathlib import Path

import pytest
import yaml
from example_rules import event, knows, load_text, match, rule_text
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evtscan.base.errors import UsageError
from evtscan.base.model.query import Query, Selector
from evtscan.detection.load.loader import load_rules, rule_files

DETECTION = "s: {Provider_Name: Disk, EventID: 7}\ncondition: s"

ISSUE = """
article: Q1
kind: defect
when: {os.version: '4.0'}
cause: A cause
remedy: [First, Second]
workaround: Wait
fixed_in: 4
lookalikes: [One]
"""


def test_a_rule_brings_what_reports_say_of_it(tmp_path):
    (rule,) = load_text(tmp_path, rule_text(DETECTION, ISSUE)).rules
    info = rule.info
    assert (info.id, info.title, info.level, info.status) == (
        "00000000-0000-4000-8000-000000000001",
        "A rule",
        "low",
        "test",
    )
    assert (info.kind, info.article, info.cause, info.remedy) == ("defect", "Q1", "A cause", ("First", "Second"))
    assert (info.workaround, info.fixed_in, info.lookalikes) == (("Wait",), "4", ("One",))
    assert (info.description, info.references, info.file) == ("A rule for tests", ("https://example.org/",), "rule.yml")
    assert rule.lines["detection", "s", "EventID"] == 9
    assert (rule.logsource.product, rule.logsource.service, rule.logsource.channels) == (
        "windows",
        "system",
        ("System",),
    )


def test_a_plain_sigma_rule_needs_no_known_issue_and_may_be_terse(tmp_path):
    text = "title: T\nlogsource: {product: windows}\ndetection: {s: {EventID: 7}, condition: s}\n"
    (rule,) = load_text(tmp_path, text, "terse.yml").rules
    assert (rule.known_issue, rule.info.id, rule.info.level) == (None, "terse.yml", "informational")


def test_a_folder_is_read_in_order_and_its_bad_files_do_not_stop_the_others(tmp_path):
    (tmp_path / "nt").mkdir()
    (tmp_path / "nt" / "b.yml").write_text(rule_text(DETECTION, number=2), encoding="utf-8")
    (tmp_path / "a.YAML").write_text(rule_text(DETECTION, number=1), encoding="utf-8-sig")
    (tmp_path / "bad.yml").write_text("title: [", encoding="utf-8")
    (tmp_path / "latin.yml").write_bytes("title: e\nid: é".encode("latin-1"))
    (tmp_path / "empty.yml").write_text("# nothing\n", encoding="utf-8")
    (tmp_path / "list.yml").write_text("- 1\n", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("no rule", encoding="utf-8")
    loaded = load_rules([tmp_path], fact_known=knows)
    assert [rule.file for rule in loaded.rules] == ["a.YAML", "nt/b.yml"]
    assert [(problem.file, problem.line) for problem in loaded.problems] == [
        ("bad.yml", 2),
        ("empty.yml", 1),
        ("latin.yml", 2),
        ("list.yml", 1),
    ]
    assert [refused.file for refused in loaded.refused] == ["bad.yml", "empty.yml", "latin.yml", "list.yml"]
    assert "save it as UTF-8" in loaded.refused[2].message


def test_each_file_counts_once_and_has_a_name_of_its_own(tmp_path):
    for number, place in enumerate(("a/x/one.yml", "b/x/one.yml", "c/b/x/one.yml"), 1):
        (tmp_path / place).parent.mkdir(parents=True)
        (tmp_path / place).write_text(rule_text(DETECTION, number=number), encoding="utf-8")
    paths = [
        tmp_path / "a",
        tmp_path / "b",
        tmp_path / "a" / "x",
        tmp_path / "c" / "b",
        tmp_path / "b" / "x" / "one.yml",
    ]
    assert rule_files(paths) == {
        "x/one.yml": tmp_path / "a/x/one.yml",
        "b/x/one.yml": tmp_path / "b/x/one.yml",
        "b/x/one.yml (2)": tmp_path / "c/b/x/one.yml",
    }
    loaded = load_rules(paths, fact_known=knows)
    assert loaded.problems == ()
    assert [rule.file for rule in loaded.rules] == ["x/one.yml", "b/x/one.yml", "b/x/one.yml (2)"]


def test_a_file_that_is_not_there_is_a_problem(tmp_path):
    (problem,) = load_rules([tmp_path / "none.yml"], fact_known=knows).problems
    assert (problem.file, problem.message.split(" (")[0]) == ("none.yml", "cannot be read")


def test_a_folder_that_cannot_be_listed(tmp_path, monkeypatch):
    def too_deep(folder, pattern):
        raise OSError(errno.ENAMETOOLONG, "File name too long")

    monkeypatch.setattr(Path, "rglob", too_deep)
    with pytest.raises(UsageError, match=r"cannot be listed \(File name too long\); give the folder of the rules"):
        rule_files([tmp_path])


def test_documents_of_a_file_load_on_their_own(tmp_path):
    good = rule_text(DETECTION)
    loaded = load_text(tmp_path, f"{good}\n---\ntitle: C\ncorrelation: {{type: temporal}}\n---\nx: 1\n")
    assert len(loaded.rules) == 1
    assert [(problem.line, problem.key) for problem in loaded.problems] == [
        (13, "correlation.timespan"),
        (15, "title"),
        (15, "detection"),
        (15, "logsource"),
    ]


def test_the_second_rule_with_an_id_is_a_problem(tmp_path):
    (tmp_path / "a.yml").write_text(rule_text(DETECTION), encoding="utf-8")
    (tmp_path / "b.yml").write_text(rule_text(DETECTION).replace("0001\n", "0001 # the same\n"), encoding="utf-8")
    loaded = load_rules([tmp_path], fact_known=knows)
    assert [rule.file for rule in loaded.rules] == ["a.yml"]
    (problem,) = loaded.problems
    assert (problem.file, problem.line, problem.key) == ("b.yml", 2, "id")
    assert "a.yml has the same id" in problem.message


def test_every_problem_of_a_rule_is_found_at_once(tmp_path):
    text = """\
title: 5
id: not-a-uuid
level: extreme
status: [test]
date: someday
references: https://example.org/
tags: [nonsense]
logsource: {product: windows, service: nowhere}
detection:
    s: {F|gt: x}
    condition: t
    condition: s
known_issue:
    wehn: 1
"""
    loaded = load_text(tmp_path, text)
    assert loaded.rules == ()
    assert {(problem.line, problem.key) for problem in loaded.warnings} == {
        (1, "title"),
        (2, "id"),
        (3, "level"),
        (4, "status"),
        (5, "date"),
        (6, "references"),
        (7, "tags"),
    }
    assert {(problem.line, problem.key) for problem in loaded.problems} == {
        (8, "logsource.service"),
        (10, "detection.s.F|gt"),
        (11, "detection.condition"),
        (12, ""),
        (14, "known_issue.wehn"),
    }


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("id", "not-a-uuid"),
        ("tags", ["nonsense", "attack.t1059"]),
        ("tags", "attack.execution"),
        ("references", "https://example.org/"),
        ("level", "severe"),
        ("status", ["test"]),
        ("status", "finished"),
        ("date", "someday"),
        ("author", ["one", "two"]),
        ("falsepositives", "none"),
        ("fields", "Image"),
        ("related", "another one"),
        ("description", {"en": "text"}),
        ("title", "T" * 300),
    ],
)
def test_metadata_never_refuses_a_rule(tmp_path, key, value):
    data = {"title": "T", "logsource": {"product": "windows"}, "detection": {"s": {"F": 1}, "condition": "s"}}
    loaded = load_text(tmp_path, yaml.safe_dump(data | {key: value}))
    assert loaded.problems == ()
    assert {problem.key for problem in loaded.warnings} == {key}
    (rule,) = loaded.rules
    assert rule.info.level == "informational"
    assert [one.rule for one in match([rule], [event(data={"F": "1"})])] == [rule]


def test_a_date_that_yaml_cannot_read_refuses_no_rule(tmp_path):
    loaded = load_text(tmp_path, rule_text(DETECTION) + "\nmodified: 2024-13-45\n")
    assert (len(loaded.rules), loaded.problems) == (1, ())
    assert {problem.line for problem in loaded.warnings} == {11}


@pytest.mark.parametrize("missing", ["title", "logsource", "detection"])
def test_what_a_rule_cannot_do_without(tmp_path, missing):
    data = {"title": "T", "logsource": {"product": "windows"}, "detection": {"s": {"F": 1}, "condition": "s"}}
    del data[missing]
    loaded = load_text(tmp_path, yaml.safe_dump(data))
    assert loaded.rules == ()
    assert missing.replace("logsource", "log") in loaded.problems[0].message.lower()


def test_the_query_of_a_set_is_that_of_all_of_its_rules(tmp_path):
    one = rule_text(DETECTION)
    two = rule_text("s: {EventID: 9}\ncondition: s", number=2)
    loaded = load_text(tmp_path, f"{one}\n---\n{two}")
    assert loaded.query() == Query(frozenset({Selector("System", "Disk", 7), Selector("System", None, 9)}))
    assert load_rules([], fact_known=knows).query().selectors == frozenset()


KEYS = """
    title id status level date tags references related logsource detection condition known_issue when any all not
    cases events facts verdict doubts about reason s os.version F|re F|gt F|contains|all EventID remedy entity
"""
names = st.sampled_from(KEYS.split())
values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-3, 3),
        st.floats(allow_nan=False),
        st.dates(),
        st.sampled_from(["s", "1 of s*", "(", "not s", ">=5", "test", "*", ""]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=4)),
    max_leaves=12,
)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(names, values, max_size=6))
def test_whatever_stands_in_a_file_is_a_rule_or_a_problem(tmp_path, data):
    base = {"title": "T", "logsource": {"product": "windows"}, "detection": {"s": {"F": 1}, "condition": "s"}}
    loaded = load_text(tmp_path, yaml.safe_dump(base | data))
    assert bool(loaded.rules) != bool(loaded.problems)
    for problem in loaded.problems:
        assert problem.message
        assert problem.line is not None


def test_tags_in_lower_case_each_once(tmp_path):
    text = rule_text("sel: {EventID: 7}\ncondition: sel").replace(
        "level: low", "level: low\ntags: [attack.T1059.001, attack.execution, attack.t1059.001]"
    )
    (rule,) = load_text(tmp_path, text).rules
    assert rule.info.tags == ("attack.t1059.001", "attack.execution")
