"""How fast an XML export is read, beside a bare lxml ``iterparse`` loop over the same file.

    python benchmarks/read_xml.py [--megabytes 100] [--runs 5]

Writes exports as ``wevtutil qe /f:xml /e:Events`` does, into a temporary folder: short System events, Security events
with twenty values, and the same rendered, with their messages. The bare loop takes each Event element and drops it
again, the least that an XML parser can do. evtscan selects one id (what a scan asks for), and decodes every event. All
are measured in turns, in processor time; the best of the runs counts.
"""

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from lxml import etree

from evtscan.base.model.query import EVERYTHING, Query, Selector
from evtscan.base.model.source import Source
from evtscan.parsers.logs.xml.eventxml import read_log

_NAMESPACE = "http://schemas.microsoft.com/win/2004/08/events/event"
_WANTED = Query(frozenset({Selector(provider="Microsoft-Windows-Kernel-Power", event_id=41)}))
_SYSTEM = (
    "<Event xmlns='{namespace}'><System><Provider Name='{provider}' Guid='{{555908d1-a6d7-4695-8e1e-26931d2012f4}}'/>"
    "<EventID{qualifiers}>{event_id}</EventID><Version>0</Version><Level>4</Level><Task>0</Task><Opcode>0</Opcode>"
    "<Keywords>0x8080000000000000</Keywords><TimeCreated SystemTime='2024-03-{day:02}T{hour:02}:{minute:02}:{second:02}"
    ".{place:07}00Z'/><EventRecordID>{number}</EventRecordID><Correlation/><Execution ProcessID='{process}' "
    "ThreadID='{thread}'/><Channel>{channel}</Channel><Computer>host.example.com</Computer>"
    "<Security UserID='S-1-5-18'/></System><EventData>{data}</EventData>{rendering}</Event>\r\n"
)
_RENDERING = (
    "<RenderingInfo Culture='en-US'><Message>{text}</Message><Level>Information</Level><Task>Logon</Task><Opcode>Info"
    "</Opcode><Channel>Security</Channel><Provider>Windows</Provider><Keywords><Keyword>Audit Success</Keyword>"
    "</Keywords></RenderingInfo>"
)


def short_event(number: int) -> str:
    return _event(number, "Service Control Manager", 7036, "System", 3, "")


def long_event(number: int) -> str:
    return _event(number, "Microsoft-Windows-Security-Auditing", 4624, "Security", 20, "")


def rendered_event(number: int) -> str:
    text = "An account was successfully logged on.\r\n\r\nSubject:\r\n\tSecurity ID:\t\tS-1-5-18 &amp; others\r\n" * 8
    return _event(number, "Microsoft-Windows-Security-Auditing", 4624, "Security", 20, _RENDERING.format(text=text))


def _event(number: int, provider: str, event_id: int, channel: str, values: int, rendering: str) -> str:
    rare = number % 1000 == 500
    minutes, second = divmod(number % 86_400, 60)
    return _SYSTEM.format(
        namespace=_NAMESPACE,
        provider="Microsoft-Windows-Kernel-Power" if rare else provider,
        qualifiers=" Qualifiers='16384'" if values < 10 else "",
        event_id=41 if rare else event_id + number % 7,
        day=1 + number // 86_400 % 28,
        hour=minutes // 60,
        minute=minutes % 60,
        second=second,
        place=number % 10_000_000,
        number=number,
        process=4 * (number % 300),
        thread=4 * (number % 700),
        channel=channel,
        data="".join(f"<Data Name='Value{place}'>value {number} of {place}</Data>" for place in range(values)),
        rendering=rendering,
    )


def write(path: Path, megabytes: int, event: Callable[[int], str]) -> int:
    """Write an export of about that size, and return the number of its events."""
    count = megabytes * 1_000_000 // len(event(500))
    with path.open("w", encoding="utf-8", newline="") as stream:
        stream.write("<Events>")
        stream.writelines(event(number) for number in range(1, count + 1))
        stream.write("</Events>")
    return count


def bare_loop(path: Path) -> int:
    events = 0
    parsed = etree.iterparse(
        str(path),
        events=("end",),
        tag=f"{{{_NAMESPACE}}}Event",
        resolve_entities=False,
        no_network=True,
        huge_tree=True,
    )
    for _, element in parsed:
        events += 1
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]
    return events


def with_evtscan(path: Path, query: Query) -> int:
    """Select, and return how many events were looked at."""
    log = read_log(Source(path, path.name), query)
    found = sum(1 for _ in log)
    if not found or log.warnings:
        raise SystemExit(f"{path.name}: {found} events, {log.warnings}")
    return log.summary.records


def best_of(runs: int, cases: dict[str, Callable[[], int]], events: int) -> dict[str, float]:
    """Seconds of processor time of each case's fastest run; each must see all events."""
    best = dict.fromkeys(cases, float("inf"))
    for _ in range(runs):
        for name, run in cases.items():
            begun = time.process_time()
            seen = run()
            best[name] = min(best[name], time.process_time() - begun)
            if seen != events:
                raise SystemExit(f"{name}: {seen} of {events} events seen")
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    kinds = {"short": short_event, "long": long_event, "rendered": rendered_event}
    with tempfile.TemporaryDirectory() as folder:
        for kind, event in kinds.items():
            path = Path(folder, f"{kind}.xml")
            events = write(path, options.megabytes, event)
            cases: dict[str, Callable[[], int]] = {
                "lxml iterparse, bare loop": lambda path=path: bare_loop(path),  # type: ignore[misc]
                "evtscan, one id": lambda path=path: with_evtscan(path, _WANTED),  # type: ignore[misc]
                "evtscan, every event": lambda path=path: with_evtscan(path, EVERYTHING),  # type: ignore[misc]
            }
            times = best_of(options.runs, cases, events)
            size = path.stat().st_size
            print(f"{kind} events: {size / 1e6:.0f} MB, {events} events")
            for name, seconds in times.items():
                rates = f"{size / seconds / 1e6:7.1f} MB/s {events / seconds / 1e3:7.1f} k events/s"
                print(
                    f"  {name:28} {seconds:6.2f} s {rates} {seconds / times['lxml iterparse, bare loop']:5.2f} x bare"
                )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"memory: {peak:.0f} MiB at most", file=sys.stderr)


if __name__ == "__main__":
    main()
