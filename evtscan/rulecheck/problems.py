"""Rule files → all problems in them: loading, schema, lints, cases, and cases that other rules confirm too."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from evtscan.base.errors import Problem
from evtscan.base.model.event import Event
from evtscan.base.model.finding import Verdict
from evtscan.base.model.query import Query
from evtscan.detection.authoring.lint import LINTS, lint
from evtscan.detection.authoring.skeleton import blanks_in
from evtscan.detection.load import catalogue
from evtscan.detection.load.loader import load_rules, rule_files
from evtscan.detection.load.rulecache import load_through_cache
from evtscan.detection.load.schema import schema_problems
from evtscan.detection.load.written import RuleFile, read_file, written
from evtscan.detection.match.engine import detect
from evtscan.detection.model.rule import Case, Rule
from evtscan.detection.model.section import key_of
from evtscan.facts.catalogue.names import is_known
from evtscan.facts.host import Host
from evtscan.rulecheck import cases
from evtscan.verdicts.judging import judge


@dataclass(frozen=True, slots=True)
class Check:
    """A kind of problem that ``rules check`` reports: why it matters, and how to fix it."""

    name: str
    reason: str
    remedy: str


CHECKS: Final[tuple[Check, ...]] = (
    Check("load", "What cannot be read or compiled takes no part in a run.", "do what the message says"),
    Check("blank", "A skeleton says nothing yet.", "fill it in, or take the line out"),
    Check("schema", "Editors and other tools rely on the published schemas.", "do what the message says"),
    *(Check(row.name, row.reason, row.remedy) for row in LINTS),
    Check(
        "case-fact",
        "A case whose facts are not understood tests something else than it says.",
        "correct the value, or the name of the fact",
    ),
    Check("case-fails", "The rule says something else than its author expects.", "correct the rule or the case"),
    Check(
        "confirmed-twice",
        "One event then gives two answers, and the reader has to choose.",
        "name the more general of the two in the precedence of the other, or tell them apart by a condition",
    ),
)
"""All checks, in the order in which they run. The documentation is generated from this table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The result of a check: the problems sorted by file and line, and the numbers of rules and cases checked."""

    problems: tuple[Problem, ...]
    rules: int
    cases: int


def check(paths: Sequence[Path], *, beside: Path | None = None) -> Checked:
    """Check rule files, and rule files below folders, together with the rules in ``beside`` (the catalogue).

    The rules of ``beside`` are not checked themselves; they are only used to find conflicts with the checked rules.
    """
    loaded = load_rules(paths, fact_known=is_known)
    files = {name: read_file(path, name) for name, path in rule_files(paths).items()}
    blanks = [problem for file in files.values() for problem in blanks_in(file)]
    unfinished = {problem.file for problem in blanks}
    finished = [rule for rule in loaded.rules if rule.file not in unfinished]
    others = _others(beside or catalogue.folder(), [file.path for file in files.values()])
    told = [
        *(_with_hint(problem, files) for problem in (*loaded.problems, *loaded.warnings)),
        *lint(written(finished, files), fact_known=is_known, others=others),
    ]
    found = [
        *told,
        *_of_schema(files.values(), told),
        *_of_cases(finished, told),
        *confirmed_twice(finished, others),
    ]
    problems = [*blanks, *(problem for problem in found if problem.file not in unfinished)]
    return Checked(
        problems=tuple(sorted(problems, key=lambda item: (item.file, item.line or 0, item.key))),
        rules=len(loaded.rules),
        cases=sum(len(rule.known_issue.cases) for rule in loaded.rules if rule.known_issue),
    )


# -------------------------------------------------------------------------------------------------------- files


def _others(folder: Path, checked: Sequence[Path]) -> tuple[Rule, ...]:
    """Return the rules of a folder without those of the checked files."""
    known = {path.resolve() for path in checked}
    rules = load_through_cache([folder], fact_known=is_known).rules if folder.is_dir() else ()
    return tuple(rule for rule in rules if (folder / rule.info.file).resolve() not in known)


_SIGN_OF_YAML = re.compile(r":\s+[>!]=?\s*\d")


def _with_hint(problem: Problem, files: Mapping[str, RuleFile]) -> Problem:
    """Add a hint to the problem if YAML may have misread a comparison on its line as YAML syntax."""
    lines = files[problem.file].text.splitlines() if problem.file in files else []
    if problem.line is None or problem.line > len(lines) or not _SIGN_OF_YAML.search(lines[problem.line - 1]):
        return problem
    return replace(problem, message=f"{problem.message}: quote the comparison, such as '>=3'")


def _of_schema(files: Iterable[RuleFile], told: Iterable[Problem]) -> Iterator[Problem]:
    """Yield violations of the schemas, except on lines for which a problem is already reported."""
    known = {(problem.file, problem.line) for problem in told}
    for file in files:
        for document in file.documents:
            for problem in schema_problems(document, file.name):
                if (problem.file, problem.line) not in known:
                    yield problem


# -------------------------------------------------------------------------------------------------------- cases


def _of_cases(rules: Sequence[Rule], told: Iterable[Problem]) -> Iterator[Problem]:
    """Yield problems found by running the cases, except facts for which a problem is already reported."""
    known = {(problem.file, problem.line) for problem in told}
    for problem in cases.problems(rules):
        if problem.lint != "case-fact" or (problem.file, problem.line) not in known:
            yield problem


def confirmed_twice(rules: Sequence[Rule], others: Sequence[Rule]) -> Iterator[Problem]:
    """Yield the cases in which another rule confirms the same event too."""
    neighbours = _Neighbours((*rules, *others))
    for rule in rules:
        for number, case in enumerate(rule.known_issue.cases if rule.known_issue else ()):
            if case.verdict == Verdict.CONFIRMED.value:
                for other in _rivals(rule, case, neighbours):
                    yield Problem(
                        file=rule.file,
                        line=case.line,
                        key=key_of(("known_issue", "cases", number)),
                        message=f"“{other.info.title}” ({other.file}) confirms this case, too: name the more general "
                        "of the two in the precedence of the other, or tell them apart by a condition",
                        lint="confirmed-twice",
                    )


class _Neighbours:
    """Rules by the event ids that they can use, so that a case is run against only a few rules."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._by_id: dict[int | None, list[tuple[Rule, Query]]] = {}
        for rule in rules:
            query = rule.query()
            for event_id in query.event_ids() or {None}:
                self._by_id.setdefault(event_id, []).append((rule, query))

    def of(self, event: Event) -> Iterator[Rule]:
        """Yield the rules that can use an event."""
        for rule, query in (*self._by_id.get(event.event_id, ()), *self._by_id.get(None, ())):
            if query.accepts(event.channel, event.provider, event.event_source_name, event.event_id):
                yield rule


def _rivals(rule: Rule, case: Case, neighbours: _Neighbours) -> list[Rule]:
    """Return the other rules that confirm an event which the rule confirms in this case."""
    evidence = cases.evidence_of(rule, case)
    events = [event for log in evidence.logs for event in log.events]
    near = {other.info.id: other for event in events for other in neighbours.of(event)}
    if not near.keys() - {rule.info.id}:
        return []
    claims = list((near | {rule.info.id: rule}).values())
    outcomes = judge(Host(evidence), "case", claims, detect(claims, events))
    confirmed = {
        outcome.finding.rule_id: {item.event.location for item in outcome.matches}
        for outcome in outcomes
        if outcome.finding.verdict == Verdict.CONFIRMED.value
    }
    own = confirmed.pop(rule.info.id, set())
    return [near[rule_id] for rule_id, places in confirmed.items() if own & places]
