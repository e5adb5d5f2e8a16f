"""Steps of the clock that events tell of."""

import pytest
from host_builder import MINUTE, at, event
from msgspec.structs import replace

from evtscan.base.model.log import MOST_CLOCK_STEPS, ClockStep
from evtscan.evidence.timechanges import told, with_told


def changed(sequence, old, new, *, process_id=772, provider="Microsoft-Windows-Kernel-General", **data):
    times = {"OldTime": str(at(old)), "NewTime": str(at(new))}
    return replace(event(sequence, provider, 1, minute=new, **times, **data), process_id=process_id)


def step(sequence, before, after, until=None):
    return ClockStep(sequence=sequence, before=at(before), after=at(after), until=until)


TOLD = {
    "back": (changed(5, 600, 60), [step(5, 600, 60)]),
    "forward": (changed(5, 60, 600), [step(5, 60, 600)]),
    "five minutes are drift": (changed(5, 60, 65), []),
    "by somebody, as Windows 8 says": (changed(5, 60, 600, Reason="1", process_id=4), [step(5, 60, 600)]),
    "from the hardware clock: the host slept": (changed(5, 60, 600, Reason="2"), []),
    "by the kernel, where no reason is given": (changed(5, 60, 600, process_id=4), []),
    "another provider": (changed(5, 60, 600, provider="Other"), []),
    "no times": (event(5, "Microsoft-Windows-Kernel-General", 1), []),
    "times that are none": (event(5, "Microsoft-Windows-Kernel-General", 1, OldTime="x", NewTime=["y"]), []),
}


@pytest.mark.parametrize(("record", "expected"), TOLD.values(), ids=TOLD)
def test_what_an_event_tells(record, expected):
    assert list(told([record])) == expected


def test_what_the_records_show_already_is_not_told_twice():
    shown = [step(389, 1092, 552)]
    assert with_told(shown, [changed(389, 1092.1, 552.1)]) == tuple(shown)
    assert with_told(shown, [changed(391, 1092.1, 552.1)]) == tuple(shown)


def test_what_they_do_not_show_is_added_in_record_order():
    shown = [step(389, 1092, 552)]
    assert with_told(shown, [changed(300, 0, 600)]) == (step(300, 0, 600), step(389, 1092, 552))
    assert with_told(shown, [changed(440, 1092, 552)]) == (step(389, 1092, 552), step(440, 1092, 552))
    assert with_told(shown, [changed(389, 552, 1092)])[1] == step(389, 552, 1092)


def test_the_list_is_bounded():
    events = [changed(60 * number, 0, 600) for number in range(MOST_CLOCK_STEPS + 9)]
    assert len(with_told([], events)) == MOST_CLOCK_STEPS


def test_a_step_is_measured_in_ticks():
    (found,) = told([changed(5, 60, 65.1)])
    assert found.after.ticks - found.before.ticks == int(5.1 * MINUTE // 10**7 * 10**7)
