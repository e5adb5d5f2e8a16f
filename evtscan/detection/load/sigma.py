"""Sigma's part of a rule, parsed by pySigma: selections and condition → ``Condition``, metadata → warnings.

pySigma parses modifiers, escapes and the condition language; its results become tests of our own, so that
only this module depends on it. It is slow to import: import this module when a rule is loaded, not before.
"""

import pathlib
import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any as AnyValue
from typing import Final, NamedTuple

from sigma import exceptions as errors
from sigma import types
from sigma.conditions import (
    ConditionAND,
    ConditionIdentifier,
    ConditionNOT,
    ConditionOR,
    ConditionSelector,
    SigmaCondition,
)
from sigma.modifiers import modifier_mapping
from sigma.policy import SigmaPolicy
from sigma.policy.regex_engine import RE2RegexEngine, RegexPattern
from sigma.rule import SigmaDetectionItem, SigmaLogSource, SigmaRule
from sigma.rule.detection import EmptySigmaDetections

from evtscan.base.wintypes import TICKS_PER_SECOND
from evtscan.base.yamltext import EntryPath
from evtscan.detection.load.logsource import NEVER_LOGGED, WINDOWS_CATEGORIES, category_of, channels_of
from evtscan.detection.load.placeholders import expanded
from evtscan.detection.load.sourcenames import names_of
from evtscan.detection.match.fields import TIMES
from evtscan.detection.model.condition import (
    All,
    Any,
    Condition,
    Literal,
    Not,
    Operator,
    Test,
    TimePart,
    conjunction,
    disjunction,
)
from evtscan.detection.model.modifiers import check, compiled, escaped, plain_text
from evtscan.detection.model.ranges import EVENT, is_range, parse_range
from evtscan.detection.model.rule import (
    Comparison,
    Correlation,
    CorrelationType,
    Filter,
    Logsource,
    Threshold,
)
from evtscan.detection.model.section import Problems, Section, did_you_mean
from evtscan.detection.model.values import number_shown

MAX_CONDITION = 2000
"""Characters of a condition; and how deep its parentheses may go, since parsing costs more with each level."""
MAX_PARENTHESES = 40

MAX_LISTED = 6
"""How many values of a list the text of a test names."""


class _QuietRE2(RE2RegexEngine):
    """pySigma's engine, without RE2's own error lines on stderr."""

    def compile(self, pattern: str, flags: int = 0) -> RegexPattern:
        letters = "".join(
            letter for letter, flag in (("i", re.IGNORECASE), ("m", re.MULTILINE), ("s", re.DOTALL)) if flags & flag
        )
        try:
            expression: RegexPattern = compiled(f"(?{letters}){pattern}" if letters else pattern)
        except ValueError as error:
            raise self.error(str(error)) from error
        return expression


_POLICY: Final = SigmaPolicy(regex_engine=_QuietRE2())


# ------------------------------------------------------------------------------------------------- metadata

_KEYS_OF_ERRORS: Final[Mapping[type[errors.SigmaError], str]] = {
    errors.SigmaAuthorError: "author",
    errors.SigmaDateError: "date",
    errors.SigmaDescriptionError: "description",
    errors.SigmaFalsePositivesError: "falsepositives",
    errors.SigmaFieldsError: "fields",
    errors.SigmaIdentifierError: "id",
    errors.SigmaLevelError: "level",
    errors.SigmaLicenseError: "license",
    errors.SigmaModifiedError: "modified",
    errors.SigmaNameError: "name",
    errors.SigmaReferencesError: "references",
    errors.SigmaRelatedError: "related",
    errors.SigmaScopeError: "scope",
    errors.SigmaStatusError: "status",
    errors.SigmaTagError: "tags",
    errors.SigmaTaxonomyError: "taxonomy",
    errors.SigmaTitleError: "title",
    errors.SigmaValueError: "tags",  # of a tag without a namespace
}


def check_metadata(rule: Section) -> None:
    """Report pySigma's problems outside log source and detection as warnings."""
    rule = replace(rule, lenient=True)
    known = {problem.key for problem in (*rule.problems.found, *rule.problems.warnings)}
    try:
        _, found = SigmaRule.from_dict_common_params(dict(rule.data), collect_errors=True, policy=_POLICY)
    except Exception as error:  # a value of a kind that pySigma does not expect ends in whatever it happens to raise
        rule.problem(f"pySigma cannot read this document ({type(error).__name__}: {error})")
        return
    for problem in found:
        key = _KEYS_OF_ERRORS.get(type(problem), "")
        if key not in known:
            rule.problem(_message(problem), *([key] if key else []))


