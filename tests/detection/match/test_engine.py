"""Which events a rule matches, and how it says why."""

import pytest
from example_rules import event, explain, load_one, load_text, match, rule_text
from hypothesis import given, settings
from hypothesis import strategies as st

from evtscan.base.logic import Truth, truth
from evtscan.base.model.query import Query, Selector
from evtscan.base.model.rule import RuleInfo
from evtscan.detection.match.engine import Engine, detect
from evtscan.detection.match.eventtests import MAX_SHOWN
from evtscan.detection.match.fields import field_value
from evtscan.detection.model.condition import All, Any, Not, Test, truth_of
from evtscan.detection.model.modifiers import holds
from evtscan.detection.model.rule import Logsource, Rule

DISK = """
    selection: {Provider_Name: Disk, EventID: [7, 11]}
    condition: selection
"""


def test_the_provider_is_compared_whole_and_in_any_case(tmp_path):
    rule = load_one(tmp_path, DISK)
    events = [
        event(provider="DISK"),
        event(provider="diskperf", sequence=2),
        event(provider="Microsoft-Windows-Disk", event_source_name="disk", sequence=3),
        event(event_id=9, sequence=4),
        event(event_id=11, sequence=5),
    ]
    found = list(match([rule], events))
    assert [(one.event.sequence, one.truth) for one in found] == [(n, Truth.TRUE) for n in (1, 3, 5)]
    assert all(one.rule is rule for one in found)


def test_the_channel_must_fit_unless_it_is_unknown(tmp_path):
    rule = load_one(tmp_path, DISK)
    events = [event(channel=channel) for channel in ("system", "Application", None)]
    assert [one.event.channel for one in match([rule], events)] == ["system", None]


def test_what_the_evidence_cannot_carry_makes_a_candidate(tmp_path):
    rule = load_one(tmp_path, "s: {EventID: 7, Data1: x}\ncondition: s")
    events = [event(data={"Data1": "x"}), event(data={"Data1": "y"}), event(unreadable=frozenset({"Data"}))]
    found = list(match([rule], events))
    assert [one.truth for one in found] == [Truth.TRUE, Truth.UNKNOWN]
    leaf = found[1].explanation.children[1]
    assert (leaf.truth, leaf.basis, leaf.fact) == (Truth.UNKNOWN, "", "Data1")
    assert leaf.says == "Data1 is not in this evidence, which cannot carry it"


def test_not_does_not_turn_what_is_missing_into_a_match(tmp_path):
    rule = load_one(tmp_path, "s: {EventID: 7}\nf: {Data1: x}\ncondition: s and not f")
    events = [event(unreadable=frozenset({"Data1"})), event(data={"Data1": "x"}), event()]
    assert [one.truth for one in match([rule], events)] == [Truth.UNKNOWN, Truth.TRUE]


def test_another_field_that_is_missing_leaves_a_comparison_open(tmp_path):
    rule = load_one(tmp_path, "s: {EventID: 7, F|fieldref: G}\ncondition: s")
    events = [
        event(data={"F": "x"}, unreadable=frozenset({"G"})),
        event(data={"F": "x"}),
        event(data={"F": "x", "G": "X"}),
    ]
    assert [one.truth for one in match([rule], events)] == [Truth.UNKNOWN, Truth.TRUE]


def test_keywords_are_open_where_text_is_missing(tmp_path):
    rule = load_one(tmp_path, "s: [timeout]\ncondition: s")
    events = [event(data={"x": "A Timeout."}), event(data={"x": "none"}), event(unreadable=frozenset({"Data"}))]
    found = list(match([rule], events))
    assert [one.truth for one in found] == [Truth.TRUE, Truth.UNKNOWN]
    assert found[0].explanation.says == "a value of the event contains timeout"


def test_an_explanation_names_each_test_with_what_the_event_says(tmp_path):
    rule = load_one(tmp_path, "s: {Provider_Name: Disk, EventID: 7, Data1: x, Data2: y}\ncondition: s")
    found = explain(rule, event(data={"Data1": "z" * 500}))
    assert found.truth is Truth.FALSE
    assert [(leaf.fact, leaf.text, leaf.truth) for leaf in found.children] == [
        ("Provider_Name", "Provider_Name is Disk", Truth.TRUE),
        ("EventID", "EventID is 7", Truth.TRUE),
        ("Data1", "Data1 is x", Truth.FALSE),
        ("Data2", "Data2 is y", Truth.FALSE),
    ]
    says = [leaf.says for leaf in found.children]
    assert says[:2] == ["Provider_Name is Disk", "EventID is 7"]
    assert says[2].startswith("Data1 is zzz")
    assert len(says[2]) == len("Data1 is ") + MAX_SHOWN
    assert says[3] == "the event has no Data2"
    assert all(str(leaf.locations[0]) == "System.evtx, record 1" and leaf.basis == "stated" for leaf in found.children)


def test_matches_come_in_the_order_of_events_then_rules(tmp_path):
    one = rule_text(DISK, number=1)
    two = rule_text("s: {EventID: 7}\ncondition: s", number=2)
    rules = load_text(tmp_path, f"{one}\n---\n{two}").rules
    found = [(hit.event.sequence, hit.rule.info.id[-1]) for hit in match(rules, [event(sequence=n) for n in (5, 2)])]
    assert found == [(5, "1"), (5, "2"), (2, "1"), (2, "2")]


