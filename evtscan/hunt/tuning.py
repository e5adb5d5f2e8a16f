"""Tuning files of a hunt: rules to leave out, other levels, and detections to suppress by their values.

A tuning file is YAML::

    levels: {Rare service installed: low}        # rule id or title: level
    rules: [00000000-0000-4000-8000-000000000001]   # rules to leave out
    exclude:
        - rule: Command shell                    # without it: every rule
          fields: {ParentImage|endswith: '\\agent.exe', User: 'NT AUTHORITY\\SYSTEM'}
          reason: the software distribution      # for people

``fields`` is a Sigma selection. A file ``.txt`` is a plain list: a rule id in each line leaves the rule out, and
``id,level`` changes its level; ``#`` begins a comment. Hayabusa's lists of noisy rules and of levels have this form.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from evtscan.base.errors import UsageError
from evtscan.base.logic import Truth
from evtscan.base.model.event import Event
from evtscan.base.model.rule import Level
from evtscan.base.model.source import Source
from evtscan.base.text import read_text
from evtscan.base.yamltext import YamlSyntaxError, load
from evtscan.detection.match.eventtests import truth_in
from evtscan.detection.model.condition import Condition, conjunction, truth_of
from evtscan.detection.model.rule import Rule
from evtscan.detection.model.section import Problems, Section

_MOST_BYTES = 1 << 20
_KEYS = ("levels", "rules", "exclude")
_ENTRY_KEYS = ("rule", "fields", "reason")
_LEVELS = tuple(level.word for level in Level)


@dataclass(frozen=True, slots=True)
class Suppression:
    """Detections to remove: those of ``rule`` (an id; None for every rule) whose event meets the condition."""

    rule: str | None
    condition: Condition

    def includes(self, rule_id: str, event: Event) -> bool:
        """Return whether this detection is to be removed; it is kept if the condition is undecided."""
        if self.rule not in (None, rule_id):
            return False
        return truth_of(self.condition, lambda test: truth_in(event, test)) is Truth.TRUE


@dataclass(slots=True)
class Tuning:
    """The content of tuning files: new levels and excluded rules, by rule id; ``unknown`` names match no rule."""

    levels: dict[str, str] = field(default_factory=dict)
    left_out: set[str] = field(default_factory=set)
    suppressions: list[Suppression] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def applied(self, rules: Iterable[Rule]) -> tuple[Rule, ...]:
        """Return the rules with their new levels, without excluded rules."""
        return tuple(
            replace(rule, info=replace(rule.info, level=self.levels[rule.info.id]))
            if rule.info.id in self.levels
            else rule
            for rule in rules
            if rule.info.id not in self.left_out
        )


def read_tuning(paths: Iterable[Path], rules: Sequence[Rule]) -> Tuning:
    """Read tuning files for these rules.

    Raises:
        UsageError: if a file does not exist or an entry is invalid; the message lists every problem with its line.
        EvidenceError: if a file cannot be read.
    """
    tuning = Tuning()
    reader = _Reader(rules, tuning)
    for path in paths:
        if not path.is_file():
            raise UsageError(f"--exclude {path}: there is no such file")
        text = read_text(Source(path, path.name), limit=_MOST_BYTES).text
        reader.read_list(text, path.name) if path.suffix.lower() == ".txt" else reader.read_yaml(text, path.name)
    if reader.problems:
        raise UsageError("\n".join(reader.problems))
    return tuning


class _Reader:
    """Read files into one tuning and collect the problems."""

    def __init__(self, rules: Sequence[Rule], tuning: Tuning) -> None:
        self._ids: dict[str, list[str]] = {}
        for rule in rules:
            for name in {rule.info.id.casefold(), rule.info.title.casefold()}:
                self._ids.setdefault(name, []).append(rule.info.id)
        self._tuning = tuning
        self.problems: list[str] = []

    def read_list(self, text: str, name: str) -> None:
        """Parse a list of rule ids, or of rule ids with levels."""
        for number, line in enumerate(text.splitlines(), 1):
            entry = line.partition("#")[0].strip()
            rule, comma, level = (part.strip() for part in entry.partition(","))
            if not entry or (rule.lower() == "id" and comma):  # the heading of a list of levels
                continue
            if comma and (problem := self._set_level(rule, level)):
                self.problems.append(f"{name}, line {number}: {problem}")
            elif not comma:
                self._tuning.left_out.update(self._named(rule))

    def read_yaml(self, text: str, name: str) -> None:
        """Parse a tuning file in YAML."""
        try:
            document = load(text, aliases=False)
        except YamlSyntaxError as error:
            self.problems.append(f"{name}, line {error.line}: {error.message}")
            return
        problems = Problems(name, document)
        self.problems += [f"{name}, line {problem.line}: {problem.message}" for problem in document.problems]
        data = document.data if isinstance(document.data, Mapping) else {}
        if data is not document.data and document.data is not None:
            problems.add((), f"must be a map with the keys {', '.join(_KEYS)}")
        top = Section(data, (), problems)
        top.only(_KEYS)
        levels = top.section("levels")
        for rule in levels.data:
            if problem := self._set_level(str(rule), levels.text(rule)):
                levels.problem(problem, rule)
        for rule in top.texts("rules"):
            self._tuning.left_out.update(self._named(rule))
        for entry in top.sections("exclude"):
            self._tuning.suppressions += self._suppressions(entry)
        self.problems += [f"{problem.file}, line {problem.line}: {problem.message}" for problem in problems.found]

    def _suppressions(self, entry: Section) -> Iterator[Suppression]:
        from evtscan.detection.load.sigma import item  # pySigma takes long to import

        entry.only(_ENTRY_KEYS)
        fields = entry.section("fields")
        if not fields.data:
            entry.problem("needs fields: a map of field names and values; to leave out a rule, list it under rules")
            return
        tests = [item(str(key), value, (*fields.path, key), entry.problems) for key, value in fields.data.items()]
        condition = conjunction(*tests)
        rule = entry.text("rule")
        for rule_id in self._named(rule) if rule else [None]:
            yield Suppression(rule_id, condition)

    def _set_level(self, rule: str, level: str) -> str:
        """Set the level of the rules with this name; return the problem, or an empty text if there is none."""
        word = level.lower()
        if word not in _LEVELS:
            return f"{level!r} is not a level; use one of {', '.join(_LEVELS)}"
        self._tuning.levels.update(dict.fromkeys(self._named(rule), word))
        return ""

    def _named(self, name: str) -> list[str]:
        """Return the ids of the rules with this id or title; a name that matches no rule is added to ``unknown``."""
        found = self._ids.get(name.casefold(), [])
        if not found:
            self._tuning.unknown.append(name)
        return found
