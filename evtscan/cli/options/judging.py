"""The options of commands that judge hosts or write reports, and the scan options and the delivery they lead to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from evtscan.base.errors import Problem
from evtscan.base.model.finding import Verdict
from evtscan.base.model.rule import RuleInfo
from evtscan.cli.options import groups, values
from evtscan.cli.options.groups import CsvStyle, EventFilter, Reading, Screen
from evtscan.cli.options.option import OUTPUT, READING, RESULTS, option
from evtscan.cli.options.ruleoptions import RuleSelection
from evtscan.cli.output.delivery import Delivery
from evtscan.reporters import REPORTERS
from evtscan.reporters.json.jsonl import LiveLines
from evtscan.reporters.output import Output
from evtscan.scan import ScanOptions

if TYPE_CHECKING:
    from evtscan.report.acceptance import Accepted

FormatName = Enum("FormatName", {row.name: row.name for row in REPORTERS})  # type: ignore[misc]
VerdictName = Enum("VerdictName", {item.value: item.value for item in Verdict})  # type: ignore[misc]
FailOn = Enum(  # type: ignore[misc]
    "FailOn", {item.value: item.value for item in Verdict if item.rank <= Verdict.DETECTED.rank}
)


_FORMATS = ", ".join(row.name for row in REPORTERS)
_VERDICTS = ", ".join(item.value for item in Verdict)
_SUFFIXES = ", ".join(row.suffix for row in REPORTERS if row.by_suffix)


All = Annotated[
    bool,
    option("--all", section=RESULTS, help="Also report what was not found, does not apply or could not be judged."),
]
StrictFacts = Annotated[
    bool,
    option("--strict-facts", section=RESULTS, help="Ignore facts that were carried over from another boot session."),
]
NewOnly = Annotated[
    bool,
    option(
        "--new-only",
        section=RESULTS,
        help="Omit findings that an earlier report contains, and accepted ones (JSON keeps them).",
    ),
]
Format = Annotated[
    FormatName | None,
    option("-t", "--format", section=OUTPUT, metavar="FORMAT", help=f"Output format, whatever the suffix: {_FORMATS}."),
]
Outputs = Annotated[
    list[str] | None,
    option(
        "-o",
        "--output",
        section=OUTPUT,
        metavar="PATH",
        help=f"Output file or folder; the suffix selects the format ({_SUFFIXES}), a name without suffix is a folder, "
        "which gets all tables, report.json and report.html; - is standard output. Repeatable.",
        show_default=False,
    ),
]
FailOnOption = Annotated[
    FailOn | None,
    option(
        "--fail-on",
        section=RESULTS,
        metavar="VERDICT",
        help="Exit with code 10 if there is a finding with this verdict or a worse one; worst first: confirmed, "
        "possible, exposed, resolved, excluded. Matches of plain Sigma rules (detected) count only for "
        "“--fail-on detected”.",
    ),
]
Accept = Annotated[
    Path | None,
    option(
        "--accept",
        section=RESULTS,
        metavar="FILE",
        help="Accepted findings (YAML or CSV: host, article, until, reason). They are listed as accepted, and do not "
        "count for --fail-on or for “Do first”.",
        show_default=False,
    ),
]


Title = Annotated[str, option("--title", section=OUTPUT, metavar="TEXT", help="Title of report.html.")]
ReportDate = Annotated[
    str,
    option(
        "--date",
        section=OUTPUT,
        metavar="DATE",
        help="Date that report.html bears; by default none, so that the same evidence gives the same bytes.",
    ),
]


@dataclass(frozen=True, kw_only=True)
class Request(RuleSelection, EventFilter):
    """Options of a command that judges hosts: outputs, rules, events, and the results that count."""

    output: Outputs = None
    format: Format = None
    verdict: Annotated[
        list[VerdictName] | None,
        option(
            "--verdict",
            section=RESULTS,
            metavar="VERDICT",
            help=f"Report only findings with this verdict: {_VERDICTS}. Repeatable.",
            show_default=False,
        ),
    ] = None
    show_all: All = False
    accept: Accept = None
    title: Title = ""
    date: ReportDate = ""
    new_only: NewOnly = False
    fail_on: FailOnOption = None

    @property
    def format_name(self) -> str | None:
        """The name of the output format."""
        return None if self.format is None else str(self.format.value)


@dataclass(frozen=True, kw_only=True)
class RunSettings(Reading, CsvStyle, Screen):
    """Options of a command that judges hosts: how evidence is read and results are presented."""

    strict: groups.Strict = False
    strict_facts: StrictFacts = False
    timezone: groups.DisplayZone = ""
    messages: groups.Messages = ""
    hashed: Annotated[
        bool,
        option(
            "--hash", section=READING, help="Add the SHA-256 of each evidence file to evidence.csv and report.json."
        ),
    ] = False
    clobber: groups.Clobber = False
    verbose: groups.VerboseFindings = False


def scan_options(request: Request, settings: RunSettings) -> ScanOptions:
    """The options of a scan.

    Raises:
        UsageError: if a value cannot be parsed, or ``--messages`` names nothing usable.
    """
    since, until = values.period(request.from_, request.to)
    return ScanOptions(
        since=since,
        until=until,
        newest=values.span(request.since, "--since"),
        include_ids=values.numbers(request.include_eid, "--include-eid"),
        exclude_ids=values.numbers(request.exclude_eid, "--exclude-eid") or frozenset(),
        providers=values.names(request.provider),
        channels=values.names(request.channel),
        verdicts=frozenset(item.value for item in request.verdict or ()),
        show_all=request.show_all,
        strict_facts=settings.strict_facts,
        read=settings.options(hashed=settings.hashed),
        messages=groups.messages_from(settings.messages),
    )


def delivery_of(
    request: Request,
    settings: RunSettings,
    outputs: Sequence[Output],
    *,
    zone: tzinfo | None,
    clobber: bool,
    live: LiveLines | None = None,
    written: Sequence[Output] = (),
    rule_warnings: Sequence[Problem] = (),
) -> Delivery:
    """Return the settings for the delivery of the report; ``zone`` is the parsed ``--timezone``.

    ``written`` are outputs of an earlier run that are still current.
    """
    return Delivery(
        outputs=outputs,
        live=live,
        written=written,
        clobber=clobber,
        quiet=settings.quiet,
        no_color=settings.no_color,
        zone=zone,
        show_all=request.show_all,
        in_detail=settings.verbose,
        new_only=request.new_only,
        fail_on=fail_on_verdict(request.fail_on),
        strict=settings.strict,
        rule_warnings=rule_warnings,
    )


def accepted(path: Path | None, rules: Iterable[RuleInfo]) -> "Accepted":
    """Return the acceptances in force today for findings of these rules.

    Raises:
        UsageError: if the file does not exist, or one of its entries is invalid.
        EvidenceError: if the file cannot be read.
    """
    from evtscan.report.acceptance import NOTHING, Accepted, read_acceptances  # loads the YAML parser

    if path is None:
        return NOTHING
    return Accepted(read_acceptances(path), rules, date.today())


def fail_on_verdict(fail_on: FailOn | None) -> Verdict | None:
    """The verdict that ``--fail-on`` names."""
    return None if fail_on is None else Verdict(fail_on.value)
