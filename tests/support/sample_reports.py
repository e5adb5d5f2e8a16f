"""A report with every verdict and hostile text in names, reasons, details, rules and problems."""

from evtscan.base.logic import Truth
from evtscan.base.model.diagnosis import EventTally, UnexplainedRow
from evtscan.base.model.finding import Explanation, Finding, MissingFact, NodeKind, Verdict
from evtscan.base.model.rule import RefusedRule, RuleInfo
from evtscan.base.model.source import EvidenceRow, ExtractionWarning, Location, SkippedFile
from evtscan.report.model import FactRow, HostReport, MatchRow, Report
from evtscan.reporters.digest.summary import summaries

FORMULA = "=cmd|'/C calc'!A0"
SCRIPT = "<script>alert(1)</script>"
MARKUP = "[red]blood[/red]"
CONTROLS = "one\r\ntwo\nthree\tfour\x00five\x1b[2J\x9b31m"
BIDI = "gpj.\u202eexe"
SURROGATE = "half\ud83d"
HOSTILE = (FORMULA, SCRIPT, MARKUP, CONTROLS, BIDI, SURROGATE)

DHCP = RuleInfo(
    id="0f6a7c52-0001",
    title="DHCP decline fails on an NT 4.0 SP2 client with RAS",
    level="medium",
    status="stable",
    kind="defect",
    article="Q162396",
    cause="The decline cannot be sent through the RAS ARP module.",
    remedy=("Install Service Pack 3 or later.", "Re-apply the pack if RAS was added after it."),
    workaround=("Remove the duplicate address.",),
    fixed_in="Service Pack 3",
    references=("Q162396", "Q224792"),
    tags=("attack.t1557", "attack.credential-access"),
)
DISK = RuleInfo(id="0f6a7c52-0002", title="Bad block", level="critical", kind="failure", article="Q100001")
NOTICE = RuleInfo(id="0f6a7c52-0003", title="Log service started", level="high", kind="notice", article="Q100002")
PLAIN = RuleInfo(id="0f6a7c52-0004", title=MARKUP, level="low", status="test")

EXPLANATION = Explanation(
    text="all of",
    kind=NodeKind.ALL,
    truth=Truth.UNKNOWN,
    children=(
        Explanation(
            text="os.service_pack is 2",
            truth=Truth.TRUE,
            says="Service Pack 2 (carried forward over 1 restart)",
            basis="carried",
            fact="os.service_pack",
            locations=(Location(source="SOFTWARE.reg", line=12, key=r"SOFTWARE\Microsoft\Windows NT"),),
        ),
        Explanation(
            text="not",
            kind=NodeKind.NOT,
            truth=Truth.TRUE,
            children=(Explanation(text="component.ras.leftovers is true", truth=Truth.FALSE, basis="stated"),),
        ),
        Explanation(text=f"component.ras is true: not collected {BIDI}", truth=Truth.UNKNOWN, fact="component.ras"),
    ),
)


def finding(verdict: Verdict, rule: RuleInfo = DHCP, *, host: str = "NT4", **fields: object) -> Finding:
    """A finding with the fields that each one has."""
    basis = {
        "finding_id": f"{host}-{rule.id}-{verdict.value}",
        "host": host,
        "computer": host.upper(),
        "verdict": verdict.value,
        "rule_id": rule.id,
    }
    return Finding(**{**basis, **fields})  # type: ignore[arg-type]


