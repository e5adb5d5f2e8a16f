"""Lints of ``known_issue``: conditions on hosts, causes, remedies, and whether the cases prove them."""

import re
from collections.abc import Iterable, Mapping
from functools import reduce
from operator import getitem
from typing import Final

import yaml

from evtscan.base.model.rule import QUIET_KINDS, Level
from evtscan.detection.authoring.lints.row import Found, Lint, Surroundings
from evtscan.detection.load.written import Written
from evtscan.detection.model.condition import tests_in
from evtscan.detection.model.section import did_you_mean

KINDS: Final = ("defect", "misconfiguration", "failure", *sorted(QUIET_KINDS))


def _kind(rule: Written, around: Surroundings) -> Found:
    info = rule.rule.info
    if rule.rule.known_issue is not None and info.kind not in KINDS:
        yield ("known_issue", "kind"), f"{info.kind!r} is no kind" if info.kind else "there is no kind"


def _level_of_quiet_kind(rule: Written, around: Surroundings) -> Found:
    info = rule.rule.info
    if info.kind in QUIET_KINDS and info.level in (Level.HIGH.word, Level.CRITICAL.word):
        yield ("level",), f"a rule of kind {info.kind} has the level {info.level}"


ARTICLE: Final = re.compile(r"(?:Q\d{5,6}|KB\d{6,7}|CVE-\d{4}-\d{4,7})\Z")
"""How the number of an article is written."""


def _article(rule: Written, around: Surroundings) -> Found:
    article = rule.rule.info.article
    if article and not ARTICLE.match(article):
        yield ("known_issue", "article"), f"{article!r} is not how people search for an article"


def _remedy_without_cause(rule: Written, around: Surroundings) -> Found:
    if rule.rule.info.remedy and not rule.rule.info.cause:
        yield ("known_issue", "remedy"), "a remedy without a cause"


def _no_remedy(rule: Written, around: Surroundings) -> Found:
    info = rule.rule.info
    if rule.rule.known_issue is not None and info.kind not in QUIET_KINDS and not info.remedy:
        path = ("known_issue", "cause") if info.cause else ("known_issue",)
        yield path, f"a {info.kind or 'known issue'} without a remedy"


def _unquoted_version(rule: Written, around: Surroundings) -> Found:
    issue = rule.rule.known_issue
    conditions = [issue.when, *(doubt.when for doubt in issue.doubts)] if issue else []
    for condition in conditions:
        for test in tests_in(condition):
            if test.field.endswith(".version") and any(isinstance(value, (int, float)) for value in test.values):
                paths = (path for path in rule.document.lines if "when" in path and path[-1] == test.field)
                yield next(paths, ("known_issue", "when")), f"{test.text!r} compares a number, and 5.10 would be 5.1"


_COMPARISON = re.compile(r":\s+([<>!=]=?\s*[\d{][\w.{}-]*)")


def _unquoted_comparison(rule: Written, around: Surroundings) -> Found:
    conditions = {line: path for path, line in rule.document.lines.items() if "when" in path}
    for line, text in enumerate(rule.text.splitlines(), rule.first_line):
        match = _COMPARISON.search(text.partition("#")[0])
        if match and line in conditions:
            yield conditions[line], f"{match[1]!r} is not quoted"


_OTHERWISE = re.compile(
    r"(?:[:,\[]|^\s*-)\s+(\d{1,30}(?::[0-5]?\d)+(?:\.\d*)?|0\d+|yes|no|on|off)\s*(?=[,}\]#]|$)", re.IGNORECASE
)


def _unquoted_text(rule: Written, around: Surroundings) -> Found:
    stated = {"detection", "when", "events", "facts"}
    lines = rule.text.splitlines()
    for path, line in rule.document.lines.items():
        value = reduce(getitem, path, rule.document.data) if not stated.isdisjoint(path) else None
        if isinstance(value, (int, float)):
            for written in _OTHERWISE.findall("".join(lines[line - rule.first_line : line - rule.first_line + 1])):
                made = yaml.safe_load(written)
                if type(made) is type(value) and made == value:
                    yield path, f"{written!r} is not quoted, and YAML makes {value!r} of it"


def _unknown_fact(rule: Written, around: Surroundings) -> Found:
    for place, case in enumerate(rule.rule.known_issue.cases if rule.rule.known_issue else ()):
        for name in dict.fromkeys(entry.name for entry in case.facts if not around.fact_known(entry.name)):
            yield ("known_issue", "cases", place, "facts", name), f"no fact is called {name!r}"


def _precedence(rule: Written, around: Surroundings) -> Found:
    names = rule.rule.known_issue.precedence if rule.rule.known_issue else ()
    yield from _names_of_rules(rule, around, "precedence", names)


def _consequence_of(rule: Written, around: Surroundings) -> Found:
    yield from _names_of_rules(rule, around, "consequence_of", rule.rule.info.consequence_of)


def _names_of_rules(rule: Written, around: Surroundings, key: str, names: Iterable[str]) -> Found:
    info = rule.rule.info
    for place, name in enumerate(names):
        path = ("known_issue", key, place)
        if name in (info.id, info.article, info.title):
            yield path, f"{name} is this rule itself"
        elif name not in around.names:
            yield path, f"no rule has the article, id or title {name!r}{did_you_mean(name, sorted(around.names))}"


