"""Conditions that compare with another fact or with a field of the event, and what only other hosts show."""

import pytest
from host_builder import at, booted, event, event_log, evidence, facts_file, log
from msgspec.structs import replace

from evtscan.base.logic import Truth
from evtscan.detection.match.eventtests import EXPORT_WHOLE
from evtscan.detection.model.condition import All, Not, Operator, Test, Unobservable
from evtscan.detection.model.rule import Doubt, KnownIssue
from evtscan.facts.host import Host
from evtscan.verdicts import wording
from evtscan.verdicts.conditions import Conditions, every_test

T, F, U = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN


def compares(field, literal):
    return Test(field=field, values=(literal,), text=f"{field} {literal}", operator=Operator.IN_RANGE)


NEWER = compares("file.srv.sys.version", ">{file.ntoskrnl.exe.version}")
SRV, KERNEL = "file_srv_sys_version", "file_ntoskrnl_exe_version"


def held(when, *parts, strict=False, doubts=(), about=None):
    """The explanation of a condition at an event (the first of the log, or ``about``)."""
    host = Host(evidence(*parts))
    logged = host.evidence.logs[0].events[-1] if about is None else about
    issue = KnownIssue(when=when, doubts=doubts)
    return Conditions(issue, host, strict).at(host.point_of(logged), logged)


def one_log(**data):
    return log(booted(1), event(5, **data))


# ------------------------------------------------------------------------------------------- facts and facts


@pytest.mark.parametrize(
    ("srv", "kernel", "expected"),
    [("4.0.1381.5", "4.0.1381.3", T), ("4.0.1381.3", "4.0.1381.3", F), ("4.0.1381.3", "4.0.1381.10", F)],
)
def test_a_fact_compares_with_a_fact(srv, kernel, expected):
    found = held(NEWER, one_log(), facts_file(**{SRV: srv, KERNEL: kernel}))
    assert (found.truth, found.basis, found.fact) == (expected, "stated", "file.srv.sys.version")
    assert found.says == f"srv.sys has version {srv}; ntoskrnl.exe has version {kernel}"
    assert [place.key for place in found.locations] == ["file.srv.sys.version", "file.ntoskrnl.exe.version"]


def test_a_fact_that_is_not_there_is_not_above_anything():
    assert held(NEWER, one_log(), facts_file(**{SRV: "4.0", KERNEL: None})).truth is F
    assert held(NEWER, one_log(), facts_file(**{SRV: None, KERNEL: "4.0"})).truth is F


def test_the_leaf_names_the_fact_that_is_missing():
    found = held(NEWER, one_log(), facts_file(**{SRV: "4.0.1381.5"}))
    assert (found.truth, found.fact, found.children) == (U, "file.ntoskrnl.exe.version", ())
    assert found.says == "the version of ntoskrnl.exe is not known (nothing collected states it)"
    assert wording.missing_facts(found) == ("file.ntoskrnl.exe.version",)
    found = held(NEWER, one_log(), facts_file(**{KERNEL: "4.0.1381.5"}))
    assert wording.missing_facts(found) == ("file.srv.sys.version",)


def test_two_facts_that_are_missing_are_two_leaves():
    found = held(All((NEWER,)), one_log())
    assert wording.missing_facts(found) == ("file.srv.sys.version", "file.ntoskrnl.exe.version")
    assert [reason.leaf.text for reason in every_test(found)] == [
        "file.srv.sys.version is known",
        "file.ntoskrnl.exe.version is known",
    ]


def sessions(*facts):
    """A host with two boot sessions; the judged event stands in the first, the facts from the second on."""
    starts = (event_log(number, 6009, Data1="4.0", Data2="1381", Data3="Service Pack 6") for number in (1, 100))
    first, second = starts
    return [log(first, event_log(2, 6005), event(5), second, event_log(101, 6005), last=200), *facts]


def judged_in_first(when, *facts, strict=False):
    parts = sessions(*facts)
    return held(when, *parts, strict=strict, about=parts[0].events[2])


