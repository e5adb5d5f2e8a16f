"""Sigma's correlation documents, parsed by pySigma → ``Correlation``; each problem with its key.

Like ``evtscan.detection.load.sigma`` this is slow to import: import it when such a document is loaded, not before.
"""

from collections.abc import Iterator, Mapping
from typing import Any as AnyValue
from typing import Final

from sigma import exceptions as errors
from sigma.correlations import (
    CorrelationConditionAND,
    CorrelationConditionItem,
    CorrelationConditionNOT,
    CorrelationConditionOR,
    SigmaCorrelationCondition,
    SigmaCorrelationRule,
    SigmaExtendedCorrelationCondition,
    SigmaRuleReference,
)

from evtscan.base.wintypes import TICKS_PER_SECOND
from evtscan.detection.model.condition import All, Any, Condition, Not, Operator, Test
from evtscan.detection.model.rule import Comparison, Correlation, CorrelationType, Threshold
from evtscan.detection.model.section import Section

KEYS: Final = ("type", "rules", "group-by", "timespan", "condition", "aliases", "generate")

MOST_RULES: Final = 50
"""How many rules a correlation can name."""

LONGEST: Final = 10 * 366 * 86_400
"""Seconds of the longest timespan."""

_KEYS_OF_ERRORS: Final[Mapping[type[errors.SigmaError], str]] = {
    errors.SigmaCorrelationConditionError: "condition",
    errors.SigmaCorrelationTypeError: "type",
    errors.SigmaTimespanError: "timespan",
}

_KEYS_OF_WORDS: Final = (
    ("alias", "aliases"),
    ("group-by", "group-by"),
    ("generate", "generate"),
    ("timespan", "timespan"),
    ("condition", "condition"),
    ("field reference", "condition"),
    ("rule reference", "rules"),
)
"""Words of pySigma's sentences about what is wrong with a correlation, and the keys that they are about."""

_LIMITS: Final = frozenset(comparison.value for comparison in Comparison)

_NAMES: Final = tuple(kind.value for kind in CorrelationType)


def correlation_of(rule: Section) -> Correlation | None:
    """Read ``correlation``; None, with a problem noted, if it is incomplete."""
    section = rule.section("correlation")
    section.only(KEYS)
    kind = section.text("type")
    if kind not in _NAMES:
        what = f"correlations of type {kind!r} are not supported" if kind else "a correlation needs a type"
        section.problem(f"{what}: there are {', '.join(_NAMES)}", "type")
        return None
    parsed = _parsed(rule, section)
    if parsed is None:
        return None
    references = _references(parsed)
    if not 0 < len(references) <= MOST_RULES:
        section.problem(f"names {len(references)} rules; it can be about 1 to {MOST_RULES}", "rules")
    if parsed.timespan.seconds > LONGEST:
        section.problem("longer than ten years", "timespan")
    threshold, condition = _asked(section, parsed, references)
    return Correlation(
        type=CorrelationType(kind),
        references=references,
        timespan=parsed.timespan.seconds * TICKS_PER_SECOND,
        threshold=threshold,
        condition=condition,
        fields=_fields(section, parsed),
        group_by=tuple(parsed.group_by or ()),
        aliases=_aliases(section, parsed, references),
        generate=parsed.generate,
    )


def _parsed(rule: Section, section: Section) -> SigmaCorrelationRule | None:
    first, _ = _parts_of_condition(section)
    data = {**rule.data, "correlation": {**section.data, **({"condition": first} if first is not None else {})}}
    try:
        parsed = SigmaCorrelationRule.from_dict(data, collect_errors=True)
    except errors.SigmaError as error:
        section.problem(_message(error), *_key(error))
        return None
    except Exception as error:  # a value of a kind that pySigma does not expect ends in whatever it happens to raise
        section.problem(f"pySigma cannot read this correlation ({type(error).__name__}: {error})")
        return None
    wrong = [found for found in parsed.errors if isinstance(found, errors.SigmaCorrelationRuleError)]
    for found in wrong:
        section.problem(_message(found), *_key(found))
    return None if wrong else parsed


def _parts_of_condition(section: Section) -> tuple[AnyValue, list[dict[AnyValue, AnyValue]]]:
    """The condition with its first limit, and the other limits of a range; pySigma parses single limits only."""
    condition = section.data.get("condition")
    if not isinstance(condition, Mapping):
        return condition, []
    limits = [name for name in condition if name in _LIMITS]
    others = {name: value for name, value in condition.items() if name not in _LIMITS}
    first, *more = [{name: condition[name]} for name in limits] or [{}]
    return {**others, **first}, more


