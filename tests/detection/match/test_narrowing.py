"""What is left of a condition for one kind of events says the same of them as the whole condition."""

import pytest
from example_rules import event, load_one
from hypothesis import given, settings
from hypothesis import strategies as st

from evtscan.base.logic import Truth
from evtscan.base.model.event import Event
from evtscan.detection.match.eventtests import truth_in
from evtscan.detection.match.narrowing import ALWAYS, NEVER, answering, narrowed
from evtscan.detection.model.condition import All, Any, Condition, Not, Operator, Test, Unobservable, truth_of


def is_(field: str, *values: object) -> Test:
    return Test(field=field, values=values, text=f"{field} is {values}")


TESTS = st.sampled_from(
    [
        is_("EventID", 7),
        is_("EventID", "7", 8),
        is_("EventID", "*"),
        is_("Provider_Name", "disk"),
        is_("Provider_Name", "Cdrom", "Old*"),
        is_("Channel", "System"),
        is_("Channel", None),
        is_("Data1", "a*"),
        is_("Data1", 5),
        is_("Data1", None),
        is_("", "*abc*"),
        is_("Message", "*x*"),
        is_("Level", 2),
        is_("TimeCreated", "2001*"),
        Test(field="Data1", values=(True,), text="exists", operator=Operator.EXISTS),
        Test(field="Data1", values=("Data2",), text="same", operator=Operator.SAME_AS_FIELD),
        Test(field="Data2", values=("EventID",), text="same", operator=Operator.SAME_AS_FIELD),
        Test(field="EventID", values=("Data2",), text="same", operator=Operator.SAME_AS_FIELD),
        Test(field="Data2", values=("^[0-9]+$",), text="re", operator=Operator.MATCHES),
        Test(field="Data2", values=(6,), text="more", operator=Operator.MORE),
        Unobservable("who did it"),
    ]
)
CONDITIONS = st.recursive(
    TESTS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda children: All(tuple(children))),
        st.lists(inner, max_size=3).map(lambda children: Any(tuple(children))),
        inner.map(Not),
    ),
    max_leaves=8,
)
VALUES = st.sampled_from(["a", "abc", "5", "7", "0x7", ["a", "b"], {"x": "abc"}])
EVENTS = st.builds(
    event,
    event_id=st.sampled_from([7, 8, 9]),
    provider=st.sampled_from(["Disk", "cdrom"]),
    event_source_name=st.sampled_from([None, "Disk", "OldName"]),
    channel=st.sampled_from([None, "System", "Application"]),
    level=st.sampled_from([None, 2]),
    message=st.sampled_from([None, "x y"]),
    data=st.dictionaries(st.sampled_from(["Data1", "Data2", "Channel"]), VALUES),
    unreadable=st.sampled_from([frozenset(), frozenset({"Data"}), frozenset({"Data1", "Channel"})]),
)


def truth(condition: Condition, of: Event) -> Truth:
    return truth_of(condition, lambda test: truth_in(of, test))


@given(CONDITIONS, EVENTS, EVENTS)
@settings(deadline=None, max_examples=300)
def test_what_is_left_says_the_same_of_every_event_of_the_kind(condition, first, other):
    other = event(
        event_id=first.event_id,
        provider=first.provider,
        event_source_name=first.event_source_name,
        channel=first.channel,
        level=other.level,
        message=other.message,
        data=other.data,
        unreadable=other.unreadable,
    )
    left = narrowed(condition, first)
    for of in (first, other):
        assert truth(left, of) is truth(condition, of)
        assert answering(left)(of) is truth(condition, of)
        assert answering(condition)(of) is truth(condition, of)


@pytest.mark.parametrize(
    ("condition", "left"),
    [
        ("s", ALWAYS),
        ("other", NEVER),
        ("not s", NEVER),
        ("s and not other", ALWAYS),
        ("s or strings", ALWAYS),
        ("other or s", ALWAYS),
        ("other and strings", NEVER),
    ],
)
def test_id_source_and_channel_leave_nothing_to_ask(tmp_path, condition, left):
    selections = """\
s: {Provider_Name: Disk, EventID: [7, 11], Channel: System}
other: {Provider_Name: Disk, EventID: 9}
strings: {Data1: x}
"""
    rule = load_one(tmp_path, f"{selections}condition: {condition}")
    assert narrowed(rule.detection, event(channel="System")) == left


def test_only_the_strings_are_left(tmp_path):
    rule = load_one(tmp_path, "s: {Provider_Name: Disk, EventID: 7, Data1: x}\nt: {Data2: y}\ncondition: s and not t")
    first, second = narrowed(rule.detection, event(channel="System")).children
    assert (first.field, second.child.field) == ("Data1", "Data2")


def test_a_channel_that_is_not_known_is_asked_for_each_event(tmp_path):
    rule = load_one(tmp_path, "s: {Provider_Name: Disk, EventID: 7, Channel: System}\ncondition: s")
    left = narrowed(rule.detection, event(channel=None))
    assert isinstance(left, Test)
    assert left.field == "Channel"
