"""What a rule asks a log for: every record that it can match, and few others."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evtscan.base.logic import truth
from evtscan.base.model.query import Selector
from evtscan.base.model.rule import RuleInfo
from evtscan.detection.model.condition import All, Any, Not, Operator, Test, truth_of
from evtscan.detection.model.condition import tests_in as leaves_of
from evtscan.detection.model.modifiers import holds
from evtscan.detection.model.rule import Logsource, Rule


def field(name: str, *values, operator: Operator = Operator.IS) -> Test:
    return Test(field=name, values=values, text=name, operator=operator)


def rule(detection, *channels: str) -> Rule:
    info = RuleInfo(id="1", title="A rule", level="low")
    return Rule(info=info, detection=detection, logsource=Logsource(channels=channels))


DISK = field("Provider_Name", "Disk")
SEVEN = field("EventID", 7)


@pytest.mark.parametrize(
    ("detection", "selectors"),
    [
        (All((DISK, SEVEN)), {Selector("System", "Disk", 7)}),
        (All((DISK, field("EventID", 7, "11"))), {Selector("System", "Disk", 7), Selector("System", "Disk", 11)}),
        (All((DISK, field("param1", "x"))), {Selector("System", "Disk", None)}),
        (All((SEVEN, field("Provider_Name", "Disk*"))), {Selector("System", None, 7)}),
        (All((SEVEN, field("Provider_Name", "Disk", operator=Operator.MATCHES))), {Selector("System", None, 7)}),
        (All((DISK, Not(SEVEN))), {Selector("System", "Disk", None)}),
        (Any((All((DISK, SEVEN)), field("EventID", 9))), {Selector("System", "Disk", 7), Selector("System", None, 9)}),
        (Any((DISK, field("param1", "x"))), {Selector("System", "Disk"), Selector("System")}),
        (All((SEVEN, field("EventID", 8))), set()),
        (All((DISK, field("Provider_Name", "disk driver"))), {Selector("System", "Disk")}),
        (All((SEVEN, field("Channel", "Setup"))), {Selector("Setup", None, 7)}),
        (field("EventID", "1*"), {Selector("System")}),
        (field("EventID", 5, operator=Operator.MORE), {Selector("System")}),
        (field("EventID", None), {Selector("System")}),
        (All(()), {Selector("System")}),
        (Any(()), set()),
    ],
)
def test_a_query_names_what_the_positive_tests_ask_for(detection, selectors):
    assert rule(detection, "System").query().selectors == selectors


def test_a_service_of_several_channels_asks_each_and_none_asks_any():
    assert rule(SEVEN, "A", "B").query().selectors == {Selector("A", None, 7), Selector("B", None, 7)}
    assert rule(SEVEN).query().selectors == {Selector(None, None, 7)}


def test_a_query_that_would_explode_is_left_wide():
    many = tuple(f"P{number}" for number in range(400))
    ids = tuple(range(400))
    assert len(rule(All((field("EventID", *ids), field("Provider_Name", *many)))).query().selectors or ()) == 400


def test_many_channels_do_not_make_a_detection_larger():
    many = tuple(All((Any((field("Channel", f"C{number}"), DISK)), SEVEN)) for number in range(300))
    elsewhere = rule(All(many), "System").selection.elsewhere
    assert elsewhere is not None
    assert sum(1 for _ in leaves_of(elsewhere)) <= 3 * 3 * 300
    values = {"Channel": "C7", "Provider_Name": "Disk", "EventID": 7}
    for provider, expected in (("Disk", True), ("Other", False)):
        asked = {**values, "Provider_Name": provider}
        assert truth_of(elsewhere, lambda test, asked=asked: truth(holds(test, asked[test.field]))) is truth(expected)


tests = st.one_of(
    st.lists(st.sampled_from([1, 2, "1", "2*"]), min_size=1, max_size=2).map(lambda ids: field("EventID", *ids)),
    st.lists(st.sampled_from(["A", "b", "A*"]), min_size=1, max_size=2).map(
        lambda names: field("Provider_Name", *names)
    ),
    st.sampled_from(["System", "Setup"]).map(lambda name: field("Channel", name)),
    st.just(field("param1", "x")),
)
detections = st.recursive(
    tests,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda found: All(tuple(found))),
        st.lists(inner, max_size=3).map(lambda found: Any(tuple(found))),
        inner.map(Not),
    ),
    max_leaves=6,
)


@settings(deadline=None, max_examples=100)
@given(
    detections,
    st.sampled_from([1, 2, 3]),
    st.sampled_from(["a", "B", "C"]),
    st.sampled_from([None, "A", "b"]),
    st.sampled_from(["System", "Setup"]),
    st.sampled_from(["x", "y"]),
)
def test_no_record_that_matches_is_left_out(detection, event_id, provider, source_name, channel, param1):
    values = {
        "EventID": event_id,
        "Provider_Name": [provider, *([source_name] if source_name else [])],
        "Channel": channel,
        "param1": param1,
    }
    if truth_of(detection, lambda test: truth(holds(test, values[test.field]))) is truth(True):
        assert rule(detection).query().accepts(channel, provider, source_name, event_id)


def test_an_unknown_channel_satisfies_any_service():
    system = Logsource(channels=("System",))
    assert [system.fits(channel) for channel in ("SYSTEM", None, "Security")] == [True, True, False]
    assert Logsource().fits("Security")
