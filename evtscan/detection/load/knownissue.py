"""The ``known_issue`` section of a rule → ``KnownIssue``; each problem with its key and line."""

from collections.abc import Callable, Container, Mapping
from datetime import date
from typing import Any as AnyValue
from typing import Final

from evtscan.base.model.fact import FactEntry, FactValue
from evtscan.base.model.source import Location
from evtscan.base.wintypes import Instant, parse_time
from evtscan.detection.load.sigma import item
from evtscan.detection.match.fields import wrong_as_field
from evtscan.detection.model.condition import (
    All,
    Condition,
    Not,
    Test,
    Unobservable,
    conjunction,
    disjunction,
    tests_in,
)
from evtscan.detection.model.consequence import consequences_of
from evtscan.detection.model.context import cleared_by_of, context_of, supported_by_of
from evtscan.detection.model.derive import derived_fields
from evtscan.detection.model.ranges import facts_in
from evtscan.detection.model.rule import Case, CaseEvent, Doubt, KnownIssue
from evtscan.detection.model.saying import problems_of
from evtscan.detection.model.section import Section

FactKnown = Callable[[str], bool]

KEYS: Final = (
    "article",
    "kind",
    "when",
    "unobservable",
    "elsewhere",
    "derive",
    "entity",
    "context",
    "supported_by",
    "cleared_by",
    "cause",
    "remedy",
    "workaround",
    "fixed_in",
    "lookalikes",
    "report_exposed",
    "report_excluded",
    "precedence",
    "consequence_of",
    "says",
    "doubts",
    "cases",
)

CASE_VERDICTS: Final = ("confirmed", "possible", "exposed", "resolved", "excluded", "none")


def known_issue_of(issue: Section, fact_known: FactKnown, named: Container[str] | None) -> KnownIssue:
    """Read the section, without the texts for reports (cause, remedy …): these are in ``RuleInfo``.

    ``named`` are the selections of the rule; None in a correlation, which names other rules.
    """
    issue.only(KEYS)
    unobservable, elsewhere = issue.texts("unobservable"), issue.texts("elsewhere")
    conditions = [_host_condition(issue, "when", fact_known)] if "when" in issue.data else []
    return KnownIssue(
        when=conjunction(
            *conditions,
            *map(Unobservable, unobservable),
            *(Unobservable(text, elsewhere=True) for text in elsewhere),
        ),
        entity=issue.texts("entity"),
        context=context_of(issue, named),
        supported_by=supported_by_of(issue, named),
        cleared_by=cleared_by_of(issue, named),
        derive=derived_fields(issue) if "derive" in issue.data else (),
        unobservable=unobservable,
        elsewhere=elsewhere,
        report_exposed=issue.flag("report_exposed"),
        report_excluded=issue.flag("report_excluded"),
        doubts=tuple(_doubt(section, fact_known) for section in issue.sections("doubts")),
        cases=tuple(_case(section) for section in issue.sections("cases")),
        precedence=issue.texts("precedence"),
        consequence_of=consequences_of(issue),
        says=_says(issue),
    )


def _says(issue: Section) -> str:
    text = issue.text("says").strip()
    for problem in problems_of(text) if text else ():
        issue.problem(problem, "says")
    return text


# ------------------------------------------------------------------------------------------------ conditions


def _host_condition(parent: Section, key: str, fact_known: FactKnown) -> Condition:
    """A condition on the host: a map whose lines must all hold."""
    if parent.data.get(key) in (None, {}):
        parent.problem("must be a map of facts, such as {os.version: '4.0'}", key)
    return _map_of_facts(parent.section(key), fact_known)


def _map_of_facts(section: Section, fact_known: FactKnown) -> Condition:
    return conjunction(*(_line(section, key, fact_known) for key in section.data))


def _line(section: Section, key: AnyValue, fact_known: FactKnown) -> Condition:
    match key:
        case "any" | "all":
            maps = [_map_of_facts(part, fact_known) for part in section.sections(key)]
            if section.data[key] in (None, []):
                section.problem("must be a list of maps, with at least one", key)
            return disjunction(*maps) if key == "any" else conjunction(*maps)
        case "not":
            return Not(_host_condition(section, key, fact_known))
    condition = item(str(key), section.data[key], (*section.path, key), section.problems, facts=True)
    names = facts_in(Test(field=str(key).partition("|")[0], values=(), text=""))
    for name in dict.fromkeys((*names, *(fact for test in tests_in(condition) for fact in facts_in(test)))):
        if not fact_known(name):
            section.problem(f"no fact is called {name!r}", key)
    return condition


