"""The options that select rules."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated

from evtscan.base.model.rule import Level
from evtscan.cli.options import values
from evtscan.cli.options.option import PERFORMANCE, RULES, option
from evtscan.cli.output import session
from evtscan.detection.load.loader import RuleSet

LevelName = Enum("LevelName", {item.word: item.word for item in Level})  # type: ignore[misc]
_LEVELS = ", ".join(item.word for item in Level)

MinLevel = Annotated[
    LevelName,
    option("-m", "--min-level", section=RULES, metavar="LEVEL", help=f"Skip rules below this level: {_LEVELS}."),
]
LOWEST = LevelName(Level.INFORMATIONAL.word)

NoRuleCache = Annotated[bool, option("--no-rule-cache", section=PERFORMANCE, help="Do not use the rule cache.")]
ExcludeRules = Annotated[
    list[str] | None,
    option(
        "--exclude-rule",
        section=RULES,
        metavar="RULE",
        help="Skip this rule (id, title or article). Repeatable.",
        show_default=False,
    ),
]


@dataclass(frozen=True, kw_only=True)
class RuleSource:
    """Options that name the files and folders of rules."""

    rules: Annotated[
        list[Path] | None,
        option(
            "-r",
            "--rules",
            section=RULES,
            metavar="PATH",
            callback=values.expand_existing,
            help="Rule file or folder to use instead of the built-in catalogue; * and ? are wildcards. Repeatable.",
            show_default=False,
        ),
    ] = None
    add_rules: Annotated[
        list[Path] | None,
        option(
            "--add-rules",
            section=RULES,
            metavar="PATH",
            callback=values.expand_existing,
            help="Rule file or folder to use in addition. Repeatable.",
            show_default=False,
        ),
    ] = None
    no_rule_cache: NoRuleCache = False

    @property
    def paths(self) -> list[Path]:
        """The files and folders of rules."""
        return session.rule_paths(self.rules, self.add_rules)

    def load(self) -> RuleSet:
        """Load the rules.

        Raises:
            UsageError: if a path does not exist, or no rule is left.
            RuleError: if a named file does not load.
        """
        return session.rules_of(self.paths, cached=not self.no_rule_cache)


@dataclass(frozen=True, kw_only=True)
class RuleSelection(RuleSource):
    """Options that name the files and folders of rules, and select rules from them."""

    exclude_rule: ExcludeRules = None
    min_level: MinLevel = LOWEST

    def load(self) -> RuleSet:
        """Load the selected rules; raises as ``RuleSource.load`` does, and for an excluded rule that does not exist."""
        return session.rules_of(
            self.paths, self.min_level.value, excluded=self.exclude_rule, cached=not self.no_rule_cache
        )