@pytest.mark.parametrize(
    ("srv", "kernel", "plain", "negated"),
    [("4.0.1381.5", "4.0.1381.3", T, U), ("4.0.1381.3", "4.0.1381.5", U, T)],
)
def test_what_is_carried_back_counts_only_where_it_makes_the_whole_true(srv, kernel, plain, negated):
    later = facts_file(**{SRV: [(srv, 150)], KERNEL: [(kernel, 150)]})
    found = judged_in_first(NEWER, later)
    assert found.truth is plain
    assert found.basis == ("carried" if plain is T else "")
    assert judged_in_first(Not(NEWER), later).truth is negated


def test_one_carried_value_is_enough_to_make_it_an_assumption():
    both = [facts_file(**{SRV: [("4.0.1381.5", 2)]}), facts_file(**{KERNEL: [("4.0.1381.3", 150)]})]
    found = judged_in_first(NEWER, *both)
    assert (found.truth, found.basis) == (T, "carried")
    assert "ntoskrnl.exe has version 4.0.1381.3 (carried back over 1 restart from facts.yaml)" in found.says
    strict = judged_in_first(NEWER, *both, strict=True)
    assert (strict.truth, strict.fact) == (U, "file.ntoskrnl.exe.version")
    assert "--strict-facts does not accept" in strict.says


def test_the_other_fact_carried_back_does_not_make_it_false():
    both = [facts_file(**{SRV: [("4.0.1381.3", 2)]}), facts_file(**{KERNEL: [("4.0.1381.5", 150)]})]
    found = judged_in_first(NEWER, *both)
    assert found.truth is U
    assert found.says.startswith("srv.sys has version 4.0.1381.3")


def test_a_fact_in_doubt_is_unknown_on_either_side():
    doubt = Doubt(
        when=Test(field="os.version", values=("4.0",), text="v"), about="file.ntoskrnl.exe.version", reason="a copy"
    )
    found = held(NEWER, one_log(), facts_file(**{SRV: "4.0.1381.5", KERNEL: "4.0.1381.3"}), doubts=(doubt,))
    assert (found.truth, found.fact) == (U, "file.ntoskrnl.exe.version")
    assert found.says == "ntoskrnl.exe has version 4.0.1381.3, which is in doubt: a copy"


def test_a_set_compares_only_where_it_is_known_in_full():
    in_set = compares("os.product", "={hotfix}")
    assert held(in_set, one_log(), facts_file(os_product="Q1", hotfix=("Q1", "Q2"))).truth is T
    assert held(in_set, one_log(), facts_file(os_product="Q1")).truth is U


# ------------------------------------------------------------------------------------------- facts and events

NAMED = compares("host.name", "={event.Data1}")
FULL = Test(field="event.Percent", values=(">=90",), text="event.Percent is at least 90", operator=Operator.IN_RANGE)


def test_a_fact_compares_with_a_field_of_the_event():
    found = held(NAMED, one_log(Data1="NtBox"))
    assert (found.truth, found.says) == (T, "named NTBOX; Data1 is NtBox")
    assert [place.record for place in found.locations] == [1, 5]
    assert held(NAMED, one_log(Data1="other, >0")).truth is F
    found = held(NAMED, one_log())
    assert (found.truth, found.says) == (F, "named NTBOX; the event has no Data1")


@pytest.mark.parametrize(("percent", "expected"), [("100", T), ("90", T), ("9", F), ("0x5a", T), ("full", F)])
def test_a_field_of_the_event(percent, expected):
    found = held(FULL, one_log(Percent=percent))
    assert (found.truth, found.fact, found.basis) == (expected, "event.Percent", "stated")
    assert found.says == f"Percent is {percent}"
    assert found.locations[0].record == 5


def test_a_field_of_the_event_under_sigmas_modifiers():
    test = Test(field="event.Data1", values=("*x*",), text="event.Data1 contains x")
    assert held(test, one_log(Data1="aXb")).truth is T
    assert held(Not(test), one_log(Data1="aXb")).truth is F


