"""The options that ``scan`` and ``audit`` share, in groups, and what they come to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo

from evtscan.cli.options import judging
from evtscan.cli.options import recurring as opt
from evtscan.cli.output import session
from evtscan.cli.output.delivery import Delivery
from evtscan.detection.load.loader import RuleSet
from evtscan.reporters.json.jsonl import LiveLines
from evtscan.reporters.output import Output
from evtscan.reporters.tables.csv import Dialect
from evtscan.scan import ScanOptions


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a command that judges hosts is asked for: outputs, the rules to use, and what may match or be reported."""

    output: judging.Outputs = None
    format: judging.Format = None
    rules: opt.RulePaths = None
    no_rule_cache: opt.NoRuleCache = False
    exclude_rule: opt.ExcludeRules = None
    min_level: judging.MinLevel = judging.LOWEST
    verdict: judging.Verdicts = None
    show_all: opt.All = False
    from_: opt.Since = None
    to: opt.Until = None
    since: opt.Newest = None
    include_eid: opt.IncludeIds = None
    exclude_eid: opt.ExcludeIds = None
    provider: opt.Providers = None
    channel: opt.Channels = None


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """How a command that judges hosts goes about it: its exit code, how evidence is read, and how it shows results."""

    fail_on: judging.FailOnOption = None
    strict: opt.Strict = False
    strict_facts: opt.StrictFacts = False
    recover: opt.Recover = False
    decoder: opt.Reference = opt.DecoderName.COLUMNS
    source_timezone: opt.SourceZone = ""
    timezone: opt.DisplayZone = ""
    messages: opt.Messages = ""
    hashed: opt.Hash = False
    raw: opt.Raw = False
    excel: opt.Excel = False
    clobber: opt.Clobber = False
    quiet: opt.Quiet = False
    verbose: opt.Detailed = False
    no_color: opt.NoColor = False

    @property
    def dialect(self) -> Dialect:
        """How CSV is written."""
        return Dialect(raw=self.raw, excel=self.excel)


def scan_options(request: Request, settings: RunSettings) -> ScanOptions:
    """What a run varies.

    Raises:
        UsageError: if a value cannot be read, or there are no messages in their place.
    """
    since, until = opt.period(request.from_, request.to)
    return ScanOptions(
        since=since,
        until=until,
        newest=opt.span(request.since, "--since"),
        include_ids=opt.numbers(request.include_eid, "--include-eid"),
        exclude_ids=opt.numbers(request.exclude_eid, "--exclude-eid") or frozenset(),
        providers=opt.names(request.provider),
        channels=opt.names(request.channel),
        verdicts=frozenset(item.value for item in request.verdict or ()),
        show_all=request.show_all,
        strict_facts=settings.strict_facts,
        read=opt.read_options(settings.recover, settings.decoder, settings.source_timezone, hashed=settings.hashed),
        messages=opt.messages_from(settings.messages),
    )


def rules_for(request: Request) -> RuleSet:
    """The rules to use, as ``session.rules_of`` loads them."""
    cached = not request.no_rule_cache
    return session.rules_of(request.rules, request.min_level.value, excluded=request.exclude_rule, cached=cached)


def delivery_of(
    request: Request,
    settings: RunSettings,
    outputs: Sequence[Output],
    *,
    new_only: bool,
    zone: tzinfo | None,
    clobber: bool,
    live: LiveLines | None = None,
    written: Sequence[Output] = (),
) -> Delivery:
    """How the report is handed over; ``zone`` is what ``RunSettings.timezone`` names.

    ``written`` are outputs that an earlier run wrote and that still hold.
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
        new_only=new_only,
        fail_on=judging.verdict(settings.fail_on),
        strict=settings.strict,
    )