tests = st.one_of(
    st.sampled_from([1, 2]).map(lambda number: Test(field="EventID", values=(number,), text="id")),
    st.sampled_from(["A", "B*"]).map(lambda name: Test(field="Provider_Name", values=(name,), text="name")),
)
detections = st.recursive(
    tests,
    lambda inner: st.one_of(
        st.lists(inner, max_size=2).map(lambda found: All(tuple(found))),
        st.lists(inner, max_size=2).map(lambda found: Any(tuple(found))),
        inner.map(Not),
    ),
    max_leaves=4,
)
events = st.builds(event, st.integers(1, 3), st.sampled_from(["a", "b", "BC"]))


@settings(deadline=None, max_examples=60)
@given(st.lists(detections, max_size=4), st.lists(events, max_size=4))
def test_the_index_loses_and_adds_nothing(conditions, found_events):
    rules = [
        Rule(info=RuleInfo(id=str(place), title="t", level="low"), detection=condition, logsource=Logsource())
        for place, condition in enumerate(conditions)
    ]
    expected = [
        (rule.info.id, one)
        for one in found_events
        for rule in rules
        if truth_of(rule.detection, lambda test, one=one: truth(holds(test, field_value(one, test.field))))
        is Truth.TRUE
    ]
    assert [(hit.rule.info.id, hit.event) for hit in match(rules, found_events)] == expected


CHANNELS = """
    system: {Provider_Name: Disk, EventID: 7}
    application: {Channel: Application, Provider_Name: Disk, EventID: 7, Data1: x}
    noise: {Data2: y}
    condition: %s
"""
EVENTS_OF_CHANNELS = {
    "System": event(channel="System"),
    "Application": event(channel="Application"),
    "Application x": event(channel="Application", data={"Data1": "x"}),
    "Security": event(channel="Security", data={"Data2": "y"}),
    "unknown": event(channel=None),
    "unknown x": event(channel=None, data={"Data1": "x"}),
}
OF_CHANNELS = {
    "system": ["System", "unknown", "unknown x"],
    "application": ["Application x", "unknown x"],
    "system or application": ["System", "Application x", "unknown", "unknown x"],
    "1 of *": ["System", "Application x", "unknown", "unknown x"],
    "(system or application) and not noise": ["System", "Application x", "unknown", "unknown x"],
    "system and application": ["Application x", "unknown x"],
    "system and not application": ["System", "unknown", "unknown x"],
    "not noise": ["System", "unknown", "unknown x"],
}


@pytest.mark.parametrize(("condition", "expected"), OF_CHANNELS.items())
def test_a_channel_that_is_asked_for_goes_before_the_log_source(tmp_path, condition, expected):
    rule = load_one(tmp_path, CHANNELS % condition)
    found = [name for name, item in EVENTS_OF_CHANNELS.items() if list(match([rule], [item]))]
    assert found == expected
    query = rule.query()
    assert all(query.accepts(EVENTS_OF_CHANNELS[name].channel, "Disk", None, 7) for name in found)


def test_what_stands_around_matches_is_found_too(tmp_path):
    detection = "s: {Provider_Name: Disk, EventID: 7}\nnear: {Provider_Name: Disk, EventID: [7, 9]}\ncondition: s"
    rule = load_one(tmp_path, detection, "context: [{followed_by: near}]")
    found = detect([rule], [event(7), event(9, sequence=2), event(10, sequence=3)])
    assert [hit.event.event_id for hit in found.matches[rule.info.id]] == [7]
    assert [hit.event.event_id for hit in found.sightings[rule.info.id, "near"]] == [7, 9]
    assert found.concerned == {rule.info.id}
    assert [hit.event.event_id for hit in match([rule], [event(9), event(7)])] == [7]


def test_rules_that_no_event_concerns_are_not_looked_into(tmp_path):
    class Closed(Rule):
        """A rule whose detection nobody may ask for."""

        def __getattribute__(self, name):
            assert name in ("info", "query", "__class__"), f"somebody asks for {name}"
            return super().__getattribute__(name)

        def query(self):
            return Query(frozenset({Selector("System", "Other", 1)}))

    rule = Closed(info=RuleInfo(id="closed", title="t", level="low"), detection=Any(()), logsource=Logsource())
    found = detect([rule], [event(7), event(1, "Disk")])
    assert (dict(found.matches), found.concerned) == ({}, set())


def test_the_index_does_not_grow_with_the_kinds_of_events(tmp_path, monkeypatch):
    monkeypatch.setattr("evtscan.detection.match.engine._MAX_KINDS", 3)
    rule = load_one(tmp_path, DISK)
    engine = Engine([rule])
    hits = [len(engine.hits(event(number))) for number in (*range(20), 7, 11)]
    assert hits == [0] * 7 + [1] + [0] * 3 + [1] + [0] * 8 + [1, 1]
    assert len(engine._kinds) <= 3


def test_an_event_that_is_remembered_is_matched_once(tmp_path, monkeypatch):
    rule = load_one(tmp_path, DISK)
    engine, matched = Engine([rule]), []
    hits = Engine.hits
    monkeypatch.setattr(Engine, "hits", lambda self, one: matched.append(one.sequence) or hits(self, one))
    events = [event(sequence=1), event(9, sequence=2), event(sequence=3)]
    assert [engine.remember(one) for one in events] == [True, False, True]
    equal_to_the_last = event(sequence=3)
    found = engine.detect([events[0], events[0], equal_to_the_last])
    assert [match.event.sequence for match in found.matches[rule.info.id]] == [1, 1, 3]
    assert matched == [1, 2, 3, 1, 3]


def test_what_was_matched_before_does_not_concern_later_events(tmp_path):
    engine = Engine([load_one(tmp_path, DISK)])
    assert engine.remember(event())
    assert engine.detect([event(9)]).concerned == set()
    assert len(engine.detect([event()]).concerned) == 1
