"""A rule and an event that it matched → the values of the event in words, for the reason of a finding."""

import re
from collections.abc import Iterator

from evtscan.base.errorcodes import error_text
from evtscan.base.model.event import Event
from evtscan.base.wording import shortened
from evtscan.detection.match.fields import ABSENT, SYSTEM_NAMES, UNREADABLE, field_value
from evtscan.detection.model.condition import All, Any, Condition, Test
from evtscan.detection.model.rule import Rule
from evtscan.detection.model.saying import FIELD

LONGEST_VALUE = 120
"""Characters of a value that a reason has."""

MOST_FIELDS = 4
"""Fields that a reason has if the rule does not word them itself."""

_CODE_NAME = re.compile(r"(error|status|code|result|hr$)", re.IGNORECASE)


def event_words(rule: Rule, event: Event) -> str:
    """What an event says, as its rule words it, else the fields that the rule tests or its remedy names.

    Empty if the event has none of these fields.
    """
    template = rule.known_issue.says if rule.known_issue is not None else ""
    if template:
        return _filled(template, event)
    told = ((field, _shown(event, field)) for field in dict.fromkeys(_fields_of(rule, event)))
    pairs = [f"{field} is {value}" for field, value in told if value]
    return "; ".join(pairs[:MOST_FIELDS])


def _filled(template: str, event: Event) -> str:
    """A template with the values of an event; empty if it has none of them."""
    found = False

    def value(match: re.Match[str]) -> str:
        nonlocal found
        names = match[1].split("/")
        texts = (_shown(event, name, as_code=match[2] == "error") for name in names)
        text = next(filter(None, texts), "")
        found = found or bool(text)
        return text or f"({names[0]} is not in the event)"

    text = FIELD.sub(value, template)
    return text if found else ""


def _fields_of(rule: Rule, event: Event) -> Iterator[str]:
    issue = rule.known_issue
    yield from issue.entity if issue is not None else ()
    for base in rule.bases():
        yield from _tested(base.detection)
    remedy = " ".join(rule.info.remedy)
    yield from (name for name in event.data if f"{{{name}}}" in remedy or re.search(rf"\b{re.escape(name)}\b", remedy))


def _tested(condition: Condition) -> Iterator[str]:
    """The fields of data that an event must have to match: not those under a ``not``."""
    match condition:
        case Test(field=field) if field and field not in SYSTEM_NAMES:
            yield field
        case All(children) | Any(children):
            for child in children:
                yield from _tested(child)


def _shown(event: Event, field: str, *, as_code: bool = False) -> str:
    value = field_value(event, field)
    if value in (ABSENT, UNREADABLE) or value is None:
        return ""
    text = shortened(" and ".join(map(str, value)) if isinstance(value, list) else str(value).strip(), LONGEST_VALUE)
    meaning = error_text(value) if as_code or text.startswith("%%") or _CODE_NAME.search(field) else ""
    return f"{text} ({meaning})" if text and meaning else text
