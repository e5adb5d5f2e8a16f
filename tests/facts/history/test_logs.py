"""Which log of a host an event stands in."""

from host_builder import event, log

from evtscan.facts.history.logs import LogIndex


def test_a_file_with_one_log_holds_whatever_stands_in_it():
    index = LogIndex([log(source="a"), log(source="b", channel=None)])
    assert [index.of(event(1, source=source, channel=None)) for source in ("a", "b", "c")] == [0, 1, None]


def test_a_file_with_several_logs_is_told_by_the_channel():
    index = LogIndex([log(source="f", channel="System"), log(source="f", channel="Security")])
    assert [index.of(event(1, source="f", channel=channel)) for channel in ("SECURITY", "system", None)] == [1, 0, None]
