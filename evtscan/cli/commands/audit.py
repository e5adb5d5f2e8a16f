"""``audit``: a folder of hosts → outputs about all of them, a run folder to go on from, and an exit code."""

from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer

from evtscan import __version__
from evtscan.audit.changes import FindingIndex, verdicts
from evtscan.audit.fetching import is_address, plan_remote
from evtscan.audit.hosts import Work
from evtscan.audit.keys import key_of_host, key_of_run, key_of_work
from evtscan.audit.outputs import OutputFolder, digest_of_place, opened
from evtscan.audit.plan import HostPlan, HostsFrom, plan, with_inventory
from evtscan.audit.run import Execution
from evtscan.audit.run import audit as judge_hosts
from evtscan.base.errors import UsageError
from evtscan.base.ledger import NAMES_SHOWN, part
from evtscan.base.model.source import Source
from evtscan.base.outfiles import STDOUT, is_folder
from evtscan.base.safetext import prose
from evtscan.cli.command import command
from evtscan.cli.options import groups, judging, values
from evtscan.cli.options.judging import Request, RunSettings, delivery_of, scan_options
from evtscan.cli.options.option import HOSTS, PERFORMANCE, RESULTS, option
from evtscan.cli.output import session
from evtscan.cli.output.delivery import deliver, planned_outputs, report_of, split_live
from evtscan.cli.output.progress import Tally, show_progress
from evtscan.cli.output.runlog import log_to_stderr
from evtscan.cli.output.terminal import print_ledger
from evtscan.facts.catalogue.names import is_known
from evtscan.parsers.stated.fleetfile import read_fleet
from evtscan.report.comparison import with_new_problems, with_status
from evtscan.reporters.fleet import with_fleet


@command
def audit(
    folder: Annotated[
        str,
        typer.Argument(
            metavar="FOLDER",
            help="Folder of hosts: each folder in it is one. Also an address such as s3://bucket/hosts.",
            show_default=False,
        ),
    ],
    *,
    request: Request,
    host: Annotated[
        list[str] | None,
        option(
            "--host",
            section=HOSTS,
            metavar="NAME",
            help="Only this host of the folder. Repeatable.",
            show_default=False,
        ),
    ] = None,
    host_from: Annotated[
        str,
        option(
            "--host-from",
            section=HOSTS,
            metavar="folder|computer|PATTERN",
            help="How files are assigned to hosts: by folder, by the computer name in them, or by the part {host} of "
            "their path, as in “{host}_*.evtx”.",
        ),
    ] = "folder",
    depth: Annotated[
        int,
        option(
            "--depth",
            section=HOSTS,
            metavar="N",
            min=1,
            max=20,
            help="Folder level of the hosts below FOLDER.",
        ),
    ] = 1,
    inventory: Annotated[
        Path | None,
        option(
            "--inventory",
            section=HOSTS,
            metavar="FILE.csv",
            help="Table of facts: column Host, and a column for each fact.",
            show_default=False,
        ),
    ] = None,
    no_cache: Annotated[
        bool,
        option("--no-cache", section=PERFORMANCE, help="Read every host again, also unchanged ones."),
    ] = False,
    host_timeout: Annotated[
        float | None,
        option(
            "--host-timeout",
            section=PERFORMANCE,
            metavar="SECONDS",
            min=0.1,
            help="Skip a host that takes longer than this, with a warning.",
            show_default=False,
        ),
    ] = None,
    jobs: groups.Jobs = 0,
    scheduler: Annotated[
        str,
        option(
            "--scheduler",
            section=PERFORMANCE,
            metavar="tcp://HOST:PORT",
            help="Run on the Dask cluster of this scheduler (extra evtscan[dask]).",
        ),
    ] = "",
    factors: Annotated[
        list[str] | None,
        option(
            "--factors",
            section=RESULTS,
            metavar="FACT",
            help="Compare the affected hosts of a rule with the others by this fact only; * stands for any text. "
            "Repeatable.",
            show_default=False,
        ),
    ] = None,
    no_factors: Annotated[
        bool,
        option("--no-factors", section=RESULTS, help="Do not look for what the affected hosts of a rule share."),
    ] = False,
    settings: RunSettings,
) -> int:
    """Judge every host of a folder and report on all of them."""
    if factors and no_factors:
        raise UsageError("--factors cannot be combined with --no-factors")
    log_to_stderr(settings.verbose)
    quiet = settings.quiet
    place = _place(folder)
    outputs = planned_outputs(request.output, request.format_name, settings.dialect)
    zone = values.display_zone(settings.timezone)
    home = _home(request.output or (), place, has_format=request.format is not None)
    hosts_from = HostsFrom(by=host_from, depth=depth)
    chosen = scan_options(request, settings)
    loaded = request.load()
    accepted = judging.accepted(request.accept, [rule.info for rule in loaded.rules])
    paths = [item.path for item in outputs if item.path is not None]
    with opened(home, paths, digest_of_place(f"{place} {hosts_from}"), clobber=settings.clobber) as kept:
        everything = _planned(place, hosts_from, [home, *paths])
        plans = _chosen_hosts(everything, host)
        if inventory is not None:
            plans = _with_inventory(plans, inventory, quiet)
        shared = key_of_work(
            session.key_of_rules(request.paths), [rule.info.id for rule in loaded.rules], chosen, str(place)
        )
        keys = {item.name: key_of_host(shared, item) for item in plans}
        execution = Execution(jobs=jobs, timeout=host_timeout, scheduler=scheduler, reuse=not no_cache)
        earlier = verdicts(kept.earlier)
        outputs, live = split_live(outputs, loaded, lambda host: with_status(host, earlier, accepted), request.new_only)
        with show_progress(plans, loaded.rules, quiet=quiet, no_color=settings.no_color, live=live) as (
            callbacks,
            tally,
        ):
            judged = judge_hosts(plans, keys, Work(loaded.rules, chosen), kept.run, execution, callbacks)
        taking_part = set() if chosen.narrows else {rule.info.id for rule in loaded.rules}
        found = FindingIndex(kept.earlier, taking_part.__contains__)
        hosts = judged.changed(found.noted).changed(lambda host: with_status(host, earlier, accepted))
        problems = kept.state.problems
        hosts = hosts.changed(lambda host: with_new_problems(host, problems.get(host.host)))
        made_of = [accepted.in_force, str(request.new_only), str(settings.dialect), str((no_factors, factors))]
        made_of += [request.title, request.date]
        run = key_of_run([*map(str, paths), *(keys[item.name] for item in plans), *made_of])
        is_current = kept.is_current(run) and not tally.read and not tally.failed
        if not is_current:
            kept.begin_writing()
        how_to_deliver = delivery_of(
            request,
            settings,
            [item for item in outputs if item.path is None or not is_current],
            zone=zone,
            clobber=settings.clobber or kept.is_lasting,
            live=live,
            written=outputs if is_current else (),
            rule_warnings=loaded.warnings,
        )
        report = report_of(hosts, loaded, narrowed=chosen.narrows)
        report = replace(report, title=request.title, date=request.date)
        compared = None if no_factors or chosen.filters_events else tuple(factors or ())
        code = deliver(with_fleet(report, factors=compared), how_to_deliver)
        if not quiet:
            _print_run(kept, tally, found, is_current=is_current)
        session.print_remarks(accepted.remarks([name.host for name in hosts.names]), quiet=quiet)
        if not is_current:
            kept.finish(run, found.known, {} if chosen.filters_events else found.problems)
        kept.run.keep_only(everything)
        return code


