"""Resolves the names of rules in correlations, across all loaded files.

A rule is named by its ``name`` or its id; a rule in the same file takes precedence. A rule that a correlation uses
gives no findings of its own, unless the correlation sets ``generate``.
"""

from collections.abc import Sequence
from dataclasses import replace

from evtscan.base.errors import Problem
from evtscan.base.yamltext import EntryPath
from evtscan.detection.model.context import names_in
from evtscan.detection.model.rule import Correlation, Rule
from evtscan.detection.model.section import key_of

MOST_NESTED = 5
"""How many correlations may stand in each other."""


def resolved(rules: Sequence[Rule]) -> tuple[tuple[Rule, ...], list[Problem]]:
    """Resolve the names in correlations; a correlation that names a missing rule becomes a problem."""
    names = _Names(rules)
    kept = [found for rule in rules if (found := names.resolve(rule)) is not None]
    silent = names.served - names.generated
    return tuple(replace(rule, silent=True) if rule.info.id in silent else rule for rule in kept), names.problems


class _Names:
    """Rules by name and id; ``served`` are the ids of rules that correlations name, ``problems`` unresolved names."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.problems: list[Problem] = []
        self.served: set[str] = set()
        self.generated: set[str] = set()
        self._by_name: dict[str, list[Rule]] = {}
        self._done: dict[str, Rule | None] = {}
        for rule in rules:
            for name in {rule.info.id, rule.name} - {""}:
                self._by_name.setdefault(name, []).append(rule)

    def resolve(self, rule: Rule, above: tuple[str, ...] = ()) -> Rule | None:
        """Return a correlation with its members, or any other rule unchanged; None if there is a problem."""
        if rule.correlation is None:
            return rule
        if rule.info.id not in self._done:
            before = len(self.problems)
            members = self._members(rule, rule.correlation, (*above, rule.info.id))
            others = self._others(rule)
            self._done[rule.info.id] = None
            if len(self.problems) == before:
                correlation = replace(rule.correlation, members=members)
                selections = {name: other.selection for name, other in others.items()}
                self._done[rule.info.id] = replace(rule, correlation=correlation, selections=selections)
                (self.generated if correlation.generate else self.served).update(one.info.id for one in members)
                self.served.update(other.info.id for other in others.values() if other.known_issue is None)
        return self._done[rule.info.id]

    def _members(self, rule: Rule, correlation: Correlation, above: tuple[str, ...]) -> tuple[Rule, ...]:
        members = []
        for place, name in enumerate(correlation.references):
            path: EntryPath = ("correlation", "rules", place)
            found = self._find(rule, name, path)
            if found is None:
                continue
            if found.info.id in above or len(above) > MOST_NESTED:
                self._problem(rule, path, f"{name!r} is about this correlation, or they are nested too deep")
                continue
            member = self.resolve(found, above)
            if member is None:
                self._problem(rule, path, f"the correlation {name!r} has problems of its own")
            else:
                members.append(member.as_member())
        return tuple(members)

    def _others(self, rule: Rule) -> dict[str, Rule]:
        """The rules that ``context``, ``supported_by`` and ``cleared_by`` name."""
        issue = rule.known_issue
        found: dict[str, Rule] = {}
        for name in dict.fromkeys(names_in(issue.around, issue.cleared_by) if issue is not None else ()):
            path: EntryPath = ("known_issue", "context")
            other = self._find(rule, name, path)
            if other is None:
                continue
            if other.correlation is not None:
                self._problem(rule, path, f"{name!r} is a correlation: name a rule that detects single events")
                continue
            found[name] = other
        return found

    def _find(self, rule: Rule, name: str, path: EntryPath) -> Rule | None:
        named = self._by_name.get(name, []) or self._by_name.get(name.lower(), [])
        near = [other for other in named if other.file == rule.file] or named
        if len(near) == 1:
            return near[0]
        if near:
            files = ", ".join(sorted(other.file for other in near))
            self._problem(rule, path, f"several rules are called {name!r} ({files}): name one by its id")
        else:
            self._problem(rule, path, f"no rule that loads is called {name!r}: give it this name: or use its id")
        return None

    def _problem(self, rule: Rule, path: EntryPath, message: str) -> None:
        while path and path not in rule.lines:
            path = path[:-1]
        line = rule.lines.get(path)
        self.problems.append(Problem(file=rule.file, line=line, key=key_of(path), message=message))