def test_what_the_evidence_cannot_carry_says_how_to_get_it():
    unreadable = replace(event(5), unreadable=frozenset({"Data"}))
    for test in (FULL, NAMED):
        found = held(test, log(booted(1), unreadable), facts_file(host_name="NTBOX"))
        assert (found.truth, found.how_to_get) == (U, EXPORT_WHOLE)
        assert wording.missing_facts(found) == ()
        assert wording.to_ask(found) == (EXPORT_WHOLE,)


def test_there_is_no_event_now():
    host = Host(evidence(one_log(Percent="95", Data1="NTBOX"), facts_file(host_name="NTBOX")))
    for test in (FULL, NAMED, Not(FULL)):
        found = Conditions(KnownIssue(when=test), host).at(host.now)
        assert found.truth is U
        assert wording.missing_facts(found) == ()
    assert Conditions(KnownIssue(when=FULL), host).at(host.now).says == (
        "Percent is a field of the event, and tells of its time only"
    )


def test_every_event_has_an_answer_of_its_own():
    host = Host(evidence(log(booted(1), event(5, Percent="95"), event(6, Percent="5"))))
    conditions = Conditions(KnownIssue(when=FULL), host)
    first, second = host.evidence.logs[0].events[1:]
    answers = [conditions.at(host.point_of(one), one) for one in (first, second, first)]
    assert [one.truth for one in answers] == [T, F, T]
    assert [one.locations[0].record for one in answers] == [5, 6, 5]


def test_conditions_that_ask_no_event_are_answered_once():
    host = Host(evidence(log(booted(1), event(5), event(6)), facts_file(os_version="4.0")))
    conditions = Conditions(KnownIssue(when=Test(field="os.version", values=("4.0",), text="v")), host)
    first, second = host.evidence.logs[0].events[1:]
    assert conditions.at(host.point_of(first), first) is conditions.at(host.point_of(second), second)


def test_a_doubt_may_look_at_the_event():
    doubt = Doubt(when=FULL, about="os.version", reason="full")
    host = Host(evidence(log(booted(1), event(5, Percent="95"), event(6, Percent="5"))))
    conditions = Conditions(KnownIssue(when=Test(field="os.version", values=("4.0",), text="v"), doubts=(doubt,)), host)
    first, second = host.evidence.logs[0].events[1:]
    assert conditions.doubts_at(host.point_of(first), first) == [doubt]
    assert conditions.at(host.point_of(first), first).truth is U
    assert conditions.doubts_at(host.point_of(second), second) == []
    assert conditions.at(host.point_of(second), second).truth is T


# --------------------------------------------------------------------------------- what nothing here shows


def test_what_another_host_shows_names_the_place_by_the_event():
    when = All(
        (Unobservable("DhcpServer 1011 in the log of {Data2} {A-B} {1}", elsewhere=True), Unobservable("{Data3}?"))
    )
    found = held(when, one_log(Data2="10.0.0.1", Data3=["a", "b"]))
    assert [leaf.truth for leaf in found.children] == [U, U]
    assert wording.to_ask(found) == (
        "look at DhcpServer 1011 in the log of 10.0.0.1 {A-B} {1}",
        "ask whether this is so: a and b?",
    )
    assert wording.unknown(found) == (
        "no evidence of this host shows it: DhcpServer 1011 in the log of 10.0.0.1 {A-B} {1}; "
        "no evidence of this host shows it: a and b?"
    )
    assert wording.missing_facts(found) == ()


def test_without_an_event_or_its_field_the_text_names_the_field():
    host = Host(evidence(one_log()))
    conditions = Conditions(KnownIssue(when=Unobservable("at {Data2}", elsewhere=True)), host)
    assert conditions.at(host.now).how_to_get == "look at at (Data2 of the event)"
    logged = host.evidence.logs[0].events[-1]
    assert conditions.at(host.point_of(logged), logged).text == "at (Data2 of the event)"


def test_times_in_facts_and_events():
    earlier = compares("event.NewTime", "<{file.a.sys.date}")
    logged = one_log(NewTime="1998-02-28T10:00:00Z")
    assert held(earlier, logged, facts_file(file_a_sys_date="1998-03-01")).truth is T
    assert held(earlier, logged, facts_file(file_a_sys_date="1998-02-28")).truth is F
    assert str(at(0)).startswith("1998-03-01")
