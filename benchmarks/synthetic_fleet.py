"""A report of a made-up fleet: as many hosts and findings as asked for, each with its own times, numbers and texts.

Hosts are Windows NT and 2000 machines with a System log, an Application log and a registry export: some 40 facts, half
a dozen boot sessions, and for each finding its matches, its explanation and the records around them. Everything comes
out of one seeded generator, so that the same figures give the same report.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from evtscan.base.logic import Truth
from evtscan.base.model.finding import Explanation, Finding, MissingFact, NearbyRow, Surroundings, Verdict
from evtscan.base.model.rule import Level, RuleInfo
from evtscan.base.model.source import EvidenceRow, ExtractionWarning, Location
from evtscan.report.model import FactRow, HostReport, MatchRow, Report, SessionRow, TimelineRow

RULES = 120
SEEN = (Verdict.CONFIRMED, Verdict.POSSIBLE, Verdict.EXPOSED, Verdict.RESOLVED, Verdict.EXCLUDED)
SHARES = (25, 40, 10, 15, 10)
KINDS = ("defect", "misconfiguration", "failure", "benign")
COMPONENTS = (
    "cluster",
    "dfs",
    "dhcp_server",
    "dns_server",
    "exchange",
    "iis",
    "netbeui",
    "nwlink",
    "ras",
    "rras",
    "wins",
)
PROVIDERS = ("Dhcp", "Tcpip", "NetBT", "Srv", "Disk", "Rdr", "Print", "EventLog", "Service Control Manager", "W32Time")
WORDS = (
    *("address", "adapter", "bad", "binding", "block", "browser", "cache", "client", "clock", "component", "copy"),
    *("data", "device", "disk", "domain", "driver", "error", "file", "fix", "host", "install", "interface", "key"),
    *("lease", "list", "log", "master", "memory", "name", "network", "pack", "path", "port", "print", "queue", "read"),
    *("record", "registry", "request", "restart", "route", "server", "service", "session", "share", "start", "stop"),
    *("system", "table", "time", "transport", "value", "version", "write", "zone"),
)


def fleet(hosts: int, findings: int, seed: int = 1) -> Report:
    """A report of so many hosts with so many findings among them."""
    random = Random(seed)
    rules = [_rule(random, number) for number in range(RULES)]
    affected = random.choices(range(hosts), k=findings)
    counts = [0] * hosts
    for host in affected:
        counts[host] += 1
    made = tuple(_host(random, number, counts[number], rules) for number in range(hosts))
    return Report(hosts=made, rules=tuple(rules), evtscan="0.0.0")


def _rule(random: Random, number: int) -> RuleInfo:
    article = f"Q{random.randrange(100_000, 330_000)}"
    return RuleInfo(
        id=f"{number:08x}-0000-4000-8000-{random.getrandbits(48):012x}",
        title=_sentence(random, 8).removesuffix("."),
        level=Level(random.randrange(1, 5)).word,
        status="stable",
        kind=random.choice(KINDS),
        article=article,
        description=_text(random, 3),
        cause=_text(random, 2),
        remedy=tuple(_sentence(random, 12) for _ in range(random.randrange(1, 4))),
        workaround=(_sentence(random, 10),),
        fixed_in=f"Service Pack {random.randrange(1, 7)}",
        lookalikes=(_sentence(random, 12),),
        references=(article,),
    )


def _host(random: Random, number: int, findings: int, rules: list[RuleInfo]) -> HostReport:
    name = f"{random.choice(('NTWS', 'NTSRV', 'W2K', 'LAB', 'KIOSK'))}{number:05}"
    pack = random.randrange(7)
    begun = datetime(1997, 1, 1) + timedelta(minutes=random.randrange(2_000_000))
    sessions = list(_sessions(random, begun))
    made = [_finding(random, name, rule, sessions) for rule in random.sample(rules, findings)]
    return HostReport(
        host=name,
        computer=name,
        os="Windows NT 4.0" if pack else "Windows 2000",
        version="4.0" if pack else "5.0",
        build="1381" if pack else "2195",
        service_pack=str(pack),
        role=random.choice(("workstation", "server")),
        components=("ras",) if number % 3 else (),
        snapshot_time=_time(begun),
        findings=tuple(finding for finding, _ in made),
        matches=tuple(row for _, rows in made for row in rows),
        facts=tuple(_facts(random, name, pack, sessions)),
        evidence=tuple(_evidence(random, name, sessions)),
        warnings=tuple(_warnings(random)) if number % 20 == 0 else (),
        sessions=tuple(sessions),
        timeline=tuple(_timeline(random, sessions)),
    )


def _sessions(random: Random, begun: datetime) -> Iterator[SessionRow]:
    first = random.randrange(1, 40_000)
    for session in range(6):
        records, lasts = random.randrange(20, 900), timedelta(minutes=random.randrange(500, 60_000))
        started = ("", "in order", "unclean")[min(session, 1 + (random.random() < 0.2))]
        yield SessionRow(
            session=session,
            begins=_time(begun),
            ends=_time(begun + lasts),
            first=first,
            last=first + records - 1,
            started=started,
            whole=0 < session < 5,
        )
        first, begun = first + records, begun + lasts


def _timeline(random: Random, sessions: list[SessionRow]) -> Iterator[TimelineRow]:
    for row in sessions:
        kinds = {"start": "started (EventLog 6009, 6005)", "stop": "stopped in order (EventLog 6006)"}
        if row.session == 0:
            kinds = {"gap": f"the log begins at record {row.first} (SysEvent.Evt: wrapped)"}
        for kind, text in kinds.items():
            record = row.first if kind != "stop" else row.last
            location = Location(source="SysEvent.Evt", offset=random.randrange(1 << 20), record=record)
            yield TimelineRow(
                session=row.session, sequence=record, time=row.begins, kind=kind, text=text, location=location
            )


def _facts(random: Random, name: str, pack: int, sessions: list[SessionRow]) -> Iterator[FactRow]:
    stated = {
        "os.version": "4.0",
        "os.build": "1381",
        "os.service_pack": str(pack),
        "os.kernel_type": "Uniprocessor Free",
        "host.name": name,
        "host.role": "workstation",
    }
    for fact, value in stated.items():
        session = random.choice(sessions)
        record = random.randrange(session.first, session.last + 1)
        location = Location(source="SysEvent.Evt", offset=random.randrange(1 << 20), record=record)
        yield FactRow(name=fact, value=value, basis="stated", time="now", location=location)
        yield FactRow(
            name=fact,
            value=value,
            basis="stated",
            time=session.begins,
            session=session.session,
            sequence=record,
            location=location,
            history=True,
        )
    for component in COMPONENTS:
        value = str(random.random() < 0.2).lower()
        key = "SYSTEM\\CurrentControlSet\\Services"
        note = "" if value == "true" else f"services.reg holds all services, and {component} is not among them"
        location = Location(source="services.reg", key=key, line=random.randrange(1, 900) if value == "true" else None)
        for history in (False, True):
            yield FactRow(
                name=f"component.{component}",
                value=value,
                basis="stated",
                time="with the last record (assumed)" if history else "now",
                session=5 if history else None,
                location=location,
                note=note,
                history=history,
            )


def _evidence(random: Random, name: str, sessions: list[SessionRow]) -> Iterator[EvidenceRow]:
    for file, channel in (("SysEvent.Evt", "System"), ("AppEvent.Evt", "Application")):
        yield EvidenceRow(
            source_file=file,
            size=1 << 20,
            format="evt",
            computer=name,
            first_time=sessions[0].begins,
            last_time=sessions[-1].ends,
            records=random.randrange(500, 9000),
            lost=int(random.random() < 0.03),
            wrapped=random.random() < 0.6,
            cleared=random.random() < 0.05,
            filtered=random.random() < 0.02,
            time_zone="UTC",
            note=f"channel {channel}",
            channels=(channel,),
        )
    yield EvidenceRow(source_file="services.reg", size=random.randrange(40_000, 900_000), format="reg")


def _warnings(random: Random) -> Iterator[ExtractionWarning]:
    location = Location(source="SysEvent.Evt", offset=random.randrange(1 << 20), record=random.randrange(9000))
    yield ExtractionWarning(location=location, kind="bad_record", message=_sentence(random, 9), records_lost=1)


def _finding(
    random: Random, name: str, rule: RuleInfo, sessions: list[SessionRow]
) -> tuple[Finding, tuple[MatchRow, ...]]:
    verdict = random.choices(SEEN, SHARES)[0]
    provider, event_id = random.choice(PROVIDERS), random.randrange(1, 9000)
    matches = (
        () if verdict is Verdict.EXPOSED else tuple(_matches(random, name, rule, verdict, provider, event_id, sessions))
    )
    missing = ("component.ras", "os.service_pack")[: random.randrange(1, 3)] if verdict is Verdict.POSSIBLE else ()
    finding = Finding(
        finding_id=f"{random.getrandbits(64):016x}",
        host=name,
        computer=name,
        verdict=verdict.value,
        rule_id=rule.id,
        activity=random.choice(("active", "quiet")),
        first_seen=matches[0].timestamp if matches else "",
        last_seen=matches[-1].timestamp if matches else "",
        count=len(matches),
        channels=("System",) if matches else (),
        providers=(provider,) if matches else (),
        event_ids=(event_id,) if matches else (),
        record_ids=tuple(row.record_id for row in matches if row.record_id is not None),
        os="4.0",
        service_pack="2",
        reason=f"{provider} {event_id} was logged {len(matches)} times. {_text(random, 2)}",
        basis=random.choice(("stated", "carried")),
        missing=tuple(
            MissingFact(fact=fact, how_to_get="export the key with regedit to a .reg file", collectable=True)
            for fact in missing
        ),
        remedy=rule.remedy,
        coverage_from=sessions[0].begins,
        coverage_to=sessions[-1].ends,
        complete="wrapped",
        source_files=("SysEvent.Evt",),
        explanation=_explanation(random, verdict),
        surroundings=tuple(
            _surroundings(random, row) for row in {id(row): row for row in matches[:1] + matches[-1:]}.values()
        ),
    )
    return finding, matches


def _matches(
    random: Random,
    name: str,
    rule: RuleInfo,
    verdict: Verdict,
    provider: str,
    event_id: int,
    sessions: list[SessionRow],
) -> Iterator[MatchRow]:
    session = random.choice(sessions)
    record = session.first
    for _ in range(random.choice((1, 1, 2, 3, 5, 12))):
        record += random.randrange(1, 60)
        yield MatchRow(
            timestamp=_time(datetime(1998, 1, 1) + timedelta(seconds=random.randrange(60_000_000))),
            computer=name,
            verdict=verdict.value,
            rule_id=rule.id,
            entity="",
            channel="System",
            provider=provider,
            event_id=event_id,
            event_level=random.choice((2, 3)),
            record_id=record,
            details=_data(random),
            basis="stated",
            source_file="SysEvent.Evt",
            offset=random.randrange(1 << 20),
            session=session.session,
            sequence=min(record, session.last),
        )


def _surroundings(random: Random, match: MatchRow) -> Surroundings:
    rows = tuple(
        NearbyRow(
            distance=distance,
            timestamp=_time(datetime(1998, 1, 1) + timedelta(seconds=random.randrange(60_000_000))),
            computer=match.computer,
            channel="System",
            provider=match.provider if distance == 0 else random.choice(PROVIDERS),
            event_id=match.event_id if distance == 0 else random.randrange(1, 9000),
            event_level=random.choice((2, 3, 4)),
            record_id=(match.record_id or 0) + distance,
            details=_data(random),
            offset=random.randrange(1 << 20),
        )
        for distance in range(-5, 6)
    )
    return Surroundings(source_file=match.source_file, rows=rows)


def _explanation(random: Random, verdict: Verdict) -> Explanation:
    def leaf(fact: str, text: str, says: str, truth: Truth) -> Explanation:
        location = Location(source="SysEvent.Evt", offset=random.randrange(1 << 20), record=random.randrange(40_000))
        known = truth is not Truth.UNKNOWN
        return Explanation(
            text=f"{fact} is {text}",
            truth=truth,
            says=says,
            basis="stated" if known else "",
            fact=fact,
            locations=(location,) if known else (),
        )

    last = {Verdict.CONFIRMED: Truth.TRUE, Verdict.EXPOSED: Truth.TRUE, Verdict.POSSIBLE: Truth.UNKNOWN}
    truth = last.get(verdict, Truth.FALSE)
    children = (
        leaf("os.version", "4.0", "Windows version 4.0", Truth.TRUE),
        leaf("os.service_pack", "2", f"Service Pack {random.randrange(7)}", Truth.TRUE),
        leaf("component.ras", "true", "", truth),
    )
    return Explanation(text="all of", truth=truth, children=children)


def _data(random: Random) -> str:
    values = (random.choice((_word(random), f"10.{random.randrange(256)}.0.{random.randrange(256)}")) for _ in range(4))
    return "; ".join(f"Data{number}={value}" for number, value in enumerate(values, 1))


def _word(random: Random) -> str:
    return random.choice(WORDS)


def _sentence(random: Random, words: int) -> str:
    return " ".join(_word(random) for _ in range(words)).capitalize() + "."


def _text(random: Random, sentences: int) -> str:
    return " ".join(_sentence(random, random.randrange(8, 18)) for _ in range(sentences))


def _time(moment: datetime) -> str:
    return f"{moment.isoformat(timespec='seconds')}Z"
