"""Twice the input takes at most about twice the work, for every reader and every stage, also at its worst."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import exportwriters
import pytest
import text_writers
from msgspec.structs import replace
from sample_writer.event import SampleEvent
from sample_writer.evt import saved_log
from sample_writer.evtx import evtx_log
from sample_writer.regf import write_hive

from evtscan.base import yamltext
from evtscan.base.model.query import EVERYTHING
from evtscan.base.model.source import Source
from evtscan.evidence.reading import read
from evtscan.scan import ScanOptions, scan
from tests.fuzz import seeds
from tests.fuzz.growth import operations, seconds
from tests.fuzz.targets import few_rules

SMALL = 150
"""Size of the smaller input, in whatever it counts; the other one has twice as many."""
MOST_GROWTH = 2.6
"""Allowed factor of the work: n log n takes 2.3 times as much, and what is learned once takes less."""

SAMPLES = seeds.ROOT / "samples" / "sources"


def story(count: int) -> list[SampleEvent]:
    """Events of one log, a minute apart."""
    return [
        SampleEvent(
            provider="Dhcp",
            event_id=1008,
            time=f"1998-03-{1 + number // 1440:02}T{number // 60 % 24:02}:{number % 60:02}:00Z",
            channel="System",
            computer="NTBOX",
            strings=(f"value {number}", "x"),
            record_number=number + 1,
        )
        for number in range(count)
    ]


def exported(count: int) -> list[exportwriters.Event]:
    found = seeds.events()
    return [replace(found[number % len(found)], record_id=number + 1) for number in range(count)]


def repeated(path: str, count: int) -> bytes:
    """A sample text, over and over."""
    return (SAMPLES / path).read_bytes() * (count // 30)


def line_of(path: str, line: int, count: int) -> bytes:
    """A sample text in which one line comes very often."""
    lines = (SAMPLES / path).read_bytes().split(b"\n")
    return b"\n".join([*lines[:line], *[lines[line]] * count, *lines[line:]])


def csv_rows(write: Callable[[list[SampleEvent]], str], count: int) -> bytes:
    return write(story(count)).encode()


EVENT = "<Event><System><Provider Name='A'/><EventID>1</EventID></System><EventData>{}</EventData></Event>"

INPUTS: dict[str, tuple[str, Callable[[int], bytes]]] = {
    "evtx": ("System.evtx", lambda count: evtx_log(story(count * 10))),
    "evt": ("System.evt", lambda count: saved_log(story(count * 10))),
    "xml": ("a.xml", lambda count: exportwriters.wevtutil(exported(count)).encode()),
    "xml, data": ("a.xml", lambda count: EVENT.format("<Data Name='a'>b</Data>" * count).encode()),
    "xml, names": ("a.xml", lambda count: EVENT.format("".join(f"<n{n}>b</n{n}>" for n in range(count))).encode()),
    "xml, beginnings": ("a.xml", lambda count: b"<Event><System>" * count),
    "xml, nested": ("a.xml", lambda count: EVENT.format("<a>" * count).encode()),
    "clixml": ("a.xml", lambda count: exportwriters.clixml(exported(count)).encode()),
    "json": ("a.json", lambda count: exportwriters.lines(map(exportwriters.evtx_dump, exported(count))).encode()),
    "json, array": ("a.json", lambda count: json.dumps([exportwriters.evtx_dump(e) for e in exported(count)]).encode()),
    "json, braces": ("a.json", lambda count: b'{"Event":{"System":{"EventID":1}}}\n' + b"{" * count * 20),
    "json, quotes": ("a.json", lambda count: b'{"Event":{"System":{"EventID":1}}}\n{"' + b'\\"\n' * count * 5),
    "winevent csv": ("a.csv", partial(csv_rows, text_writers.get_winevent)),
    "winevent csv, open quote": ("a.csv", lambda count: b"Id,ProviderName,Message\n" + b'1,A,"\n' * (2 * count + 1)),
    "winevent csv, columns": (
        "a.csv",
        lambda count: b"Id,ProviderName" + b",Message" * count + b"\n1,A" + b",x" * count,
    ),
    "eventlog csv": ("a.csv", partial(csv_rows, text_writers.get_eventlog)),
    "log parser csv": ("a.csv", partial(csv_rows, text_writers.log_parser)),
    "dump csv": ("a.csv", lambda count: exportwriters.dump_csv(exported(count)).encode()),
    "evtxecmd csv": ("a.csv", lambda count: exportwriters.evtxecmd_csv(exported(count)).encode()),
    "viewer": ("a.txt", partial(csv_rows, text_writers.viewer)),
    "viewer list": ("a.txt", partial(csv_rows, text_writers.viewer_list)),
    "dumpel": ("a.txt", partial(csv_rows, text_writers.dumpel)),
    "psloglist": ("a.txt", partial(csv_rows, text_writers.psloglist)),
    "wevtutil text": ("a.txt", partial(csv_rows, text_writers.wevtutil)),
    "new viewer": ("a.csv", partial(csv_rows, text_writers.event_viewer)),
    "hive, keys": ("SYSTEM", lambda count: write_hive({f"k{n}": {"v": n} for n in range(count)} | {"Select": {}})),
    "hive, values": ("SYSTEM", lambda count: write_hive({"Select": {f"v{n}": n for n in range(count)}})),
    "reg": ("a.reg", lambda count: b"REGEDIT4\n" + b'[HKEY_LOCAL_MACHINE\\SYSTEM\\a]\n"b"="c"\n' * count),
    "reg, one value": (
        "a.reg",
        lambda count: b'REGEDIT4\n[HKEY_LOCAL_MACHINE\\a]\n"b"=hex:' + b"00,\\\n" * count + b"00\n",
    ),
    "reg, keys": (
        "a.reg",
        lambda count: b"REGEDIT4\n" + b"".join(b"[HKEY_LOCAL_MACHINE\\a\\k%d]\n" % n for n in range(count)),
    ),
    "reg query": ("keys.txt", partial(repeated, "reg-query/keys.txt")),
    "regdmp": ("a.txt", partial(line_of, "regdmp/services.txt", 3)),
    "regedt32": ("a.txt", partial(repeated, "regedt32/services.txt")),
    "nfo": ("a.nfo", partial(line_of, "nfo/XPWS31.nfo", 4)),
} | {
    f"{path.partition('/')[0]}, {how}": ("a.txt", make)
    for path in (
        *("winmsd/NTWS30.txt", "msinfo/msinfo.txt", "systeminfo/systeminfo.txt", "sc/sc.txt", "ver/ver.txt"),
        *("netstart/netstart.txt", "driverquery/drivers.csv", "hotfixes/W2KPRO9.log", "ipconfig/ipconfig.txt"),
        *("srvinfo/srvinfo.txt", "dirlisting/drivers.txt", "fileversions/filever.txt", "drwatson/drwtsn32.log"),
    )
    for how, make in (("reports", partial(repeated, path)), ("lines", partial(line_of, path, 2)))
}


def reading(folder: Path, name: str, data: bytes) -> Callable[[], object]:
    path = folder / name
    path.write_bytes(data)

    def run() -> object:
        return read([Source(path, name)], EVERYTHING)

    return run


@pytest.mark.parametrize("kind", INPUTS)
def test_reading_twice_as_much_takes_twice_as_long(tmp_path, kind):
    name, make = INPUTS[kind]
    reading(tmp_path, name, make(SMALL // 5))()  # what is imported and compiled once
    once, twice = (operations(reading(tmp_path, name, make(size))) for size in (SMALL, 2 * SMALL))
    assert twice <= MOST_GROWTH * once


@pytest.mark.parametrize("kind", [kind for kind in INPUTS if kind not in ("evtx", "evt")])
def test_no_expression_takes_the_square_of_a_text(tmp_path, kind):
    name, make = INPUTS[kind]
    small, large = reading(tmp_path, name, make(2 * SMALL)), partial(reading, tmp_path, name)
    small()
    base = max(min(seconds(small) for _ in range(2)), 0.004)
    assert seconds(large(make(16 * SMALL))) <= 24 * base  # 8 times as much; its square would be 64


STAGES: dict[str, Callable[[int], dict[str, list[SampleEvent]]]] = {
    "matches": lambda count: {"System.evt": story(count)},
    "copies": lambda count: {"System.evt": story(count), "copy.evt": story(count)},
    "sessions": lambda count: {
        "System.evt": [replace_of(event, "EventLog", 6005) for event in story(count)],
    },
    "clock steps": lambda count: {
        "System.evt": [
            SampleEvent(provider="Dhcp", event_id=1008, time=f"1998-03-0{1 + number % 2}T00:00:00Z", channel="System")
            for number in range(count)
        ]
    },
    "computers": lambda count: {
        "System.evt": [replace_of(event, "Dhcp", 1008, f"PC{number}") for number, event in enumerate(story(count))]
    },
    "logs": lambda count: {f"{number}.evt": story(1) for number in range(count // 2)},
}


def replace_of(event: SampleEvent, provider: str, event_id: int, computer: str = "NTBOX") -> SampleEvent:
    return SampleEvent(
        provider=provider, event_id=event_id, time=event.time, channel="System", computer=computer, strings=("4.0",)
    )


@pytest.mark.parametrize("stage", STAGES)
def test_judging_twice_as_much_takes_twice_as_long(tmp_path, stage):
    def judging(size: int) -> Callable[[], object]:
        sources = []
        for name, events in STAGES[stage](size).items():
            path = tmp_path / name
            path.write_bytes(saved_log(events))
            sources.append(Source(path, name))
        return lambda: scan(sources, few_rules()[1], ScanOptions())

    judging(10)()
    once, twice = (operations(judging(size)) for size in (SMALL, 2 * SMALL))
    assert twice <= MOST_GROWTH * once


YAML: dict[str, Callable[[int], str]] = {
    "map": lambda count: "".join(f"k{number}: v\n" for number in range(count)),
    "list": lambda count: "- a\n" * count,
    "aliases": lambda count: "a: &a [x]\nb:\n" + "- *a\n" * count,
    "merges": lambda count: "a: &a {x: 1}\n" + "".join(f"k{number}: {{<<: *a}}\n" for number in range(count)),
    "long text": lambda count: "a: |\n" + "  line\n" * count,
}


@pytest.mark.parametrize("kind", YAML)
def test_yaml_twice_as_long_takes_twice_as_long(kind):
    def loading(size: int) -> Callable[[], object]:
        return lambda: yamltext.load(YAML[kind](size))

    loading(10)()
    once, twice = (operations(loading(size)) for size in (SMALL, 2 * SMALL))
    assert twice <= MOST_GROWTH * once


def test_the_count_shows_what_is_quadratic():
    def quadratic(size: int) -> int:
        return sum(1 for first in range(size) for second in range(size))

    assert operations(lambda: quadratic(200)) > 3 * operations(lambda: quadratic(100))


def test_the_inputs_are_read_and_not_refused_at_once(tmp_path):
    refused = []
    for kind, (name, make) in INPUTS.items():
        (tmp_path / name).write_bytes(make(SMALL))
        refused += [kind] if read([Source(tmp_path / name, name)], EVERYTHING).skipped else []
    assert set(refused) <= {"xml, beginnings", "xml, nested"}
