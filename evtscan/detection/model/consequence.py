"""``known_issue.consequence_of``: the rules whose problem may cause the problem of this rule."""

from dataclasses import dataclass
from typing import Final

from evtscan.base.wintypes import TICKS_PER_SECOND
from evtscan.detection.model.context import parse_duration
from evtscan.detection.model.section import Section

DEFAULT_WITHIN: Final = 24 * 3600 * TICKS_PER_SECOND
"""How long before its consequence a cause may have been logged, unless the rule says otherwise; in ticks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """A rule, named by article, id or title, whose matches may cause this rule's matches.

    ``within`` is the longest time from a match of that rule to the next match of this one, in ticks.
    """

    name: str
    within: int = DEFAULT_WITHIN


def consequences_of(issue: Section) -> tuple[Consequence, ...]:
    """Read ``consequence_of``: a list of names, or of maps with ``rule`` and ``within``."""
    value = issue.data.get("consequence_of")
    found = []
    for place, item in enumerate(value if isinstance(value, list) else [] if value is None else [value]):
        if isinstance(item, str):
            found.append(Consequence(name=item))
        elif isinstance(item, dict):
            section = Section(item, (*issue.path, "consequence_of", place), issue.problems)
            section.only(("rule", "within"))
            found.append(Consequence(name=section.text("rule"), within=_within(section)))
        else:
            issue.problem("must be the article, id or title of a rule, or a map of rule and within", "consequence_of")
    return tuple(found)


def _within(section: Section) -> int:
    if "within" not in section.data:
        return DEFAULT_WITHIN
    try:
        return parse_duration(section.text("within"))
    except ValueError as error:
        section.problem(str(error), "within")
        return DEFAULT_WITHIN
