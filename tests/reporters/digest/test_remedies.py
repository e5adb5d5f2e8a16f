from dataclasses import replace

from sample_reports import DHCP, DISK, NOTICE, finding, ranked

from evtscan.base.model.finding import Verdict
from evtscan.report.model import HostReport
from evtscan.reporters.digest.remedies import Remedies
from evtscan.reporters.digest.summary import ReportedFinding, summary_of
from evtscan.reporters.text.phrases import verdict_counts

STEPS = ("Install it.",)


def judged(verdict, rule=DHCP, host="a", **fields):
    return ReportedFinding(
        HostReport(host=host), finding(verdict, rule, host=host, **({"remedy": STEPS} | fields)), rule
    )


def test_a_remedy_stands_once_with_its_hosts_and_findings():
    items = [
        judged(Verdict.POSSIBLE, host="b"),
        judged(Verdict.CONFIRMED, DISK),
        judged(Verdict.CONFIRMED, host="a"),
        judged(Verdict.EXPOSED, host="b", entity="C:"),
        judged(Verdict.POSSIBLE, host="c", remedy=("Something else.",)),
    ]
    first, second, third = ranked(Remedies(), items)
    assert (first.rule, first.findings, first.worst) == (DISK, [1], Verdict.CONFIRMED)
    assert (second.rule, second.steps, second.hosts) == (DHCP, STEPS, ("b", "a"))
    assert (second.findings, second.worst) == ([0, 2, 3], Verdict.CONFIRMED)
    assert [text for _, text in verdict_counts(second.verdicts)] == ["1 confirmed", "1 possible", "1 exposed"]
    assert [text for _, text in verdict_counts(first.verdicts)] == ["confirmed"]
    assert (third.steps, third.hosts) == (("Something else.",), ("c",))


def test_a_level_counts_more_than_a_verdict_and_a_verdict_more_than_hosts():
    low, high = replace(DHCP, id="low", level="low"), replace(DHCP, id="high", level="high")
    items = [
        judged(Verdict.POSSIBLE, high),
        *(judged(Verdict.CONFIRMED, low, host=name) for name in "abc"),
        judged(Verdict.CONFIRMED, high),
        *(judged(Verdict.CONFIRMED, replace(DHCP, id="many", level="high"), host=name) for name in "ab"),
    ]
    assert [remedy.rule.id for remedy in ranked(Remedies(), items)] == ["many", "high", "low"]
    assert [remedy.rule.id for remedy in ranked(Remedies(), items[:4])] == ["high", "low"]
    medium = replace(DHCP, id="medium", level="medium")
    items = [judged(Verdict.CONFIRMED, medium), judged(Verdict.POSSIBLE, high), judged(Verdict.CONFIRMED, high)]
    assert [remedy.rule.id for remedy in ranked(Remedies(), items)] == ["high", "medium"]
    assert [remedy.rule.id for remedy in ranked(Remedies(), items[:2])] == ["high", "medium"]


def test_active_problems_precede_quiet_ones():
    quiet, active = replace(DHCP, id="quiet", level="critical"), replace(DHCP, id="active", level="low")
    items = [judged(Verdict.CONFIRMED, quiet, activity="quiet"), judged(Verdict.POSSIBLE, active, activity="active")]
    assert [remedy.rule.id for remedy in ranked(Remedies(), items)] == ["active", "quiet"]


def test_nobody_is_told_to_act_on_what_needs_no_action():
    quiet = [
        judged(Verdict.CONFIRMED, NOTICE),
        judged(Verdict.CONFIRMED, replace(DHCP, kind="benign")),
        judged(Verdict.CONFIRMED, replace(DHCP, kind="success")),
        judged(Verdict.RESOLVED),
        judged(Verdict.EXCLUDED),
        judged(Verdict.CLEAR),
        judged(Verdict.DETECTED),
        judged(Verdict.CONFIRMED, status="accepted"),
    ]
    assert [item.calls_for_action for item in quiet] == [False] * len(quiet)
    assert ranked(Remedies(), quiet) == []
    assert ranked(Remedies(), [judged(Verdict.CONFIRMED, remedy=())]) == []
    assert [judged(verdict).calls_for_action for verdict in (Verdict.CONFIRMED, Verdict.POSSIBLE, Verdict.EXPOSED)] == [
        True,
        True,
        True,
    ]


def chained(*findings):
    host = HostReport(host="a", findings=findings)
    return ranked(Remedies(), summary_of(host, {rule.id: rule for rule in (DHCP, DISK, NOTICE)}).findings)


def test_what_follows_from_another_problem_counts_for_the_remedy_of_that():
    root = finding(Verdict.CONFIRMED, DISK, host="a", finding_id="root", remedy=("Replace it.",))
    follower = finding(Verdict.CONFIRMED, DHCP, host="a", finding_id="f", remedy=STEPS, consequence_of=("root",))
    (remedy,) = chained(root, follower)
    assert (remedy.rule, remedy.followers, remedy.hosts) == (DISK, 1, ("a",))


def test_what_follows_from_something_that_needs_no_action_keeps_its_remedy():
    for cause in (
        finding(Verdict.RESOLVED, DISK, host="a", finding_id="root", remedy=("Replace it.",)),
        finding(Verdict.CONFIRMED, DISK, host="a", finding_id="root", remedy=()),
        finding(Verdict.CONFIRMED, NOTICE, host="a", finding_id="root", remedy=("Look.",)),
        finding(Verdict.CONFIRMED, DISK, host="a", finding_id="root", remedy=("Wait.",), status="accepted"),
    ):
        follower = finding(Verdict.CONFIRMED, DHCP, host="a", finding_id="f", remedy=STEPS, consequence_of=("root",))
        assert [remedy.steps for remedy in chained(cause, follower)] == [STEPS]