def _key(error: errors.SigmaError) -> tuple[str, ...]:
    """The key that an error is about, by its class, else by a word in its message."""
    by_kind = [key for kind, key in _KEYS_OF_ERRORS.items() if isinstance(error, kind)]
    words = _message(error).lower()
    return tuple(by_kind or [key for word, key in _KEYS_OF_WORDS if word in words])[:1]


def _message(error: errors.SigmaError) -> str:
    return str(error.args[0] if error.args else error)


def _references(parsed: SigmaCorrelationRule) -> tuple[str, ...]:
    """The rules by name or id, each once, in the order of the list or of the condition."""
    if parsed.rules is not None:
        named = [str(reference.reference) for reference in parsed.rules]
    elif isinstance(parsed.condition, SigmaExtendedCorrelationCondition):
        named = parsed.condition.get_referenced_rules()
    else:
        named = []
    return tuple(dict.fromkeys(named))


def _asked(
    section: Section, parsed: SigmaCorrelationRule, references: tuple[str, ...]
) -> tuple[Threshold | None, Condition | None]:
    """The threshold, or the extended condition, that a group must meet."""
    condition = parsed.condition
    ordered = section.text("type") == CorrelationType.TEMPORAL_ORDERED.value
    if isinstance(condition, SigmaExtendedCorrelationCondition):
        if ordered:
            section.problem("an extended condition has no order: list the rules, or make it temporal", "condition")
        return None, _condition(condition.parsed)
    if condition.percentile is not None:
        section.problem("percentile goes with a type that is not supported", "condition")
    threshold = _threshold(condition, _other_limits(section))
    if ordered and threshold != Threshold(comparison=Comparison.AT_LEAST, number=len(references)):
        section.problem(
            "temporal_ordered asks for all of its rules in their order: leave the condition out", "condition"
        )
    return threshold, None


def _other_limits(section: Section) -> Iterator[SigmaCorrelationCondition]:
    for limit in _parts_of_condition(section)[1]:
        try:
            yield SigmaCorrelationCondition.from_dict(limit)
        except errors.SigmaError as error:
            section.problem(_message(error), "condition", *limit)


def _threshold(first: SigmaCorrelationCondition, others: Iterator[SigmaCorrelationCondition]) -> Threshold:
    also = next(others, None)
    return Threshold(
        comparison=Comparison(first.op.name.lower()),
        number=first.count,
        also=None if also is None else _threshold(also, others),
    )


def _condition(parsed: CorrelationConditionItem | SigmaRuleReference) -> Condition:
    """An extended condition: a test of the field X asks whether rule X matched."""
    match parsed:
        case SigmaRuleReference():
            name = str(parsed.reference)
            return Test(field=name, values=(True,), text=f"{name} matched", operator=Operator.EXISTS)
        case CorrelationConditionAND():
            return All(tuple(map(_condition, parsed.args)))
        case CorrelationConditionOR():
            return Any(tuple(map(_condition, parsed.args)))
        case CorrelationConditionNOT():
            return Not(_condition(parsed.args[0]))
    raise AssertionError(f"pySigma knows no {type(parsed).__name__} in a condition")


def _fields(section: Section, parsed: SigmaCorrelationRule) -> tuple[str, ...]:
    """The fields whose distinct values are counted."""
    if not isinstance(parsed.condition, SigmaCorrelationCondition) or not parsed.condition.fieldref:
        return ()
    if section.text("type") != CorrelationType.VALUE_COUNT.value:
        section.problem("field goes with the type value_count", "condition", "field")
    named: AnyValue = parsed.condition.fieldref
    fields = named if isinstance(named, list) else [named]
    if not all(isinstance(name, str) for name in fields):
        section.problem("must be the name of a field, or a list of names", "condition", "field")
    return tuple(map(str, fields))


def _aliases(section: Section, parsed: SigmaCorrelationRule, references: tuple[str, ...]) -> dict[str, dict[str, str]]:
    aliases: dict[str, dict[str, str]] = {}
    for alias in parsed.aliases:
        fields = {str(reference.reference): str(field) for reference, field in alias.mapping.items()}
        for name in fields.keys() - set(references):
            section.problem(f"the correlation is not about a rule {name!r}", "aliases", alias.alias)
        aliases[str(alias.alias)] = fields
    return aliases
