"""Which of two events came first, in which log and boot session they stand, and what a log covers."""

import pytest
from host_builder import DAY, MINUTE, at, event, event_log, evidence, local, log
from msgspec import structs

from evtscan.base.logic import Truth
from evtscan.base.model.log import ClockStep
from evtscan.facts.history.steppedclock import Elapsed
from evtscan.facts.host import Host
from evtscan.verdicts.chronology import Chronology
from evtscan.verdicts.coverage import Coverage, Uncovered, Window

TRUE, FALSE, UNKNOWN = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN
STEP = ClockStep(sequence=20, before=at(600), after=at(60))


def here(sequence, minute=None):
    return event(sequence, minute=minute)


def app(sequence, minute=None):
    return event(sequence, source="App.evt", channel="Application", minute=minute)


def app_log(**more):
    return log(source="App.evt", channel="Application", **more)


def chronology(*logs):
    return Chronology(Host(evidence(*logs)))


ORDER = {
    "in one log": (here(5), here(6), TRUE),
    "in one log, whatever the time": (here(5, minute=90), here(6, minute=10), TRUE),
    "the other way round": (here(6), here(5), FALSE),
    "the same record": (here(5), here(5), FALSE),
    "in two logs": (here(5), app(9), TRUE),
    "in two logs, the other way round": (here(9), app(5), FALSE),
    "in two logs, in the same second": (here(5), app(9, minute=5), UNKNOWN),
    "without a time": (here(5), structs.replace(app(9), time=None), UNKNOWN),
    "in a local time": (here(5), structs.replace(app(9), time=local(9)), UNKNOWN),
    "in a local time that is far enough away": (here(5), structs.replace(app(9), time=local(5 + 841)), TRUE),
}


@pytest.mark.parametrize(("one", "other", "truth"), ORDER.values(), ids=ORDER)
def test_which_came_first(one, other, truth):
    assert chronology(log(last=2000), app_log(last=2000)).follows(one, other) is truth


def test_seven_digits_tell_more_than_none():
    one, other = (
        structs.replace(found, time=structs.replace(at(5), ticks=at(5).ticks + more, digits=7))
        for found, more in ((here(5), 0), (app(9), 1))
    )
    order = chronology(log(last=20), app_log(last=20))
    assert order.follows(one, other) is TRUE
    assert order.follows(structs.replace(one, time=at(5)), other) is UNKNOWN


def test_boot_sessions_go_before_times():
    starts = [event_log(10, 6005, minute=1000), event_log(20, 6005, minute=10)]
    step = ClockStep(sequence=20, before=at(1005), after=at(10))
    system = log(*starts, last=30, first_time=at(990), last_time=at(40), clock_steps=(step,))
    order = chronology(system, app_log(first_time=at(12), last_time=at(35)))
    assert order.follows(here(12, minute=1002), app(7, minute=20)) is TRUE
    assert order.session_of(app(7, minute=20)) == 2


def test_the_time_between_records_of_one_log_is_never_negative():
    order = chronology(log(last=20))
    assert order.elapsed(here(5, minute=9), here(6, minute=7)) == Elapsed(0, 0)
    assert order.elapsed(here(5, minute=7), here(6, minute=9)) == Elapsed(2 * MINUTE, 2 * MINUTE)


def test_times_that_the_clock_showed_twice_are_doubtful():
    order = chronology(log(last=40, clock_steps=(STEP,)))
    second = MINUTE // 60
    assert order.doubtful(at(50)) == (at(50).ticks, at(50).ticks + second)
    assert order.doubtful(at(100)) == (at(60).ticks, at(600).ticks)
    assert order.doubtful(at(600)) == (at(60).ticks, at(600).ticks + second)


def test_one_boot_session_needs_a_log_that_shows_starts():
    starts = [event_log(number, 6005) for number in (100, 200)]
    assert chronology(log(*starts, last=300)).same_boot(here(110), here(150)) is TRUE
    assert chronology(log(*starts, last=300)).same_boot(here(110), here(250)) is FALSE
    assert chronology(log(*starts, last=300, lost=1)).same_boot(here(110), here(150)) is UNKNOWN
    assert chronology(log(last=300)).same_boot(here(110), here(150)) is TRUE
    alone = chronology(app_log(last=300))
    assert alone.same_boot(app(110), app(150)) is UNKNOWN


def test_files_of_one_log_are_one_line():
    order = chronology(log(last=100, source="a.evt"), log(first=101, last=200, source="b.evt"), app_log(last=50))
    assert [(line.name, line.channel) for line in order.lines] == [
        ("a.evt and b.evt", "System"),
        ("App.evt", "Application"),
    ]
    assert order.line_of(event(150, source="b.evt")).name == "a.evt and b.evt"
    assert order.in_one_log(event(50, source="a.evt"), event(150, source="b.evt"))
    assert not order.in_one_log(event(50, source="a.evt"), app(50))


# -------------------------------------------------------------------------------------------------- coverage


def covered(window, *logs):
    found = Coverage(chronology(*logs)).of(window)
    return found.says if isinstance(found, Uncovered) else [line.name for line in found]


def test_without_a_channel_the_log_of_the_event_itself_counts():
    window = Window(event=here(5), after=True, within=10 * MINUTE)
    assert covered(window, log(last=20), app_log(last=5)) == ["System.evt"]
    assert covered(window, log(last=10)) == "System.evt ends 5 minutes after it"


def test_of_several_channels_those_that_were_collected_count():
    window = Window(event=here(5), after=True, within=10 * MINUTE, channels=("Application", "Setup"))
    assert covered(window, log(last=20), app_log(last=20)) == ["App.evt"]
    assert covered(window, log(last=20)) == "no log “Application” or “Setup” was collected"
    setup = log(source="Setup.evt", channel="Setup", last=9)
    assert covered(window, log(last=20), app_log(last=20), setup) == "Setup.evt ends 4 minutes after it"


def test_a_log_of_unknown_channel_stands_for_the_one_that_is_missing():
    unknown = structs.replace(here(5), channel=None)
    window = Window(event=unknown, after=True, within=10 * MINUTE, channels=("Application",))
    assert covered(window, log(channel=None, last=20)) == ["System.evt"]
    assert covered(window, log(channel=None, last=20), app_log(last=9)) == "App.evt ends 4 minutes after it"


def test_a_log_that_was_cleared_says_so():
    window = Window(event=here(50), after=False, within=DAY)
    assert covered(window, log(first=40, last=60, cleared=True)) == f"the log was cleared before {at(40)}"
    assert covered(window, log(first=40, last=60, wrapped=True)) == "System.evt begins 10 minutes before it"
    found = Coverage(chronology(log(first=40, last=60, cleared=True))).of(window)
    assert found.how_to_get == "find an archive of the log “System” from before it was cleared"