def logsource_of(rule: Section) -> Logsource:
    """Read ``logsource``; a missing section, and an unknown product, service or category, are problems."""
    if "logsource" not in rule.data:
        rule.problem("a rule needs a logsource, such as {product: windows, service: system}", "logsource")
        return Logsource()
    source = rule.section("logsource")
    product, service = source.text("product"), source.text("service")
    try:
        SigmaLogSource.from_dict(dict(source.data))
    except errors.SigmaError as error:
        source.problem(_message(error))
    if product and product.lower() != "windows":
        source.problem(f"product {product!r} is not Windows", "product")
    name = source.text("category")
    category = category_of(name) if name else None
    if name.lower() in NEVER_LOGGED:
        source.problem(f"category {name!r} is in no event log: traces (ETW) have such events", "category")
    elif name and category is None:
        close = did_you_mean(name, WINDOWS_CATEGORIES)
        source.problem(f"no event log of Windows has events of category {name!r}{close}", "category")
    channels = channels_of(service) if service else category.channels if category is not None else ()
    if channels is None:
        source.problem(f"service {service!r} is not known: leave it out and test Channel in the detection", "service")
    return Logsource(product=product, service=service, category=name.lower(), channels=channels or ())


# ------------------------------------------------------------------------------------------------- detection


def selections_of(rule: Section) -> dict[str, Condition]:
    """Read the named selections of ``detection``; ``timeframe``, which older rules have, is not a selection."""
    if "detection" not in rule.data:
        rule.problem("a rule needs a detection", "detection")
    detection = rule.section("detection")
    left_out = {"condition"} | ({"timeframe"} if isinstance(detection.data.get("timeframe"), str) else set())
    return _selections(detection, left_out)


def _selections(detection: Section, left_out: Container[str]) -> dict[str, Condition]:
    return {
        str(name): _definition(value, (*detection.path, name), detection.problems)
        for name, value in detection.data.items()
        if name not in left_out
    }


def filter_of(document: Section) -> Filter:
    """Read a Sigma filter (specification 2.1, "Sigma Filters"): its condition, and the rules that it narrows down."""
    check_metadata(document)
    section = document.section("filter")
    conditions = section.texts("condition")
    if len(conditions) != 1:
        section.problem("a filter needs one condition that names its selections", "condition")
    if "rules" not in section.data:
        section.problem("a filter names the rules that it is about, by name or id, or says any", "rules")
    named = _selections(section, ("condition", "rules"))
    rules = section.texts("rules")
    every = not rules or [name.lower() for name in rules] == ["any"]
    return Filter(
        condition=conjunction(*(_parsed_condition(text, named, section) for text in conditions[:1])),
        logsource=logsource_of(document),
        rules=None if every else rules,
        file=document.problems.file,
    )


def detection_of(rule: Section, named: Mapping[str, Condition]) -> Condition:
    """Return the selections of ``detection``, joined by its condition."""
    detection = rule.section("detection")
    conditions = [_without_count(text) for text in detection.texts("condition")]
    if detection.data and not conditions:
        detection.problem("a detection needs a condition that names its selections", "condition")
    joined = disjunction(*(_parsed_condition(text, named, detection) for text in conditions))
    return conjunction(*_tests_of_category(rule), joined)


def _tests_of_category(rule: Section) -> list[Condition]:
    """The tests that the category of a rule's log source adds: provider and event ids."""
    source = rule.data.get("logsource")
    name = source.get("category") if isinstance(source, Mapping) else None
    category = category_of(name) if isinstance(name, str) else None
    if category is None:
        return []
    asked: dict[str, tuple[Literal, ...]] = {"Provider_Name": category.providers, "EventID": category.event_ids}
    return [
        Test(field=field, values=values, text=f"{field} is {_either(map(str, values))} (category {name})")
        for field, values in asked.items()
    ]


def _definition(value: AnyValue, path: EntryPath, problems: Problems) -> Condition:
    """Return the condition of a named selection.

    All items of a map must match; of a list of maps or keywords, one must match.
    """
    if isinstance(value, Mapping):
        if not value:
            problems.add(path, "an empty selection selects nothing: give it a field and a value")
        return conjunction(*(item(str(key), content, (*path, key), problems) for key, content in value.items()))
    if isinstance(value, list) and any(isinstance(part, (Mapping, list)) for part in value):
        return disjunction(*(_definition(part, (*path, place), problems) for place, part in enumerate(value)))
    return item("", value, path, problems)