def _doubt(section: Section, fact_known: FactKnown) -> Doubt:
    section.only(("when", "about", "reason", "missing", "remedy"))
    for key in ("when", "about", "reason"):
        if not section.data.get(key):
            section.problem(f"a doubt needs {key!r}")
    about = section.text("about")
    if about and not fact_known(about):
        section.problem(f"no fact is called {about!r}", "about")
    return Doubt(
        when=_host_condition(section, "when", fact_known) if section.data.get("when") else All(()),
        about=about,
        reason=section.text("reason"),
        missing=section.texts("missing"),
        remedy=section.texts("remedy"),
    )


# ----------------------------------------------------------------------------------------------------- cases


def _case(section: Section) -> Case:
    section.only(("events", "facts", "verdict"))
    for key in ("events", "verdict"):
        if key not in section.data:
            section.problem(f"a case needs {key!r}")
    verdict = section.text("verdict")
    if verdict and verdict not in CASE_VERDICTS:
        section.problem(f"{verdict!r} is no verdict of a case; there are {', '.join(CASE_VERDICTS)}", "verdict")
    facts = section.section("facts")
    return Case(
        events=tuple(_case_event(event) for event in section.sections("events")),
        facts=tuple(entry for name in facts.data for entry in _case_facts(facts, name)),
        verdict=verdict,
        line=_line_of(section),
    )


def _line_of(section: Section, *steps: AnyValue) -> int:
    return section.problems.document.line((*section.path, *steps))


def _case_event(section: Section) -> CaseEvent:
    event_id, provider = section.data.get("EventID"), section.data.get("Provider_Name")
    if isinstance(event_id, bool) or not isinstance(event_id, int):
        section.problem("an event of a case needs an EventID, a number")
    if not isinstance(provider, str):
        section.problem("an event of a case needs a Provider_Name")
    for name, value in section.data.items():
        wrong = "" if name in ("at", "EventID", "Provider_Name") else wrong_as_field(str(name), value)
        if wrong:
            section.problem(wrong, name)
    return CaseEvent(
        fields={str(name): value for name, value in section.data.items() if name != "at"},
        at=_time(section, "at"),
        line=_line_of(section),
    )


def _case_facts(section: Section, name: AnyValue) -> list[FactEntry]:
    value = section.data[name]
    if not (isinstance(value, list) and any(isinstance(part, Mapping) for part in value)):
        return [_fact_entry(section, str(name), value, (name,))]
    entries = []
    for place, part in enumerate(section.sections(name)):
        part.only(("value", "from"))
        entries.append(_fact_entry(section, str(name), part.data.get("value"), (name, place), _time(part, "from")))
    return entries


def _fact_entry(
    section: Section, name: str, value: AnyValue, steps: tuple[AnyValue, ...], since: Instant | None = None
) -> FactEntry:
    location = Location(source=section.problems.file, key=name, line=_line_of(section, *steps))
    return FactEntry(name=name, value=_fact_value(section, value, steps), location=location, since=since)


def _fact_value(section: Section, value: AnyValue, steps: tuple[AnyValue, ...]) -> FactValue:
    if isinstance(value, float):
        section.problem("YAML reads this as a number, and 4.10 would become 4.1: quote it", *steps)
    elif isinstance(value, Mapping):
        section.problem("a fact is a value, a list of values, or a list of {value, from}", *steps)
    elif isinstance(value, list):
        return tuple(map(str, value))
    return str(value) if isinstance(value, (float, date, Mapping)) else value


def _time(section: Section, key: str) -> Instant | None:
    """A time in ISO form; YAML may have converted it to a date."""
    value = section.data.get(key)
    if value is None:
        return None
    try:
        return parse_time(str(value))
    except ValueError as error:
        section.problem(str(error), key)
        return None