def _place(folder: str) -> Path | str:
    """Return the location of the hosts: an absolute folder path, or an address."""
    if is_address(folder):
        return folder
    path = Path(folder)
    if not path.is_dir():
        raise UsageError(f"{folder}: {'not a folder; use “evtscan scan”' if path.exists() else _no_folder(path)}")
    return path.resolve()


def _no_folder(path: Path) -> str:
    """Return the error for a missing folder, with the name of a similar folder beside it."""
    try:
        beside = [entry.name for entry in path.absolute().parent.iterdir() if entry.is_dir()]
    except OSError:
        beside = []
    near = get_close_matches(path.name, beside, 1)
    return f"no such folder; did you mean {path.parent / near[0]}?" if near else "no such folder"


def _home(outputs: Sequence[str], place: Path | str, *, has_format: bool) -> Path | None:
    """Return the first output folder, in which the audit stores the finished hosts."""
    for text in outputs:
        if text != STDOUT and is_folder(text, has_format=has_format):
            home = Path(text)
            if home.resolve() == place:
                raise UsageError(f"-o {text}: is the folder of the evidence; give a folder in it, or beside it")
            return home
    return None


def _planned(place: Path | str, hosts_from: HostsFrom, outputs: Sequence[Path | None]) -> list[HostPlan]:
    if isinstance(place, str):
        return plan_remote(place, hosts_from)
    return plan(place, hosts_from, leave_out={str(path.resolve()) for path in outputs if path is not None})


def _print_run(kept: OutputFolder, tally: Tally, found: FindingIndex, *, is_current: bool) -> None:
    """Print how many hosts this run judged, and what has changed since the last run."""
    failed = f", {tally.failed:,} could not be read" if tally.failed else ""
    lines = [f"{tally.read:,} read, {tally.kept:,} unchanged since the last run{failed}"]
    if kept.other_version:
        lines.append(f"results of evtscan {kept.other_version} are not used (this is {__version__})")
    if is_current:
        lines.append("nothing has changed: the outputs of the last run are current")
    elif kept.had_run:
        lines.append(f"since the last run: {found.since()}")
    print_ledger(part("hosts", ["; ".join(lines)]))


def _with_inventory(plans: list[HostPlan], inventory: Path, quiet: bool) -> list[HostPlan]:
    if not inventory.is_file():
        raise UsageError(f"--inventory {inventory}: there is no such file")
    fleet = read_fleet(Source(inventory, inventory.name), is_known)
    hosts, unknown = with_inventory(plans, fleet)
    if unknown and not quiet:
        shown = ", ".join(prose(name) for name in unknown[:NAMES_SHOWN])
        more = f" and {len(unknown) - NAMES_SHOWN:,} more" if len(unknown) > NAMES_SHOWN else ""
        typer.echo(f"{inventory.name}: the folder has no host {shown}{more}", err=True)
    if fleet.other_columns and not quiet:
        columns = ", ".join(map(prose, fleet.other_columns))
        typer.echo(f"{inventory.name}: no facts, and left out: {columns}", err=True)
    return hosts


def _chosen_hosts(plans: list[HostPlan], names: Sequence[str] | None) -> list[HostPlan]:
    if not names:
        return plans
    known = {item.name.casefold() for item in plans}
    for name in names:
        if name.casefold() not in known:
            raise UsageError(f"--host {name}: the folder has no such host")
    wanted = {name.casefold() for name in names}
    return [item for item in plans if item.name.casefold() in wanted]
