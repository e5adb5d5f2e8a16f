"""What a rule asks of the events around its matches, as it is read."""

import pytest
from example_rules import load_one, load_text, rule_text

from evtscan.base.model.query import Selector
from evtscan.base.wintypes import TICKS_PER_SECOND
from evtscan.detection.model.context import Beside, Boots, ClearedBy, Every, SameBoot, SinceBoot, parse_duration

DETECTION = """
selection: {Provider_Name: NtFrs, EventID: 13508}
recovered: {Provider_Name: NtFrs, EventID: 13509}
elsewhere: {Channel: Application, Provider_Name: ESENT, EventID: 1}
condition: selection
"""
HOUR = 3600 * TICKS_PER_SECOND


def context(tmp_path, entries):
    return load_one(tmp_path, DETECTION, f"when: {{os.version: '5.0'}}\ncontext: {entries}").known_issue.context


READ = {
    "{followed_by: recovered}": Beside(name="recovered", after=True, text="followed by recovered"),
    "{not_followed_by: recovered, within: 24h, same: [Data1, A=B]}": Beside(
        name="recovered", after=True, wanted=False, within=24 * HOUR, same=(("Data1", "Data1"), ("A", "B")),
        text="not followed by recovered with the same Data1, A=B within 24h",
    ),
    "{preceded_by: recovered, same_boot: true}": Beside(
        name="recovered", after=False, same_boot=True, text="preceded by recovered in the same boot session"
    ),
    "{not_preceded_by: selection, within: 7d, same: Data1}": Beside(
        name="selection", after=False, wanted=False, within=168 * HOUR, same=(("Data1", "Data1"),),
        text="not preceded by selection with the same Data1 within 7d",
    ),
    "{since_boot: {at_most: 30m}}": SinceBoot(at_most=HOUR // 2, text="at most 30m since the start"),
    "{since_boot: {at_least: 1h, at_most: 2h}}": SinceBoot(
        at_least=HOUR, at_most=2 * HOUR, text="at least 1h and at most 2h since the start"
    ),
    "{boots: {at_least: 3, of_last: 5}}": Boots(
        at_least=3, of_last=5, text="in at least 3 of the last 5 boot sessions"
    ),
    "{every: 4h, tolerance: 5m}": Every(period=4 * HOUR, tolerance=HOUR // 12, text="every 4h, give or take 5m"),
    "{not_every: 4h}": Every(period=4 * HOUR, tolerance=HOUR // 60, wanted=False, text="not every 4h, give or take 1m"),
    "{same_boot: true}": SameBoot(text="all events in one boot session"),
}  # fmt: skip


@pytest.mark.parametrize(("entry", "expected"), READ.items(), ids=READ)
def test_each_entry_is_read(tmp_path, entry, expected):
    assert context(tmp_path, f"[{entry}]") == (expected,)


def test_entries_stay_in_their_order(tmp_path):
    found = context(tmp_path, "[{every: 4h}, {followed_by: recovered}]")
    assert [type(entry) for entry in found] == [Every, Beside]


def test_what_clears_an_event_is_read(tmp_path):
    rule = load_one(tmp_path, DETECTION, "cleared_by: {event: recovered, same: [Data1=Data2]}")
    assert rule.known_issue.cleared_by == ClearedBy(
        name="recovered", same=(("Data1", "Data2"),), text="cleared by recovered with the same Data1=Data2"
    )
    assert list(rule.selections) == ["recovered"]


def test_what_supports_a_match_is_read(tmp_path):
    rule = load_one(tmp_path, DETECTION, "supported_by: [{preceded_by: recovered}]")
    assert rule.known_issue.supported_by == (Beside(name="recovered", after=False, text="preceded by recovered"),)
    assert (rule.known_issue.context, list(rule.selections)) == ((), ["recovered"])
    wrong = rule_text(DETECTION, "when: {os.version: '5.0'}\nsupported_by: [{not_followed_by: recovered}]")
    (problem,) = load_text(tmp_path, wrong).problems
    assert (problem.key, problem.message) == (
        "known_issue.supported_by",
        "takes nothing but followed_by and preceded_by",
    )


def test_the_rule_asks_for_the_events_around_its_matches(tmp_path):
    rule = load_one(tmp_path, DETECTION, "context: [{not_followed_by: recovered}, {preceded_by: elsewhere}]")
    assert rule.query().selectors == {
        Selector("System", "NtFrs", 13508),
        Selector("System", "NtFrs", 13509),
        Selector("Application", "ESENT", 1),
    }
    assert rule.selections["recovered"].channels() == ("System",)
    assert rule.selections["elsewhere"].channels() == ("Application",)


WRONG = {
    "[{followed_by: nothing}]": ("followed_by", "there is no selection 'nothing' in the detection"),
    "[{followed_by: null}]": ("followed_by", "needs a name"),
    "[{followed_by: recovered, preceded_by: recovered}]": ("", "one condition an entry"),
    "[{within: 1h}]": ("", "one condition an entry"),
    "[{followed_by: recovered, within: soon}]": ("within", "'soon' is no duration such as 30s"),
    "[{followed_by: recovered, within: 0m}]": ("within", "'0m' is no duration"),
    "[{followed_by: recovered, same: ['A=']}]": ("same[0]", "must be FIELD, or FIELD=OTHER"),
    "[{followed_by: recovered, same_boot: perhaps}]": ("same_boot", "must be true or false"),
    "[{since_boot: 30m}]": ("since_boot", "must be a map"),
    "[{since_boot: {}}]": ("since_boot", "needs a limit"),
    "[{since_boot: {at_most: 30m}, within: 1h}]": ("within", "there is no key 'within' here"),
    "[{boots: {at_least: 0, of_last: 5}}]": ("boots.at_least", "must be a number from 1"),
    "[{boots: {at_least: 6, of_last: 5}}]": ("boots.at_least", "cannot be more than of_last"),
    "[{boots: {at_least: 1}}]": ("boots.of_last", "must be a number from 1"),
    "[{every: 4}]": ("every", "'4' is no duration"),
    "[{every: 1m}]": ("tolerance", "must be less than half of the period"),
    "[{same_boot: false}]": ("same_boot", "can only be true"),
    "[7]": ("", "must be a map"),
    "{every: 4h}": (None, "must be a list of maps"),
}


@pytest.mark.parametrize(("entries", "problem"), WRONG.items(), ids=WRONG)
def test_what_is_wrong_says_where_and_what(tmp_path, entries, problem):
    loaded = load_text(tmp_path, rule_text(DETECTION, f"context: {entries}"))
    key, message = problem
    where = "known_issue.context" if key is None else f"known_issue.context[0]{f'.{key}' if key else ''}"
    assert loaded.rules == ()
    assert (where, True) in [(found.key, message in found.message) for found in loaded.problems]


@pytest.mark.parametrize(
    ("entry", "key"), [("{event: nothing}", "event"), ("{}", "event"), ("{event: recovered, within: 1h}", "within")]
)
def test_what_is_wrong_with_a_clearing_event(tmp_path, entry, key):
    loaded = load_text(tmp_path, rule_text(DETECTION, f"cleared_by: {entry}"))
    assert [found.key for found in loaded.problems] == [f"known_issue.cleared_by.{key}"]


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("15m", 900), ("24h", 86_400), ("7d", 604_800), ("2w", 1_209_600)]
)
def test_durations(text, seconds):
    assert parse_duration(text) == seconds * TICKS_PER_SECOND


@pytest.mark.parametrize("text", ["", "h", "1", "-1h", "1.5h", "1 h", "1H", "1y"])
def test_what_is_no_duration(text):
    with pytest.raises(ValueError, match="is no duration"):
        parse_duration(text)
