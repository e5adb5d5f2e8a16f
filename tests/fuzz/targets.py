"""What is fuzzed: a table of kinds of input, each with its seeds, its mutator and the entry point that reads it."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from unittest import mock

from sample_writer.evt import saved_log
from text_writers import STORY
from typer.testing import CliRunner

from evtscan.base.model.query import EVERYTHING, ReadOptions
from evtscan.cli import build
from evtscan.detection.load.loader import load_rules
from evtscan.detection.model.rule import Rule
from evtscan.evidence.reading import read
from evtscan.intake.archives import opened
from evtscan.intake.paths import find
from evtscan.reporters.json import savedreport
from evtscan.scan import ScanOptions, scan
from tests.fuzz import mutators, seeds

Run = Callable[[Path, Path, Random], None]
"""Reads the input at a path; the second path is a folder for outputs, emptied for each input."""


@dataclass(frozen=True, slots=True)
class Target:
    """A kind of input. ``file_name`` is what the input is called, since some readers go by that."""

    name: str
    file_name: str
    seeds: Callable[[], list[bytes]]
    mutate: mutators.Mutator
    run: Run

    def input(self, number: int, seed: str, pool: Sequence[bytes]) -> tuple[bytes, Random]:
        """The input of this number, and the generator with which its run goes on: the same for the same seed."""
        dice = Random(f"{seed}:{self.name}:{number}")
        return self.mutate(dice.choice(pool), dice, pool)[: mutators.LONGEST], dice


class DefectError(Exception):
    """A command ended with an exit code that means no result and no clear error."""


def run_cli(*arguments: str) -> str:
    """Run the command line in this process.

    Raises:
        Exception: what the command raised, if it did not end by itself.
    """
    result = CliRunner().invoke(build(), arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    if result.exit_code not in (0, 1, 2, 3, 10):
        raise DefectError(f"exit code {result.exit_code}")
    return result.stdout


# ------------------------------------------------------------------------------------------------ evidence


@cache
def few_rules() -> tuple[Path, tuple[Rule, ...]]:
    """A few rules of the catalogue: what they match is judged and reported as by all of them."""
    folder = seeds.ROOT / "rules"
    files = sorted(folder.rglob("*.yml"))
    named = [path for path in files if "162396" in path.name or "162396" in str(path.parent)]
    return folder, load_rules([*named, *files[::15]], fact_known=lambda name: True).rules


_OUTPUTS = ("report.json", "f.csv", "f.jsonl", "f.html", "f.md", "all/")
_DUMPS = (("-t", "jsonl"), ("-t", "csv"), ("-t", "csv", "--profile", "evtxecmd"), ("-t", "csv", "--excel", "--raw"))


def run_evidence(path: Path, out: Path, dice: Random) -> None:
    """Scan, dump or measure a folder with the file in it."""
    folder = str(path.parent)
    match dice.randrange(60):
        case 0:
            shape = dice.choice(_DUMPS)
            more = dice.choice(
                ((), ("--recover",), ("--contains", "a"), ("--since", "30d"), ("--include-eid", "1-9999"))
            )
            run_cli("dump", folder, "-q", *shape, *more)
        case 1:
            run_cli("metrics", folder)
        case 2:
            command = dice.choice((("scan", "--all"), ("facts",), ("timeline",)))
            run_cli(command[0], folder, *command[1:])
        case 3:
            run_cli("scan", folder, "-q", "-o", f"{out}/{dice.choice(_OUTPUTS)}")
        case chosen:
            options = ReadOptions(recover=dice.random() < 0.3, zone=dice.choice(("", "", "+02:00")))
            found = find([path.parent])
            with opened(found.sources) as files:
                read(files.sources, EVERYTHING, options)
            if chosen < 20:
                scan(found.sources, few_rules()[1], ScanOptions(read=options), skipped=found.skipped)


def run_hive_with_logs(path: Path, out: Path, dice: Random) -> None:
    """A hive beside logs that are as damaged, and a log of events."""
    data = path.read_bytes()
    for suffix in (".LOG1", ".LOG2", ".LOG"):
        if dice.random() < 0.5:
            tail = b"HvLE" + dice.randbytes(12) + data[: dice.randrange(5000)]
            path.with_name(path.name + suffix).write_bytes(mutators.any_bytes(data[:512] + tail, dice, [data]))
    (path.parent / "SysEvent.Evt").write_bytes(saved_log(STORY))
    run_evidence(path, out, dice)


# ------------------------------------------------------------------------------------------------ other inputs


@cache
def _host() -> Path:
    return seeds.ROOT / "samples" / "hosts" / "NTWS07"


def run_rules(path: Path, out: Path, dice: Random) -> None:
    """A folder of rules, for a scan and for the check."""
    if dice.random() < 0.7:
        load_rules([path.parent], fact_known=lambda name: not name.startswith("x"))
        load_rules([path.parent], fact_known=lambda name: True)
    elif dice.random() < 0.5:
        run_cli("rules", "check", str(path))
    else:
        run_cli("scan", str(_host()), "-r", str(path.parent), "--no-rule-cache", "--all", "-q")


def run_acceptances(path: Path, out: Path, dice: Random) -> None:
    """``--accept``."""
    run_cli("report", str(_saved()), "--accept", str(path))


def run_fleet(path: Path, out: Path, dice: Random) -> None:
    """``--inventory`` of an audit."""
    from evtscan.base.model.source import Source
    from evtscan.facts.catalogue import names
    from evtscan.parsers.stated.fleetfile import read_fleet

    if dice.random() < 0.95:
        from evtscan.base.errors import EvidenceError

        try:
            read_fleet(Source(path, path.name), lambda name: names.find(name) is not None)
        except EvidenceError:
            return
    else:
        run_cli("audit", str(_host().parent), "--host", "NTWS07", "-q", "-j", "1", "--inventory", str(path))


@cache
def _saved() -> Path:
    import tempfile

    path = Path(tempfile.mkdtemp(prefix="evtscan-fuzz-")) / "saved.json"
    path.write_bytes(seeds.reports()[0])
    return path


def run_report(path: Path, out: Path, dice: Random) -> None:
    """A saved report: shown, written in another form, compared, asked what is missing; read as a large one or not."""
    with mock.patch.object(savedreport, "LARGE", dice.choice((1, savedreport.LARGE))):
        match dice.randrange(5):
            case 0:
                run_cli("report", "--compare", str(path), str(_saved()))
            case 1:
                run_cli("report", "--compare", str(_saved()), str(path), "-t", dice.choice(("json", "csv", "markdown")))
            case 2:
                run_cli("collect", "--for", dice.choice(("nt4", "2000", "modern")), "--missing", str(path))
            case 3:
                run_cli("report", str(path), "-q", "-o", f"{out}/{dice.choice(_OUTPUTS)}")
            case _:
                run_cli("report", str(path), "--all")


def run_messages(path: Path, out: Path, dice: Random) -> None:
    """``--messages`` with a database or a folder of message files."""
    place = path.parent if path.suffix == ".dll" else path
    if path.suffix == ".db":
        path.with_name("dhcpcsvc.dll.db").write_bytes(path.read_bytes())
    version = dice.choice(("", "@5.0", "@4.0"))
    run_cli("dump", str(_event_log()), "-q", "-t", "jsonl", "--messages", f"{place}{version}")


@cache
def _event_log() -> Path:
    from evidence_files import dhcp_log

    folder = _saved().parent / "host"
    folder.mkdir(exist_ok=True)
    (folder / "SysEvent.Evt").write_bytes(dhcp_log())
    shutil.copy(_host() / "currentversion.reg", folder)
    return folder


_TEXT = mutators.any_text
TARGETS: tuple[Target, ...] = (
    Target("evtx", "System.evtx", seeds.evtx, mutators.evtx, run_evidence),
    Target("evt", "SysEvent.Evt", seeds.evt, mutators.evt, run_evidence),
    Target("hive", "SYSTEM", seeds.hive, mutators.hive, run_evidence),
    Target("hive with logs", "SOFTWARE", seeds.hive, mutators.hive, run_hive_with_logs),
    Target("szdd", "system._", seeds.texts("sources/szdd/repair/*"), mutators.any_bytes, run_evidence),
    Target("reg", "a.reg", seeds.texts("sources/reg/*.reg"), _TEXT, run_evidence),
    Target("registry text", "keys.txt", seeds.texts("sources/reg*/*.txt"), _TEXT, run_evidence),
    Target("xml", "a.xml", seeds.xml, _TEXT, run_evidence),
    Target("clixml", "a.xml", seeds.clixml, _TEXT, run_evidence),
    Target("json", "a.json", seeds.event_json, mutators.any_json, run_evidence),
    Target("csv", "System.csv", seeds.csv, _TEXT, run_evidence),
    Target("text log", "System.txt", seeds.text_logs, _TEXT, run_evidence),
    Target(
        "report", "a.txt", seeds.texts("sources/*/*.txt", "sources/*/*.log", "sources/*/*.csv"), _TEXT, run_evidence
    ),
    Target("nfo", "a.nfo", seeds.texts("sources/nfo/*.nfo"), _TEXT, run_evidence),
    Target("driver", "a.sys", seeds.texts("sources/driver/*.SYS"), mutators.any_bytes, run_evidence),
    Target("facts", "facts.yaml", seeds.stated(seeds.FACTS, *["os.version: 4.0\n"]), _TEXT, run_evidence),
    Target("zip", "a.zip", seeds.evt, mutators.zipped, run_evidence),
    Target("tar", "a.tar", seeds.evt, mutators.tarred, run_evidence),
    Target("7z", "a.7z", seeds.sevenzips, mutators.sevenzip, run_evidence),
    Target("rule", "rule.yml", seeds.rules, _TEXT, run_rules),
    Target("accept yaml", "a.yaml", seeds.stated(seeds.ACCEPT_YAML), _TEXT, run_acceptances),
    Target("accept csv", "a.csv", seeds.stated(seeds.ACCEPT_CSV), _TEXT, run_acceptances),
    Target("fleet", "fleet.csv", seeds.stated(seeds.FLEET), _TEXT, run_fleet),
    Target("saved report", "report.json", seeds.reports, mutators.json_or_text, run_report),
    Target("message file", "dhcpcsvc.dll", seeds.message_program, mutators.any_bytes, run_messages),
    Target("message database", "winevt.db", seeds.message_databases, mutators.any_bytes, run_messages),
)
