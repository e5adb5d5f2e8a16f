"""Paths of rules, or none → the rules of a run."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from evtscan.base.errors import RuleError, UsageError
from evtscan.base.model.rule import Level
from evtscan.detection.load import catalogue
from evtscan.detection.load.loader import RuleSet, load_rules, rule_files
from evtscan.detection.load.rulecache import load_through_cache
from evtscan.detection.model.rule import Rule
from evtscan.facts.catalogue.names import is_known


def rule_paths(paths: Sequence[Path] | None, added: Sequence[Path] | None = None) -> list[Path]:
    """Return the files and folders of rules: ``paths``, or the catalogue if it is empty, and the additional ones."""
    return [*(paths or [catalogue.folder()]), *(added or ())]


def rules_of(
    paths: Sequence[Path] | None,
    min_level: str = Level.INFORMATIONAL.word,
    *,
    excluded: Sequence[str] | None = None,
    cached: bool = True,
) -> RuleSet:
    """Load the rules of these paths, or the catalogue; ``cached`` uses the user's cache of compiled rules.

    In a folder, a rule that does not load is refused, and the others are used. ``excluded`` are the ids, titles or
    articles of rules to exclude.

    Raises:
        UsageError: if a path does not exist, no rule is left, or a rule to exclude does not exist.
        RuleError: if a named file does not load.
    """
    chosen = rule_paths(paths)
    for path in chosen:
        if not path.exists():
            raise UsageError(f"{path}: no such rule file or folder")
    load = load_through_cache if cached else load_rules
    rules = load(chosen, fact_known=is_known)
    called = rule_files(chosen) if rules.problems and any(map(Path.is_file, chosen)) else {}
    broken = {called.get(problem.file) for problem in rules.problems}
    for path in chosen:
        if path.is_file() and path in broken and (problems := load_rules([path], fact_known=is_known).problems):
            raise RuleError(problems)
    lowest = Level[min_level.upper()]
    left_out = _left_out(rules.rules, excluded or ())
    kept = tuple(
        rule for rule in rules.rules if rule.info.id not in left_out and Level[rule.info.level.upper()] >= lowest
    )
    if not kept:
        why = f"{len(rules.rules):,} left out, {len(rules.problems):,} refused: “evtscan rules check” says why"
        raise UsageError(f"no rule is left to use ({why})")
    return RuleSet(kept, rules.problems, rules.warnings)


def _left_out(rules: Iterable[Rule], names: Sequence[str]) -> set[str]:
    """The ids of the rules with these ids, titles or articles."""
    ids: dict[str, set[str]] = {}
    for rule in rules if names else ():
        for name in (rule.info.id, rule.info.title, rule.info.article):
            ids.setdefault(name.casefold(), set()).add(rule.info.id)
    for name in names:
        if not name or name.casefold() not in ids:
            raise UsageError(f"--exclude-rule {name}: no rule has this id, title or article")
    return set().union(*(ids[name.casefold()] for name in names))