def _precedence_circle(rule: Written, around: Surroundings) -> Found:
    if circle := _circle(rule, around, around.precedence):
        yield ("known_issue", "precedence"), f"it goes before itself: {' > '.join(circle)}"


def _consequence_circle(rule: Written, around: Surroundings) -> Found:
    if circle := _circle(rule, around, around.causes):
        yield ("known_issue", "consequence_of"), f"it is a consequence of itself: {' < '.join(circle)}"


def _circle(rule: Written, around: Surroundings, graph: Mapping[str, frozenset[str]]) -> list[str]:
    """The files of a cycle of precedence that contains a rule, the rule first and last; empty if there is none."""
    own = rule.rule.info.id
    came_from: dict[str, str] = {}
    reached = [own]
    for one in reached:
        for other in sorted(graph.get(one, ())):
            if other == own and one != own:
                way = [one]
                while way[-1] != own:
                    way.append(came_from[way[-1]])
                return [", ".join(around.files.get(step, (step,))) for step in (*reversed(way), own)]
            if other != own and other not in came_from:
                came_from[other] = one
                reached.append(other)
    return []


def _no_firing_case(rule: Written, around: Surroundings) -> Found:
    yield from _no_case(rule, ("confirmed", "possible"), "fires")


def _no_quiet_case(rule: Written, around: Surroundings) -> Found:
    yield from _no_case(rule, ("none", "excluded"), "does not fire")


def _no_case(rule: Written, verdicts: tuple[str, ...], what: str) -> Found:
    issue = rule.rule.known_issue
    if issue is not None and not any(case.verdict in verdicts for case in issue.cases):
        yield ("known_issue",), f"there is no case that {what}"


_COMMENT = re.compile(r"(?:^|\s)#\s*\w", re.MULTILINE)


def _experimental_without_comment(rule: Written, around: Surroundings) -> Found:
    if rule.rule.known_issue and rule.rule.info.status == "experimental" and not _COMMENT.search(rule.text):
        yield ("status",), "nothing says what was not checked"


ISSUES: Final = (
    Lint(
        name="kind",
        reason="The kind decides whether a finding counts as a problem.",
        remedy=f"choose one of {', '.join(KINDS)}",
        find=_kind,
    ),
    Lint(
        name="level-of-quiet-kind",
        reason="What is no problem must not stand above problems.",
        remedy="choose informational, low or medium, or another kind",
        find=_level_of_quiet_kind,
    ),
    Lint(
        name="article-form",
        reason="People look an article up by its number, and reports sort by it.",
        remedy="write Q162396, KB5004442 or CVE-2021-26414, or leave it out where there is no article",
        find=_article,
    ),
    Lint(
        name="remedy-without-cause",
        reason="Nobody changes a machine without knowing why.",
        remedy="say in a sentence what goes wrong",
        find=_remedy_without_cause,
    ),
    Lint(
        name="no-remedy",
        reason="A known issue that leaves the reader without a step to take is half of an answer.",
        remedy="list the steps, or say that there is no fix and what to do instead",
        find=_no_remedy,
    ),
    Lint(
        name="unquoted-version",
        reason="YAML reads 5.10 as the number 5.1.",
        remedy="quote the version",
        find=_unquoted_version,
    ),
    Lint(
        name="unquoted-comparison",
        reason="At the beginning of a value, > and ! are signs of YAML itself.",
        remedy="quote the comparison",
        find=_unquoted_comparison,
    ),
    Lint(
        name="unquoted-text",
        reason="YAML reads 10:30 as 630, 010 as 8, and yes and no as true and false.",
        remedy="quote what is text; write true, false and numbers in their plain forms",
        find=_unquoted_text,
    ),
    Lint(
        name="unknown-fact",
        reason="A case with a misspelt fact tests something else than it says.",
        remedy="use a name of the catalogue (docs/facts.md)",
        find=_unknown_fact,
    ),
    Lint(
        name="precedence",
        reason="A rule that goes before one that does not exist silences nothing.",
        remedy="name the article, the id or the title of a rule of the catalogue",
        find=_precedence,
    ),
    Lint(
        name="precedence-circle",
        reason="Of rules that go before each other in a circle, none silences another on the same event.",
        remedy="take the more general rule's precedence over the more special one out",
        find=_precedence_circle,
    ),
    Lint(
        name="consequence-of",
        reason="A cause that no rule describes is never found, so the consequence stays without its root.",
        remedy="name the article, the id or the title of a rule of the catalogue",
        find=_consequence_of,
    ),
    Lint(
        name="consequence-circle",
        reason="If rules are consequences of each other in a circle, none of them is the root.",
        remedy="remove consequence_of from the rule whose problem comes first",
        find=_consequence_circle,
    ),
    Lint(
        name="no-firing-case",
        reason="A rule that has never been seen to fire may never do so.",
        remedy="add a case with the events and facts of an affected host",
        find=_no_firing_case,
    ),
    Lint(
        name="no-quiet-case",
        reason="A rule that has never been seen to keep quiet may fire on everything.",
        remedy="add a case that looks alike and must not fire",
        find=_no_quiet_case,
    ),
    Lint(
        name="experimental-unexplained",
        reason="Whoever finds a source has to know which statement it is wanted for.",
        remedy="say in a comment what is from memory or seen once",
        find=_experimental_without_comment,
    ),
)
"""Lints of what a rule says of hosts."""