_COUNT: Final = re.compile(
    r"(?P<events>[^|]+)\|\s*count\(\s*(?P<field>[\w.-]*)\s*\)"
    r"(?:\s+by\s+(?P<group>[\w.-]+(?:\s*,\s*[\w.-]+)*))?"
    r"\s*(?P<comparison>>=|<=|==|=|>|<)\s*(?P<number>\d{1,9})\s*\Z",
    re.IGNORECASE,
)
"""An aggregation of older rules: ``selection | count(FIELD) by FIELD > 5``, with ``timeframe`` beside it."""

_COMPARISONS: Final[Mapping[str, Comparison]] = {
    ">=": Comparison.AT_LEAST,
    "<=": Comparison.AT_MOST,
    ">": Comparison.MORE,
    "<": Comparison.LESS,
    "==": Comparison.EQUAL,
    "=": Comparison.EQUAL,
}

_SECONDS: Final[Mapping[str, int]] = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def _without_count(text: str) -> str:
    """Return the condition of the events that an aggregation counts; any other condition is returned unchanged."""
    counted = _COUNT.match(text)
    return text if counted is None else counted["events"].strip()


def aggregation_of(rule: Section, events: str) -> Correlation | None:
    """Return the correlation that replaces ``| count()`` in the condition of an older rule; None without a count.

    ``events`` is the name by which the correlation refers to the rule of the counted events.
    """
    detection = rule.section("detection")
    conditions = detection.texts("condition")
    counted = _COUNT.match(conditions[0]) if len(conditions) == 1 else None
    if counted is None:
        return None
    timeframe = re.fullmatch(r"(\d{1,6})([smhd])", str(detection.data.get("timeframe", "")).strip().lower())
    if timeframe is None:
        detection.problem("count() needs a timeframe, such as 5m: write a correlation", "condition")
        return None
    detection.problems.warn(
        (*detection.path, "condition"),
        "deprecated: | count() is read as a correlation; write one instead",
    )
    number = Threshold(comparison=_COMPARISONS[counted["comparison"]], number=int(counted["number"]))
    return Correlation(
        type=CorrelationType.VALUE_COUNT if counted["field"] else CorrelationType.EVENT_COUNT,
        references=(events,),
        timespan=int(timeframe[1]) * _SECONDS[timeframe[2]] * TICKS_PER_SECOND,
        threshold=number,
        fields=(counted["field"],) if counted["field"] else (),
        group_by=tuple(name.strip() for name in (counted["group"] or "").split(",") if name.strip()),
    )


def _parsed_condition(text: str, named: Mapping[str, Condition], detection: Section) -> Condition:
    if "|" in text:
        detection.problem(
            "deprecated: a pipe is of an older Sigma; write a correlation, a document of its own, instead", "condition"
        )
        return All(())
    if len(text) > MAX_CONDITION or _depth(text) > MAX_PARENTHESES:
        detection.problem(
            f"longer than {MAX_CONDITION} characters or with more than {MAX_PARENTHESES} parentheses in each other: "
            "give parts of it names of their own",
            "condition",
        )
        return All(())
    try:
        return _condition(SigmaCondition(text, EmptySigmaDetections()).parse(postprocess=False), named)
    except ValueError as error:  # pySigma's errors are ValueErrors, too
        detection.problem(_where_it_ends(text, _message(error)), "condition")
    return All(())


_PLACE = re.compile(r"\(at char (\d+)\), \(line:\d+, col:\d+\)\Z")


def _where_it_ends(text: str, message: str) -> str:
    """Reword a parser's message about a condition: it states from which position the condition cannot be read."""
    place = _PLACE.search(message)
    if place is None:
        return message
    rest = text[int(place[1]) :].strip()
    what = f"cannot be read from {rest!r} on" if rest else "ends too early"
    return f"{what}: names of selections, 1 of NAME*, all of them, joined with and, or, not and parentheses"


def _depth(text: str) -> int:
    depth = deepest = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        deepest = max(deepest, depth)
    return deepest + text.count("not not")


