"""What matching one event costs with many Sigma rules, against the plain evaluation of each rule.

    python benchmarks/match.py [--rules 300 2400] [--events 4000] [--plain 50]

Rules and events are made up (``sigma_rules.py``). For process creations and image loads it prints: the time to compile
the rules of this kind of event, processor time an event (the first time its values are seen, and when they are known),
matches an event, and the plain evaluation (``truth_of`` with ``truth_in``) of a few of the same events.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from sigma_rules import SYSMON, SYSMON_CHANNEL, image_load_fields, process_creation_fields, write_rules

from evtscan.base.logic import Truth
from evtscan.base.model.event import Event
from evtscan.base.model.source import Location
from evtscan.detection.load.rulecache import load_through_cache
from evtscan.detection.match.engine import Engine
from evtscan.detection.match.eventtests import truth_in
from evtscan.detection.model.condition import truth_of
from evtscan.detection.model.rule import Rule
from evtscan.facts.catalogue.names import is_known


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rules", type=int, nargs="+", default=[300, 2400], help="numbers of rules")
    parser.add_argument("--events", type=int, default=4000)
    parser.add_argument("--plain", type=int, default=50, help="events of the plain evaluation")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        for number in options.rules:
            folder = write_rules(Path(temporary) / str(number), number)
            rules = _loaded(folder, Path(temporary) / "cache")
            events = {
                "process creations": _events(1, process_creation_fields(options.events)),
                "image loads": _events(7, image_load_fields(options.events)),
            }
            for title, found in events.items():
                _measure(f"{number:,} rules, {title}", rules, found, options.plain)


def _loaded(folder: Path, cache: Path) -> Sequence[Rule]:
    load_through_cache([folder], fact_known=is_known, folder=cache)
    begun = time.process_time()
    rules = load_through_cache([folder], fact_known=is_known, folder=cache).rules
    print(f"\n{len(rules):,} rules from the cache: {time.process_time() - begun:.3f} s")
    return rules


def _events(event_id: int, rows: Iterable[dict[str, str]]) -> list[Event]:
    return [
        Event(
            location=Location(source="made up"),
            sequence=number,
            event_id=event_id,
            provider=SYSMON,
            channel=SYSMON_CHANNEL,
            data=row,
        )
        for number, row in enumerate(rows)
    ]


def _measure(title: str, rules: Sequence[Rule], events: Sequence[Event], plain: int) -> None:
    engine = Engine(rules)
    opening, _ = _timed(lambda: len(engine.match(events[0])))
    first, matches = _timed(lambda: sum(len(engine.match(event)) for event in events))
    known, _ = _timed(lambda: sum(len(engine.match(event)) for event in events))
    slow, expected = _timed(lambda: sum(_plainly(rules, event) for event in events[:plain]))
    assert expected == sum(len(engine.match(event)) for event in events[:plain]), "the two do not agree"
    print(
        f"{title}: compiled in {opening:.2f} s, {first / len(events) * 1e6:.0f} µs an event, "
        f"{known / len(events) * 1e6:.0f} µs if its values are known, {matches / len(events):.1f} matches an event, "
        f"plain {slow / plain * 1e6:,.0f} µs"
    )


def _plainly(rules: Sequence[Rule], event: Event) -> int:
    """The number of rules that match an event, each evaluated by itself."""
    return sum(
        rule.logsource.fits(event.channel)
        and truth_of(rule.detection, lambda test: truth_in(event, test)) is not Truth.FALSE
        for rule in rules
    )


def _timed(work: Callable[[], int]) -> tuple[float, int]:
    begun = time.process_time()
    result = work()
    return time.process_time() - begun, result


if __name__ == "__main__":
    main()
