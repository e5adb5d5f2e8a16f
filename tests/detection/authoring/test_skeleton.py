"""A skeleton names its blanks, and passes the check once they are filled."""

import re
from pathlib import Path

import pytest

from evtscan.detection.authoring.skeleton import BLANK, Begun, Product, skeleton
from evtscan.rulecheck import problems as rulecheck

ANSWERS = {
    "title": "Print spooler stops after an update",
    "description": "The spooler stops.",
    "references[0]": "https://example.org/Q123456",
    "author": "Somebody",
    "detection.selection.Provider_Name": "Print",
    "detection.selection.EventID": "19",
    "level": "medium",
    "known_issue.article": "Q123456",
    "known_issue.kind": "defect",
    "known_issue.when.os.version": "'4.0'",
    "known_issue.when.os.service_pack": "'<=3'",
    "known_issue.when.os.build": "'>=19041, <=19045'",
    "known_issue.cause": "A driver.",
    "known_issue.remedy[0]": "Install Service Pack 4.",
    "known_issue.fixed_in": "Service Pack 4",
    "known_issue.lookalikes[0]": "Print 20 is a driver that was added",
    "known_issue.cases[0].events[0].Provider_Name": "Print",
    "known_issue.cases[0].events[0].EventID": "19",
    "known_issue.cases[1].events[0].Provider_Name": "Print",
    "known_issue.cases[1].events[0].EventID": "19",
    "known_issue.cases[0].facts.os.version": "'4.0'",
    "known_issue.cases[0].facts.os.service_pack": "3",
    "known_issue.cases[0].facts.os.build": "19041",
    "known_issue.cases[1].facts.os.version": "'4.0'",
    "known_issue.cases[1].facts.os.service_pack": "4",
    "known_issue.cases[1].facts.os.build": "26100",
    "known_issue.cases[1].verdict": "excluded",
}


def checked(path: Path, text: str, tmp_path: Path) -> tuple:
    path.write_text(text, "utf-8")
    (tmp_path / "others").mkdir(exist_ok=True)
    return rulecheck.check([path], beside=tmp_path / "others").problems


def filled(text: str, problems: tuple) -> str:
    """The text with each blank that the check names replaced by its answer, the last ones of a line first."""
    lines = text.splitlines()
    for problem in reversed(problems):
        answer = ANSWERS.get(problem.key, "none")
        if problem.key.endswith("verdict") and "os.build" in text:
            answer = "none"  # another build means that the rule is not about the host
        hint = re.escape(problem.message.removesuffix(": fill it in"))
        line = lines[problem.line - 1]
        if BLANK not in line:  # a folded text begins on the next line
            lines[problem.line] = re.sub(rf"{BLANK} - .*", answer, lines[problem.line])
        else:
            lines[problem.line - 1] = re.sub(rf'"{BLANK} - {hint}"', answer, line, count=1)
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("product", list(Product))
@pytest.mark.parametrize(
    "begun",
    [
        {},
        {"title": "Print: the spooler's end", "article": "Q123456", "provider": "Print", "event_id": 19},
        {"article": "KB5004442"},
        {"article": "CVE-2021-26414", "provider": "Print"},
    ],
)
def test_a_skeleton_passes_once_its_blanks_are_filled(tmp_path, product, begun):
    text = skeleton(Begun(product=product, **begun))
    path = tmp_path / "print-spooler-stops.yml"
    problems = checked(path, text, tmp_path)
    assert {problem.lint for problem in problems} == {"blank"}
    assert len(problems) == text.count(BLANK)
    assert {problem.key for problem in problems} <= ANSWERS.keys()
    text = filled(text, problems)
    assert BLANK not in text
    assert [str(problem) for problem in checked(path, text, tmp_path)] == []


def test_what_is_known_leaves_no_blank():
    text = skeleton(Begun(title="A title", article="Q123456", provider="Dhcp", event_id=1008))
    assert "title: A title\n" in text
    assert "kb/123/Q123456/README.md" in text
    assert text.count("Provider_Name: Dhcp") == 3
    assert text.count("EventID: 1008") == 3


@pytest.mark.parametrize("title", ["It's: a #title", "- dash", "null", "'quoted'", "{brace", "tab\there", "ends with:"])
def test_a_title_is_quoted_where_yaml_needs_it(tmp_path, title):
    from evtscan.base.yamltext import load

    assert load(skeleton(Begun(title=title))).data["title"] == title


def test_each_skeleton_has_an_id_of_its_own():
    ids = {re.search(r"^id: (\S+)$", skeleton(Begun()), re.MULTILINE)[1] for _ in range(3)}
    assert len(ids) == 3


def test_one_blank_that_is_left_is_the_only_problem(tmp_path):
    path = tmp_path / "print-spooler-stops.yml"
    text = skeleton(Begun(product=Product.NT))
    problems = checked(path, text, tmp_path)
    text = filled(text, problems).replace("Install Service Pack 4.", '"FILL IN - the first step"')
    (left,) = checked(path, text, tmp_path)
    number = next(place for place, line in enumerate(text.splitlines(), 1) if BLANK in line)
    assert (left.line, left.key, left.message) == (number, "known_issue.remedy[0]", "the first step: fill it in")