def _condition(parsed: object, named: Mapping[str, Condition]) -> Condition:
    match parsed:
        case ConditionIdentifier():
            if parsed.identifier not in named:
                raise ValueError(f"there is no selection {parsed.identifier!r}")
            return named[parsed.identifier]
        case ConditionSelector():
            names = [name for name in named if _selected(parsed.pattern, name)]
            if not names:
                raise ValueError(f"no selection fits {parsed.pattern!r}")
            join = disjunction if parsed.cond_class is ConditionOR else conjunction
            return join(*(named[name] for name in names))
        case ConditionAND():
            return All(tuple(_condition(argument, named) for argument in parsed.args))
        case ConditionOR():
            return Any(tuple(_condition(argument, named) for argument in parsed.args))
        case ConditionNOT():
            return Not(_condition(parsed.args[0], named))
    raise ValueError(f"{type(parsed).__name__} is not supported in a condition")


def _selected(pattern: str, name: str) -> bool:
    """Whether ``1 of PATTERN`` includes a selection. A leading underscore in the name needs one in the pattern."""
    if name.startswith("_") and not pattern.startswith("_"):
        return False
    if pattern == "them":
        return True
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), name) is not None


# ------------------------------------------------------------------------------------------------------ items

_OTHER_NAMES: Final[Mapping[str, str]] = {"utf16le": "wide"}
"""Modifiers of the specification that pySigma knows by another name."""

_ORDER_MODIFIERS: Final = frozenset({"lt", "lte", "gt", "gte"})
_PART_MODIFIERS: Final = frozenset(part.value for part in TimePart)


def item(key: str, value: AnyValue, path: EntryPath, problems: Problems, *, facts: bool = False) -> Condition:
    """Return the condition of one line of a selection: ``field|modifiers: value(s)``.

    A value that begins with a comparison is a range: of times, in the fields that are the event's own times. ``facts``
    means that the line is of a host condition; then it is a range of versions, dates or (in a field of the event)
    numbers. Such a line has no keywords, and it can refer to other fields only in ranges.
    """
    field, *modifiers = key.split("|")
    values = value if isinstance(value, list) else [value]
    if facts:
        values = [str(part) if isinstance(part, date) else part for part in values]
    problem = _problem_of_values(values) or _problem_of_key(field, modifiers, values, facts=facts)
    if problem:
        problems.add(path, problem)
        return All(())
    try:
        return _tests_of_item(field, modifiers, values, problems.folder, facts=facts)
    except ValueError as error:  # pySigma's errors are ValueErrors, too
        problems.add(path, _message(error))
        return All(())


def _tests_of_item(
    field: str, modifiers: list[str], values: list[AnyValue], folder: pathlib.Path | None, *, facts: bool
) -> Condition:
    may_be_ranges = not modifiers and (facts or field in TIMES)
    ranges = [str(part) for part in values if may_be_ranges and is_range(part)]
    others = [part for part in values if part not in ranges]
    tests: list[Condition] = [_range_test(field, ranges, facts=facts)] if ranges else []
    if others:
        text = _text_of_item(field, modifiers, others)
        meant = expanded(others, folder) if "expand" in modifiers else others
        tests.append(_sigma_item(field, modifiers, meant, text))
    return disjunction(*tests)


def _problem_of_values(values: list[AnyValue]) -> str:
    if not values:
        return "an empty list matches nothing: give it a value, or null for a field that is absent"
    kinds = [part for part in values if part is not None and not isinstance(part, (str, int, float))]
    if any(isinstance(part, date) for part in kinds):
        return "YAML reads this as a date: quote it"
    return "a value must be text, a number, true, false or null" if kinds else ""


def _problem_of_key(field: str, modifiers: list[str], values: list[AnyValue], *, facts: bool) -> str:
    unknown = [name for name in modifiers if _OTHER_NAMES.get(name, name) not in modifier_mapping]
    if unknown:
        return f"there is no modifier {unknown[0]!r}{did_you_mean(unknown[0], modifier_mapping)}"
    if _ORDER_MODIFIERS.intersection(modifiers) and not all(_is_number(part) for part in values):
        return "lt, lte, gt and gte compare numbers: leave the quotes off" + (
            ", or compare versions with a range such as '>=5.0, <5.2'" if facts else ""
        )
    if _PART_MODIFIERS.intersection(modifiers) and not all(type(part) is int for part in values):
        return "parts of a time (minute, hour, day, week, month, year) are whole numbers: leave the quotes off"
    if "re" in modifiers and not all(isinstance(part, str) for part in values):
        return "a regular expression must be text: quote it"
    if facts and "fieldref" in modifiers:
        return "fieldref compares fields of events, not facts"
    if not field and "fieldref" in modifiers:
        return "fieldref compares a field with another one: name the field before it"
    if not facts and not field and any(not isinstance(part, str) for part in values):
        return "a keyword must be text: quote it"
    return ""


