from sample_reports import DHCP, DISK, NOTICE, finding, judged

from evtscan.base.model.finding import Verdict
from evtscan.base.model.source import EvidenceRow
from evtscan.report.model import HostReport, Report
from evtscan.reporters.digest.summary import HostSummary, level_rank, summaries


def _summary(*findings: tuple[Verdict, object], evidence: tuple[EvidenceRow, ...] = ()) -> HostSummary:
    made = tuple(finding(verdict, rule) for verdict, rule in findings)  # type: ignore[arg-type]
    host = HostReport(host="NT4", findings=made, evidence=evidence)
    (summary,) = summaries(Report(hosts=(host,), rules=(DHCP, DISK, NOTICE)))
    return summary


def test_worst_is_the_most_severe_verdict_and_the_highest_level_that_has_it() -> None:
    summary = _summary((Verdict.POSSIBLE, DISK), (Verdict.CONFIRMED, DHCP), (Verdict.EXCLUDED, DISK))
    assert (summary.worst_verdict, summary.worst_level) == (Verdict.CONFIRMED, "medium")


def test_quiet_kinds_and_unseen_verdicts_are_counted_but_never_the_worst() -> None:
    summary = _summary((Verdict.CONFIRMED, NOTICE), (Verdict.CLEAR, DISK), (Verdict.RESOLVED, DHCP))
    assert (summary.worst_verdict, summary.worst_level) == (Verdict.RESOLVED, "medium")
    assert summary.counts == {Verdict.CONFIRMED: 1, Verdict.RESOLVED: 1, Verdict.CLEAR: 1}


def test_a_host_with_nothing_that_counts_has_no_worst() -> None:
    summary = _summary((Verdict.CONFIRMED, NOTICE), (Verdict.NOT_ASSESSED, DISK))
    assert (summary.worst_verdict, summary.worst_level) == (None, "")


def test_span_and_sums_come_from_logs_only() -> None:
    def log(first: str, last: str, **fields: int) -> EvidenceRow:
        return EvidenceRow(source_file="x", size=1, format="evt", first_time=first, last_time=last, **fields)

    summary = _summary(
        evidence=(
            log("2001-01-01T00:00:00.25Z", "0x7fffffffffffffff", records=5, cleared=True, holes=2),
            log("2001-01-01T00:00:00Z", "2001-01-01T00:00:00.3Z", records=6, holes=1),
            EvidenceRow(source_file="x.reg", size=1, format="reg", first_time="1990-01-01T00:00:00Z"),
        ),
    )
    assert (summary.first_event, summary.last_event) == ("2001-01-01T00:00:00Z", "2001-01-01T00:00:00.3Z")
    assert (summary.records, summary.logs, summary.cleared, summary.gaps) == (11, 2, 1, 3)


def test_levels_are_ordered_and_a_rule_may_have_none() -> None:
    words = ["", "informational", "low", "medium", "high", "critical"]
    assert [level_rank(word) for word in words] == [-1, 0, 1, 2, 3, 4]


def test_findings_are_ordered_by_host_severity_level_article(full: Report) -> None:
    ordered = [(item.host.host[:5], item.verdict.value, item.rule.level) for item in judged(full)]
    assert ordered == [
        ("=cmd|", "clear", "medium"),
        ("=cmd|", "not_assessed", "critical"),
        ("NT4", "confirmed", "high"),
        ("NT4", "confirmed", "medium"),
        ("NT4", "possible", "critical"),
        ("NT4", "exposed", "critical"),
        ("[red]", "excluded", "medium"),
        ("[red]", "not_applicable", "critical"),
        ("fixed", "resolved", "medium"),
        ("fixed", "detected", "low"),
        ("lone", "detected", ""),
    ]


def test_the_order_does_not_depend_on_the_order_of_the_report(full: Report) -> None:
    turned = Report(
        hosts=tuple(
            HostReport(host=host.host, findings=tuple(reversed(host.findings))) for host in reversed(full.hosts)
        ),
        rules=full.rules,
    )
    assert [item.finding for item in judged(turned)] == [item.finding for item in judged(full)]


def test_clock_steps_are_those_of_the_host_and_no_sum_of_its_files() -> None:
    row = EvidenceRow(source_file="x", size=1, format="evt", records=1, clock_steps=2)
    (summary,) = summaries(Report(hosts=(HostReport(host="NT4", evidence=(row, row), clock_steps=2),)))
    assert summary.clock_steps == 2
