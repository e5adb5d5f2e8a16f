"""Small rules and events for the tests of this folder."""

from pathlib import Path
from textwrap import dedent, indent

from evtscan.base.model.event import Event
from evtscan.base.model.source import Location
from evtscan.detection.load.loader import RuleSet, load_rules
from evtscan.detection.match.engine import Engine
from evtscan.detection.match.eventtests import explain_in
from evtscan.detection.model.condition import evaluate
from evtscan.detection.model.derive import with_derived
from evtscan.detection.model.rule import Rule

HEAD = """\
title: A rule
id: 00000000-0000-4000-8000-{number:012}
status: test
description: A rule for tests
references: [https://example.org/]
level: low
logsource: {{product: windows, service: system}}
"""

FACTS = {"os.version", "os.build", "os.service_pack", "component.ras", "hotfix", "file.a.sys.date"}


def knows(name: str) -> bool:
    return name in FACTS


def rule_text(detection: str, known_issue: str = "", number: int = 1) -> str:
    text = HEAD.format(number=number) + "detection:\n" + indent(dedent(detection), "    ")
    if known_issue:
        text += "\nknown_issue:\n" + indent(dedent(known_issue), "    ")
    return text


def load_text(folder: Path, text: str, name: str = "rule.yml") -> RuleSet:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return load_rules([path], fact_known=knows)


def load_one(folder: Path, detection: str, known_issue: str = "") -> Rule:
    loaded = load_text(folder, rule_text(detection, known_issue))
    assert loaded.problems == ()
    (rule,) = loaded.rules
    return rule


def event(event_id: int = 7, provider: str = "Disk", sequence: int = 1, **attributes) -> Event:
    location = Location(source="System.evtx", record=sequence)
    return Event(location=location, sequence=sequence, event_id=event_id, provider=provider, **attributes)


def match(rules, events):
    """Every match of every event, in the order of events, then of rules."""
    return Engine(rules).match_log(events)


def explain(rule, one):
    """Why an event is a match of a rule's detection, or not."""
    seen = with_derived(one, rule.derived)
    return evaluate(rule.selection.condition, lambda test, positive: explain_in(seen, test))