def _is_number(value: AnyValue) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _range_test(field: str, ranges: list[str], *, facts: bool) -> Test:
    numbers = field.startswith(EVENT)
    parts = [part for literal in ranges for part in parse_range(literal, numbers=numbers)]
    if not facts and not all(part.is_time for part in parts):
        raise ValueError(f"{field} compares with days or times, such as '>=2022-11-08, <2022-12-13'")
    text = f"{field} is {_either(_range_text(part) for part in ranges)}"
    return _checked(Test(field=field, values=tuple(ranges), text=text, operator=Operator.IN_RANGE))


def _sigma_item(field: str, modifiers: list[str], values: list[AnyValue], text: str) -> Condition:
    names = [_OTHER_NAMES.get(name, name) for name in modifiers if name != "expand"]
    parsed = SigmaDetectionItem.from_mapping("|".join([field, *names]), list(values), policy=_POLICY)
    if parsed.value_linking is ConditionAND:
        texts = [_text_of_item(field, modifiers, [value]) for value in values]
        joined = conjunction(*(_test(field, text, [part]) for text, part in zip(texts, parsed.value, strict=True)))
    else:
        joined = _test(field, text, parsed.value)
    return Not(joined) if parsed.negated else joined


def _test(field: str, text: str, values: Iterable[types.SigmaType]) -> Condition:
    grouped: dict[tuple[Operator, bool, TimePart | None], list[Literal]] = {}
    for value in values:
        for operand in _operands(value):
            grouped.setdefault((operand.operator, operand.cased, operand.part), []).append(operand.literal)
    return disjunction(
        *(
            _checked(
                Test(field=field, values=_found(field, kind, test), text=text, operator=kind, cased=cased, part=part)
            )
            for (kind, cased, part), test in grouped.items()
        )
    )


def _checked(test: Test) -> Test:
    check(test)
    return test


def _found(field: str, kind: Operator, literals: list[Literal]) -> tuple[Literal, ...]:
    """Literals as matched: a keyword may be anywhere in a value, and a provider has all of its names."""
    if kind is not Operator.IS or field not in ("", "Provider_Name"):
        return tuple(literals)
    if not field:
        return tuple(f"*{literal}*" if isinstance(literal, str) else literal for literal in literals)
    return tuple(dict.fromkeys(name for literal in literals for name in _source_names(literal)))


def _source_names(literal: Literal) -> Iterator[Literal]:
    name = plain_text(literal) if isinstance(literal, str) else None
    if name is None:
        yield literal
    else:
        yield from map(escaped, names_of(name))


_ORDERS: Final[Mapping[types.CompareOperators, Operator]] = {
    types.CompareOperators.LT: Operator.LESS,
    types.CompareOperators.LTE: Operator.AT_MOST,
    types.CompareOperators.GT: Operator.MORE,
    types.CompareOperators.GTE: Operator.AT_LEAST,
}


class _Operand(NamedTuple):
    """One value of pySigma, converted to an operator and a literal."""

    operator: Operator
    literal: Literal
    cased: bool = False
    part: TimePart | None = None


def _operands(value: types.SigmaType) -> Iterator[_Operand]:
    """Convert one value of pySigma to operands; if it expands to several values, they are alternatives.

    Raises:
        ValueError: for an invalid combination of modifiers.
    """
    match value:
        case types.SigmaExpansion():
            for part in value.values:
                yield from _operands(part)
        case types.SigmaString():
            yield _Operand(Operator.IS, _pattern(value), cased=isinstance(value, types.SigmaCasedString))
        case types.SigmaTimestampPart():
            yield _Operand(Operator.IS, value.number, part=_part(value))
        case types.SigmaNumber() | types.SigmaBool() | types.SigmaNull():
            yield _Operand(Operator.IS, value.to_plain())
        case types.SigmaExists():
            yield _Operand(Operator.EXISTS, value.exists)
        case types.SigmaCIDRExpression():
            yield _Operand(Operator.IN_NETWORK, value.cidr)
        case types.SigmaRegularExpression():
            yield _Operand(Operator.MATCHES, _expression(value))
        case types.SigmaCompareExpression():
            number = value.number
            time_part = _part(number) if isinstance(number, types.SigmaTimestampPart) else None
            yield _Operand(_ORDERS[value.op], number.number, part=time_part)
        case types.SigmaFieldReference():
            yield _Operand(_FIELD_OPERATORS[value.starts_with, value.ends_with], value.field)
        case _:
            raise ValueError("these modifiers have no meaning together")


