"""What a log lacks to say that something was not logged: which log is named, and on which side."""

from host_builder import event, event_log, evidence, log

from evtscan.facts.host import Host
from evtscan.verdicts.chronology import Chronology
from evtscan.verdicts.coverage import Coverage, Uncovered, Window


def app_log(first, last, name):
    items = [event(number, source=name, channel="Application") for number in (first, last)]
    return log(*items, source=name, channel="Application", first=first, last=last)


def covered(*logs, after=True, minute=100, **window):
    host = Host(evidence(log(event_log(1, 6005), event(100, minute=minute), last=200), *logs))
    coverage = Coverage(Chronology(host))
    match = event(100, minute=minute)
    return coverage.of(Window(event=match, after=after, channels=("Application",), **window))


def test_of_logs_that_all_end_before_the_event_the_last_one_is_named():
    found = covered(app_log(10, 20, "A.evt"), app_log(1000, 1010, "B.evt"), minute=2000)
    assert isinstance(found, Uncovered)
    assert found.says.startswith("B.evt ends")


def test_of_logs_that_all_begin_after_the_event_the_first_one_is_named():
    found = covered(app_log(1000, 1010, "A.evt"), app_log(2000, 2010, "B.evt"), after=False)
    assert isinstance(found, Uncovered)
    assert found.says.startswith("A.evt begins")


def test_a_log_that_is_not_there_is_named_by_its_channel():
    found = covered()
    assert isinstance(found, Uncovered)
    assert "Application" in found.how_to_get


def test_a_log_that_reaches_over_the_window_covers_it():
    within = 10 * 600_000_000
    (line,) = covered(app_log(1, 200, "A.evt"), within=within)
    assert line.name == "A.evt"
    (line,) = covered(app_log(1, 110, "A.evt"), within=within)
    assert line.name == "A.evt"
    assert isinstance(covered(app_log(1, 109, "A.evt"), within=within), Uncovered)
    assert isinstance(covered(app_log(91, 200, "A.evt"), within=within, after=False), Uncovered)
