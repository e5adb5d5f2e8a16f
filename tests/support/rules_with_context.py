"""Rules with conditions on what stands around their matches, and hosts to judge by them, in a few words."""

from host_builder import event, evidence

from evtscan.base.model.rule import RuleInfo
from evtscan.detection.match.engine import detect
from evtscan.detection.model.condition import All, Test
from evtscan.detection.model.context import Beside
from evtscan.detection.model.rule import KnownIssue, Logsource, Rule, Selection
from evtscan.facts.host import Host
from evtscan.verdicts.chronology import Chronology
from evtscan.verdicts.context import Context
from evtscan.verdicts.judging import judge

SYSTEM = Logsource(channels=("System",))


def asks(event_id, provider="Dhcp", **fields):
    tests = [
        Test(field="Provider_Name", values=(provider,), text=f"Provider_Name is {provider}"),
        Test(field="EventID", values=(event_id,), text=f"EventID is {event_id}"),
    ]
    tests += [Test(field=name, values=(value,), text=f"{name} is {value}") for name, value in fields.items()]
    return All(tuple(tests))


def rule(*context, rule_id="r1", event_id=1, other=None, status="", fields=(), **issue):
    """A rule about Dhcp 1; ``other`` is Dhcp 2 where ``context`` asks for it."""
    return Rule(
        info=RuleInfo(id=rule_id, title=f"Title of {rule_id}", level="low", article=f"Q{rule_id}", status=status),
        detection=asks(event_id, **dict(fields)),
        logsource=SYSTEM,
        known_issue=KnownIssue(when=All(()), context=tuple(context), **issue),
        selections={"other": other or Selection(condition=asks(2), logsource=SYSTEM)},
    )


def beside(*, after=True, wanted=True, within=None, same=(), same_boot=False):
    return Beside(
        name="other", after=after, wanted=wanted, within=within, same=tuple(same), same_boot=same_boot, text="beside"
    )


def one(sequence, **more):
    return event(sequence, event_id=1, **more)


def two(sequence, **more):
    return event(sequence, event_id=2, **more)


def outcomes(rules, *parts, **options):
    host = Host(evidence(*parts))
    events = [item for log in host.evidence.logs for item in log.events]
    rules = rules if isinstance(rules, list) else [rules]
    return judge(host, "HOST", rules, detect(rules, events), **options)


def finding(rules, *parts, **options):
    (found,) = outcomes(rules, *parts, **options)
    return found.finding


def around(one_rule, *parts):
    """The matches of a rule, each with the first entry of its context."""
    host = Host(evidence(*parts))
    detected = detect([one_rule], [item for log in host.evidence.logs for item in log.events])
    matches = detected.matches.get(one_rule.info.id, [])
    context = Context(one_rule, Chronology(host), detected.sightings, [(match, "") for match in matches])
    return [(match, context.around(match)[0]) for match in matches]