def _sick_host() -> HostReport:
    confirmed = finding(
        Verdict.CONFIRMED,
        activity="active",
        first_seen="1998-03-14T09:26:53Z",
        last_seen="1998-03-15T10:00:00Z",
        count=14,
        channels=("System",),
        providers=("Dhcp",),
        event_ids=(1008,),
        record_ids=tuple(range(101, 115)),
        os="Windows NT 4.0",
        service_pack="2",
        reason="Service Pack 2 with RAS: the DHCP client could not decline a duplicate address.",
        basis="stated",
        remedy=DHCP.remedy,
        coverage_from="1998-01-01T00:00:00Z",
        coverage_to="1998-03-15T10:00:00Z",
        complete="wrapped",
        source_files=("SysEvent.Evt",),
        explanation=EXPLANATION,
    )
    possible = finding(
        Verdict.POSSIBLE,
        DISK,
        entity=FORMULA,
        reason=CONTROLS,
        missing=(
            MissingFact(
                fact="component.ras", how_to_get=r"Export HKLM\SYSTEM\CurrentControlSet\Services with regedit."
            ),
            MissingFact(fact=BIDI, how_to_get=MARKUP),
        ),
        remedy=("Replace the disk.",),
        source_files=("case.zip!SysEvent.Evt",),
    )
    return HostReport(
        host="NT4",
        computer="NT4-COMPUTER",
        other_names=("OLD1", "OLD2"),
        os="Windows NT 4.0",
        version="4.0",
        build="1381",
        service_pack="2",
        role="workstation",
        components=("ras", "tcpip"),
        clock_steps=1,
        snapshot_time="1998-03-16T00:00:00Z",
        findings=(possible, confirmed, finding(Verdict.CONFIRMED, NOTICE), finding(Verdict.EXPOSED, DISK)),
        matches=(
            MatchRow(
                timestamp="1998-03-14T09:26:53Z",
                computer="NT4-COMPUTER",
                verdict="confirmed",
                rule_id=DHCP.id,
                entity="",
                channel="System",
                provider="Dhcp",
                event_id=1008,
                event_level=2,
                record_id=101,
                details=CONTROLS,
                basis="stated",
                source_file="SysEvent.Evt",
                offset=48,
            ),
            MatchRow(
                timestamp="",
                computer=SURROGATE,
                verdict="possible",
                rule_id=DISK.id,
                entity=FORMULA,
                channel="",
                provider="Disk",
                event_id=7,
                event_level=None,
                record_id=None,
                details=SCRIPT,
                basis="carried",
                source_file="case.zip!SysEvent.Evt",
                offset=None,
            ),
        ),
        facts=(FactRow(name="os.version", value="4.0", basis="stated", location=Location(source="SOFTWARE.reg")),),
        evidence=(
            EvidenceRow(
                source_file="SysEvent.Evt",
                size=65536,
                format="evt",
                computer="NT4-COMPUTER",
                first_time="1998-01-01T00:00:00Z",
                last_time="1998-03-15T10:00:00Z",
                records=1200,
                lost=3,
                dirty=True,
                wrapped=True,
                holes=2,
                clock_steps=1,
            ),
            EvidenceRow(
                source_file="AppEvent.Evt",
                size=65536,
                format="evt",
                first_time="1998-01-01T00:00:00.5Z",
                last_time="0xffffffffffffffff",
                records=10,
                cleared=True,
            ),
            EvidenceRow(source_file="SOFTWARE.reg", size=900, format="reg", note=SCRIPT),
        ),
        warnings=(
            ExtractionWarning(
                location=Location(source="SysEvent.Evt", offset=4096, record=7),
                kind="bad_record",
                message=CONTROLS,
                records_lost=3,
            ),
            ExtractionWarning(location=Location(source="SOFTWARE.reg"), kind="conflict", message="Two packs."),
        ),
        skipped=(SkippedFile(source_file="notes.txt", reason="not evidence"),),
        tally=EventTally(errors=12, errors_explained=9, warnings=4, warnings_explained=1),
        unexplained=(
            UnexplainedRow(
                computer="NT4-COMPUTER",
                channel="System",
                provider=FORMULA,
                event_id=7023,
                level=2,
                count=3,
                first_seen="1998-03-01T00:00:00Z",
                last_seen="1998-03-14T00:00:00Z",
                is_new=True,
                hosts=2,
                example=f"Data1={SCRIPT}",
                source_file="SysEvent.Evt",
                record_id=1100,
            ),
        ),
    )


def _other_hosts() -> tuple[HostReport, ...]:
    return (
        HostReport(
            host=MARKUP,
            os="Windows 2000",
            service_pack="0",
            findings=(
                finding(Verdict.EXCLUDED, host=MARKUP, reason=f"os.version is 5.0, not 4.0 {BIDI}", remedy=("No.",)),
                finding(Verdict.NOT_APPLICABLE, DISK, host=MARKUP, reason="Another system."),
            ),
            evidence=(EvidenceRow(source_file="System.evtx", size=69632, format="evtx", records=0),),
        ),
        HostReport(
            host="fixed",
            findings=(
                finding(Verdict.RESOLVED, host="fixed", reason="Service Pack 3 since.", activity="quiet", count=1),
                finding(Verdict.DETECTED, PLAIN, host="fixed", reason=SCRIPT, status="accepted"),
            ),
        ),
        HostReport(
            host=f"{FORMULA} {SURROGATE}",
            version="4.0",
            findings=(finding(Verdict.CLEAR, host="x"), finding(Verdict.NOT_ASSESSED, DISK, host="x")),
            skipped=(
                SkippedFile(source_file=f"a{BIDI}.txt", reason="not evidence"),
                SkippedFile(source_file="System.evtx", reason="cannot be read (Permission denied)"),
            ),
        ),
        HostReport(
            host="lone", findings=(finding(Verdict.DETECTED, RuleInfo(id="gone", title="", level=""), host="l"),)
        ),
    )


FULL = Report(
    hosts=(_sick_host(), *_other_hosts()),
    rules=(DHCP, DISK, NOTICE, PLAIN),
    refused=(RefusedRule(file="rules/bad.yml", line=3, key="detection", message=f"no condition {CONTROLS}"),),
    evtscan="0.1.0",
)
"""Five hosts with every verdict between them."""


def judged(report):
    """The findings of a report with their rules, in its order."""
    return [item for summary in summaries(report) for item in summary.findings]


def ranked(made, items):
    """What ``Needs`` or ``Remedies`` makes of findings."""
    for item in items:
        made.add(item)
    return made.ranked()