_FIELD_OPERATORS: Final[Mapping[tuple[bool, bool], Operator]] = {
    (False, False): Operator.SAME_AS_FIELD,
    (True, False): Operator.STARTS_WITH_FIELD,
    (False, True): Operator.ENDS_WITH_FIELD,
    (True, True): Operator.CONTAINS_FIELD,
}


def _part(value: types.SigmaTimestampPart) -> TimePart:
    return TimePart[value.timestamp_part.name]


def _pattern(value: types.SigmaString) -> str:
    pattern = ""
    for part in value.s:
        match part:
            case str():
                pattern += escaped(part)
            case types.SpecialChars.WILDCARD_MULTI:
                pattern += "*"
            case types.SpecialChars.WILDCARD_SINGLE:
                pattern += "?"
            case _:
                raise ValueError(f"{value} holds a placeholder that nothing expands")
    return pattern


def _expression(value: types.SigmaRegularExpression) -> str:
    letters = "".join(sorted(value.sigma_to_re_flag[flag] for flag in value.flags))
    expression = value.regexp.to_plain(regex=True)
    return f"(?{letters}){expression}" if letters else expression


# ------------------------------------------------------------------------------------------------------ words

_VERBS: Final[Mapping[str, str]] = {
    "contains": "contains",
    "startswith": "starts with",
    "endswith": "ends with",
    "re": "matches",
    "cidr": "lies in",
    "lt": "is less than",
    "lte": "is at most",
    "gt": "is more than",
    "gte": "is at least",
}

_UNSAID: Final = frozenset({"all", "neq", "expand", "fieldref"})
"""Modifiers that the text of a test does not name: other words of it, or of the condition around it, say the same."""

_VERSION_WORDS: Final[Mapping[str, str]] = {
    "<": "below ",
    "<=": "at most ",
    ">": "above ",
    ">=": "at least ",
    "=": "",
    "!=": "other than ",
}

_DATE_WORDS: Final[Mapping[str, str]] = {
    "<": "before ",
    "<=": "not after ",
    ">": "after ",
    ">=": "not before ",
    "=": "",
    "!=": "other than ",
}


def _text_of_item(field: str, modifiers: list[str], raw: list[AnyValue]) -> str:
    if modifiers == ["exists"]:
        return f"{field} exists" if raw == [True] else f"{field} does not exist"
    if raw == [None]:
        return f"{field} is absent"
    rest = [name for name in modifiers if name not in _VERBS and name not in _UNSAID]
    shown = map(str if _ORDER_MODIFIERS.intersection(modifiers) else _shown, raw)  # what has an order is no code
    text = f"{field or 'a value of the event'} {_verb(field, modifiers)} {_either(shown)}"
    return f"{text} ({', '.join(rest)})" if rest else text


def _verb(field: str, modifiers: list[str]) -> str:
    verb = next((_VERBS[name] for name in modifiers if name in _VERBS), "")
    if "fieldref" in modifiers:
        return f"{verb} the value of" if verb else "is the same as"
    return verb or ("is" if field else "contains")


def _range_text(literal: str) -> str:
    comparisons = parse_range(literal, numbers=True)
    return " and ".join(
        (_DATE_WORDS if part.is_time else _VERSION_WORDS)[part.sign] + (part.reference or part.operand)
        for part in comparisons
    )


def _either(parts: Iterable[str]) -> str:
    shown = list(parts)
    more = len(shown) - MAX_LISTED
    return " or ".join(shown[:MAX_LISTED]) + (f" or one of {more} more" if more > 0 else "")


def _shown(value: AnyValue) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "absent" if value is None else number_shown(value) if isinstance(value, int) else str(value)


def _message(error: Exception) -> str:
    """pySigma's message without the location that it appends; ours is more exact."""
    return str(error.args[0] if error.args else error).strip() or type(error).__name__
