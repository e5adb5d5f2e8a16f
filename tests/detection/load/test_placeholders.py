"""Values that a file beside the rules stands for."""

import os

import pytest
from example_rules import event, knows, load_text, match, rule_text

from evtscan.detection.load.loader import load_rules
from evtscan.detection.load.placeholders import FILE_NAME, expanded, files_for
from evtscan.detection.model.condition import tests_in as leaves_of

LINE = "s: {EventID: 129, Provider_Name|expand: '%miniports%'}\ncondition: s"


def write(folder, text):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE_NAME).write_text(text, encoding="utf-8")


def test_a_placeholder_stands_for_a_list(tmp_path):
    write(tmp_path, "miniports: [storahci, stornvme]\nother: [1, x*]\n")
    assert expanded(["%miniports%", 7, "plain", "50% of"], tmp_path) == [
        "storahci",
        "stornvme",
        7,
        "plain",
        "50% of",
    ]
    assert expanded([r"\%miniports%other%, 5\%"], tmp_path) == ["%miniports1, 5%", "%miniportsx*, 5%"]
    assert expanded(["<%miniports%|%other%>"], tmp_path) == [
        "<storahci|1>",
        "<storahci|x*>",
        "<stornvme|1>",
        "<stornvme|x*>",
    ]


def test_the_nearest_file_that_has_the_name_counts(tmp_path):
    write(tmp_path, "a: [far]\nb: [far]\n")
    write(tmp_path / "x" / "y", "b: [near]\n")
    assert expanded(["%a%", "%b%"], tmp_path / "x" / "y") == ["far", "near"]
    assert expanded(["%b%"], tmp_path / "x") == ["far"]
    assert files_for(tmp_path / "x" / "y")[:2] == [tmp_path / "x" / "y" / FILE_NAME, tmp_path / FILE_NAME]
    assert files_for(None) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("miniport: [a]", "nothing says what the placeholder %miniports% stands for: did you mean %miniport%?"),
        ("x: [a]", "write it into a placeholders.yaml beside the rule"),
        ("miniports: a", "miniports in placeholders.yaml must be a list of texts or whole numbers"),
        ("miniports: []", "with at least one"),
        ("miniports: [{a: b}]", "must be a list of texts"),
        ("miniports: [true]", "must be a list of texts"),
        ("[a]", "placeholders.yaml must map names to lists of values"),
        ("a: [", "placeholders.yaml, line"),
    ],
)
def test_what_is_wrong(tmp_path, content, words):
    write(tmp_path, content)
    (problem,) = load_text(tmp_path, rule_text(LINE)).problems
    assert (problem.line, problem.key) == (9, "detection.s.Provider_Name|expand")
    assert words in problem.message


def test_a_file_that_is_not_utf_8(tmp_path):
    (tmp_path / FILE_NAME).write_bytes(b"a: [\xff]")
    with pytest.raises(ValueError, match=r"placeholders.yaml is not UTF-8 \(byte 4\)"):
        expanded(["%a%"], tmp_path)


def test_too_many_values(tmp_path):
    write(tmp_path, f"a: {list(range(45))}\n")
    with pytest.raises(ValueError, match="more than 2000 values"):
        expanded(["%a%%a%"], tmp_path)


def test_a_rule_matches_every_value_and_asks_for_each(tmp_path):
    write(tmp_path, "miniports: [storahci, stornvme]\n")
    (rule,) = load_text(tmp_path, rule_text(LINE)).rules
    (text,) = {test.text for test in leaves_of(rule.detection) if test.field == "Provider_Name"}
    assert text == "Provider_Name is %miniports%"
    events = [event(129, provider) for provider in ("StorNVMe", "storahci", "disk")]
    assert [found.event.provider for found in match([rule], events)] == ["StorNVMe", "storahci"]
    asked = {(one.provider, one.event_id) for one in rule.query().selectors}
    assert asked == {("storahci", 129), ("stornvme", 129)}


def test_other_modifiers_work_on_what_it_stands_for(tmp_path):
    write(tmp_path, "words: [foo, b*r]\nsuffix: ['.exe', '.com']\n")
    lines = {
        "F|contains|expand: '%words%'": ["xFOOx", "xbxrx"],
        "F|expand|endswith: '%suffix%'": ["a.EXE"],
        "F|re|expand: '^%words%$'": ["foo", "bbbr"],
        "F|base64|expand: 'a%suffix%'": ["YS5leGU="],
        "F|expand: ['%words%', plain]": ["foo", "bar", "PLAIN"],
    }
    for line, values in lines.items():
        (rule,) = load_text(tmp_path, rule_text(f"s: {{{line}}}\ncondition: s")).rules
        events = [event(data={"F": value}) for value in [*values, "other", "%words%"]]
        assert [found.event.data["F"] for found in match([rule], events)] == values, line


def test_the_file_itself_is_no_rule_and_is_read_again_when_it_changes(tmp_path):
    write(tmp_path, "miniports: [storahci]\n")
    (tmp_path / "rule.yml").write_text(rule_text(LINE), encoding="utf-8")
    assert len(load_rules([tmp_path], fact_known=knows).rules) == 1
    write(tmp_path, "miniports: [stornvme]\n")
    os.utime(tmp_path / FILE_NAME, ns=(1, 1))
    (rule,) = load_rules([tmp_path], fact_known=knows).rules
    assert {one.provider for one in rule.query().selectors} == {"stornvme"}
