"""What is wrong with rules that load: a table of lints, each with its reason and what to do about it.

What keeps a rule from loading is the loader's business, and whether its cases come out is shown by running them.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

from evtscan.detection.condition import Operator, Test, tests_in
from evtscan.detection.loader import RuleSet
from evtscan.detection.modifiers import plain_text
from evtscan.detection.rule import Rule
from evtscan.detection.section import key_of
from evtscan.errors import Problem
from evtscan.model import QUIET_KINDS
from evtscan.parsers.yamltext import Path

KINDS = ("defect", "misconfiguration", "failure", *sorted(QUIET_KINDS))
MAX_TITLE = 110

Found = Iterator[tuple[Path, str]]
"""Where a rule breaks a lint, and how, in a few words."""

FactKnown = Callable[[str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lint:
    """A row of ``LINTS``: why it matters, what to do, and how to find it in one rule."""

    name: str
    reason: str
    remedy: str
    find: Callable[[Rule, FactKnown], Found]


def lint(ruleset: RuleSet, *, fact_known: FactKnown) -> list[Problem]:
    """Check every rule against every lint; problems in the order of rules, then of the table."""
    return [
        Problem(
            file=rule.file,
            line=rule.lines.get(path, 1),
            key=key_of(path),
            message=f"{what}: {row.remedy}",
            lint=row.name,
        )
        for rule in ruleset.rules
        for row in LINTS
        for path, what in row.find(rule, fact_known)
    ]


# -------------------------------------------------------------------------------------------------- detection

_SHARED_CHANNELS = (None, "Application", "System")


def _event_id_without_provider(rule: Rule, fact_known: FactKnown) -> Found:
    loose = sorted(
        selector.event_id
        for selector in rule.query().selectors or ()
        if selector.event_id is not None
        and selector.provider is None
        and (rule.known_issue is not None or selector.channel in _SHARED_CHANNELS)
    )
    if loose:
        yield ("detection",), f"event id {loose[0]} is asked for without an exact Provider_Name"


def _wildcard_in_provider(rule: Rule, fact_known: FactKnown) -> Found:
    for test in tests_in(rule.detection):
        if test.field == "Provider_Name" and (test.operator is not Operator.IS or _has_wildcard(test)):
            yield ("detection",), f"{test.text!r} fits names that nobody has seen yet"


def _has_wildcard(test: Test) -> bool:
    return any(isinstance(value, str) and plain_text(value) is None for value in test.values)


# ------------------------------------------------------------------------------------------------ known issue


def _kind(rule: Rule, fact_known: FactKnown) -> Found:
    if rule.known_issue is not None and rule.info.kind not in KINDS:
        yield ("known_issue", "kind"), f"{rule.info.kind!r} is no kind" if rule.info.kind else "there is no kind"


def _remedy_without_cause(rule: Rule, fact_known: FactKnown) -> Found:
    if rule.info.remedy and not rule.info.cause:
        yield ("known_issue", "remedy"), "a remedy without a cause"


def _cause_without_remedy(rule: Rule, fact_known: FactKnown) -> Found:
    if rule.info.cause and not rule.info.remedy and rule.info.kind not in QUIET_KINDS:
        yield ("known_issue", "cause"), "a cause without a remedy"


def _unquoted_version(rule: Rule, fact_known: FactKnown) -> Found:
    issue = rule.known_issue
    conditions = [issue.when, *(doubt.when for doubt in issue.doubts)] if issue else []
    for condition in conditions:
        for test in tests_in(condition):
            if test.field.endswith(".version") and any(isinstance(value, (int, float)) for value in test.values):
                yield ("known_issue", "when"), f"{test.text!r} compares a number, and 5.10 would be 5.1"


def _unknown_fact(rule: Rule, fact_known: FactKnown) -> Found:
    for place, case in enumerate(rule.known_issue.cases if rule.known_issue else ()):
        for name in dict.fromkeys(entry.name for entry in case.facts if not fact_known(entry.name)):
            yield ("known_issue", "cases", place, "facts", name), f"no fact is called {name!r}"


def _no_firing_case(rule: Rule, fact_known: FactKnown) -> Found:
    yield from _no_case(rule, ("confirmed", "possible"), "fires")


def _no_quiet_case(rule: Rule, fact_known: FactKnown) -> Found:
    yield from _no_case(rule, ("none", "excluded"), "does not fire")


def _no_case(rule: Rule, verdicts: tuple[str, ...], what: str) -> Found:
    issue = rule.known_issue
    if issue is not None and not any(case.verdict in verdicts for case in issue.cases):
        yield ("known_issue",), f"there is no case that {what}"


# --------------------------------------------------------------------------------------------------- metadata


def _missing_key(rule: Rule, fact_known: FactKnown) -> Found:
    for key in ("id", "status", "description", "level"):
        if (key,) not in rule.lines:
            yield (), f"there is no {key}"


def _id_style(rule: Rule, fact_known: FactKnown) -> Found:
    if ("id",) in rule.lines and rule.info.id != str(UUID(rule.info.id)):
        yield ("id",), f"{rule.info.id!r} is not a UUID in its usual form"


def _no_reference(rule: Rule, fact_known: FactKnown) -> Found:
    if not rule.info.references:
        yield (), "there is no reference"


def _title_style(rule: Rule, fact_known: FactKnown) -> Found:
    title = rule.info.title
    if len(title) > MAX_TITLE:
        yield ("title",), f"{len(title)} characters are too many"
    if title.endswith("."):
        yield ("title",), "a title ends without a period"
    if title[:1].islower():
        yield ("title",), "a title begins with a capital letter"


_FILE_NAME = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*\.ya?ml\Z")


def _file_name(rule: Rule, fact_known: FactKnown) -> Found:
    name = rule.file.rpartition("/")[2]
    if not _FILE_NAME.match(name):
        yield (), f"{name!r} is not a short title in lower case"


LINTS: tuple[Lint, ...] = (
    Lint(
        name="event-id-without-provider",
        reason="Sources share event ids, and the same number of another source is another problem.",
        remedy="add the Provider_Name that logs it, in full",
        find=_event_id_without_provider,
    ),
    Lint(
        name="provider-wildcard",
        reason="A prefix also fits sources that log the same number for something else.",
        remedy="list the names in full",
        find=_wildcard_in_provider,
    ),
    Lint(
        name="kind",
        reason="The kind decides whether a finding counts as a problem.",
        remedy=f"choose one of {', '.join(KINDS)}",
        find=_kind,
    ),
    Lint(
        name="remedy-without-cause",
        reason="Nobody changes a machine without knowing why.",
        remedy="say in a sentence what goes wrong",
        find=_remedy_without_cause,
    ),
    Lint(
        name="cause-without-remedy",
        reason="A known issue that leaves the reader with a cause only is half of an answer.",
        remedy="list the steps, or say that there is no fix and what to do instead",
        find=_cause_without_remedy,
    ),
    Lint(
        name="unquoted-version",
        reason="YAML reads 5.10 as the number 5.1.",
        remedy="quote the version",
        find=_unquoted_version,
    ),
    Lint(
        name="unknown-fact",
        reason="A case with a misspelt fact tests something else than it says.",
        remedy="use a name of the catalogue",
        find=_unknown_fact,
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
        name="missing-key",
        reason="Reports sort, filter and name rules by these.",
        remedy="add it",
        find=_missing_key,
    ),
    Lint(
        name="id-style",
        reason="Reports and exclusions compare ids as text.",
        remedy="write it in lower case with hyphens, as 8-4-4-4-12 digits",
        find=_id_style,
    ),
    Lint(
        name="no-reference",
        reason="A reader must be able to check what a rule claims.",
        remedy="name the article under references",
        find=_no_reference,
    ),
    Lint(
        name="title-style",
        reason="Titles stand in one column of a table.",
        remedy=f"a phrase of at most {MAX_TITLE} characters, such as 'Print spooler stops after an update'",
        find=_title_style,
    ),
    Lint(
        name="file-name",
        reason="A folder of rules is read by file names.",
        remedy="use words of the title with hyphens or underscores, such as print-spooler-stops.yml",
        find=_file_name,
    ),
)
"""Every lint. The documentation lists them from here."""
