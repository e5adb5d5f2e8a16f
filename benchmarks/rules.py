"""What rules cost: loading thousands of them, and a scan with and without them.

    python benchmarks/rules.py [--megabytes 128] [--rules 5000] [--repeat 5] [--corpus FOLDER] [--quick]

First rules are written into a temporary folder and loaded: compiled, and out of the cache. Then a System log is
assembled as in ``select_evtx.py`` and scanned in this process, on one core:

- thousands of rules whose sources and events do not occur, against one;
- 200 known-issue rules that select its commonest events and test their strings, against one plain rule that selects the
  same events: both read and decode the same records, so the rest is what the rules cost. No event fits any of them;
- rules of which one fits each of these events, against one plain rule that detects them: no log is like that, and the
  rest is what it costs to judge an event on a host and to say why;
- the catalogue, against one plain rule that selects its events.

Of each the best run counts, in processor time, and runs take turns.
"""

import argparse
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from uuid import UUID

from assemble import assemble
from select_evtx import corpus_folder, sources

from evtscan.base.model.query import EVERYTHING, Selector
from evtscan.base.model.source import Source
from evtscan.detection.load import catalogue
from evtscan.detection.load.loader import load_rules
from evtscan.detection.load.rulecache import load_through_cache
from evtscan.detection.model.rule import Rule
from evtscan.facts.catalogue.names import is_known
from evtscan.parsers.logs.evtx import read_log
from evtscan.scan import ScanOptions, scan

KNOWN_ISSUES = 200

RULE = """\
title: Made-up problem {number} of a service that stops
id: {id}
status: test
description: >-
    What the user sees, and what it is. {filler}
references: [https://example.org/{number}]
author: The evtscan authors
date: 2026-01-15
logsource: {{product: windows, service: system}}
detection:
    selection:
        Provider_Name: '{provider}'
        EventID: {event_id}
    stopped:
        param1|contains: [made-up, 'made-up {number}']
    failed:
        param2|re: 'failed with (0x[0-9a-f]+)'
    condition: {condition}
level: medium
known_issue:
    article: Q{article}
    kind: defect
    when:
        os.version: '>=4.0'
        any:
            - os.service_pack: '<=3'
            - os.build: '>=2195'
    cause: A cause. {filler}
    remedy: [Install the service pack., Restart., Look whether it is gone.]
    fixed_in: Service Pack 4
    lookalikes: [Another source logs this number, too]
    cases:
        - events: [{{Provider_Name: '{provider}', EventID: {event_id}}}]
          facts: {{os.version: '4.0', os.service_pack: 2}}
          verdict: confirmed
        - {{events: [], verdict: none}}
"""
FILLER = "It goes on for a line or two, as descriptions do, with the versions and the circumstances. " * 2

PLAIN = """\
title: Selects the same events
logsource: {{product: windows, service: system}}
detection:
    selection:
{selections}
    never:
        param1: made up for a measurement
    condition: {condition}
"""


def main() -> None:
    """Measure and print."""
    options = _options()
    print(f"{os.cpu_count()} cores, load {_busy()}; best of {options.repeat}\n")
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        absent = [(f"Made-up source {number % 997}", number % 60_000) for number in range(options.rules)]
        folder = _write(place / "absent", absent)
        rules = _loading(folder, place / "cache", options.repeat)
        logs = list(sources(options.corpus).items())
        title, paths = logs[-1]
        log = place / "large.evtx"
        records = assemble(paths, log, options.megabytes << 20)
        print(f"\nScan of {title}: {log.stat().st_size / 1e6:.0f} MB, {records} records")
        _scans(
            log,
            {
                "one rule whose events do not occur": rules[:1],
                f"{len(rules):,} rules whose events do not occur": rules,
            },
            options.repeat,
        )
        common = _commonest(paths, KNOWN_ISSUES)
        none = _load(_write(place / "none", _spread(common), "selection and stopped and failed"))
        every = _load(_write(place / "every", common, "selection and not (stopped and failed)"))
        selects = _load(_write_plain(place / "selects.yml", common, "selection and never"))
        detects = _load(_write_plain(place / "detects.yml", common, "selection and not never"))
        _scans(
            log,
            {
                "one plain rule that selects their events and detects none": selects,
                f"{len(none)} known-issue rules, no event fits": none,
            },
            options.repeat,
        )
        _scans(
            log,
            {
                "one plain rule that detects each of their events": detects,
                f"{len(every)} known-issue rules, every event fits": every,
            },
            options.repeat,
        )
        shipped = _load(catalogue.folder())
        asked = sorted({(each.provider or "", each.event_id or 0) for rule in shipped for each in _selectors(rule)})
        _scans(
            log,
            {
                "one plain rule that selects their events": _load(
                    _write_plain(place / "same.yml", asked, "selection and never")
                ),
                f"the catalogue ({len(shipped)} rules)": shipped,
            },
            options.repeat,
        )
    print(f"\nload {_busy()}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=128, help="of the log, in MiB")
    parser.add_argument("--rules", type=int, default=5000, help="how many rules to load")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--corpus", type=Path, default=corpus_folder())
    parser.add_argument("--quick", action="store_true", help="a log of 8 MiB, 500 rules, one run")
    options = parser.parse_args()
    if options.quick:
        options.megabytes, options.rules, options.repeat = 8, 500, 1
    if min(options.megabytes, options.rules, options.repeat) < 1:
        parser.error("--megabytes, --rules and --repeat are at least 1")
    return options


def _busy() -> str:
    return "unknown" if not hasattr(os, "getloadavg") else f"{os.getloadavg()[0]:.1f}"


def _load(path: Path) -> tuple[Rule, ...]:
    return load_rules([path], fact_known=is_known).rules


def _selectors(rule: Rule) -> frozenset[Selector]:
    return rule.query().selectors or frozenset()


def _write(folder: Path, events: Sequence[tuple[str, int]], condition: str = "selection and stopped") -> Path:
    """Write a rule for each event, a hundred to a folder."""
    for number, (provider, event_id) in enumerate(events):
        place = folder / f"area{number // 100:03}"
        place.mkdir(parents=True, exist_ok=True)
        text = RULE.format(
            number=number,
            id=UUID(int=number, version=4),
            article=100_000 + number,
            provider=provider,
            event_id=event_id,
            filler=FILLER,
            condition=condition,
        )
        (place / f"rule-{number:05}.yml").write_text(text, encoding="utf-8")
    return folder


def _write_plain(path: Path, events: Sequence[tuple[str, int]], condition: str) -> Path:
    lines = (f"        - {{Provider_Name: '{provider}', EventID: {event_id}}}" for provider, event_id in events)
    path.write_text(PLAIN.format(selections="\n".join(lines), condition=condition), encoding="utf-8")
    return path


def _spread(events: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """As many events as there are rules: several rules for one event, where the log has fewer kinds."""
    return [events[number % len(events)] for number in range(KNOWN_ISSUES)]


def _commonest(paths: Sequence[Path], most: int) -> list[tuple[str, int]]:
    counts = Counter(
        (event.provider, event.event_id) for path in paths for event in read_log(Source(path, path.name), EVERYTHING)
    )
    return [event for event, _ in counts.most_common(most)]


def _loading(folder: Path, cache: Path, repeat: int) -> tuple[Rule, ...]:
    begun = time.perf_counter()
    compiled = load_through_cache([folder], fact_known=is_known, folder=cache)
    cold = time.perf_counter() - begun
    times = []
    for _ in range(repeat + 1):
        begun = time.perf_counter()
        rules = load_through_cache([folder], fact_known=is_known, folder=cache).rules
        times.append(time.perf_counter() - begun)
    assert len(rules) == len(compiled.rules), "the cache has lost rules"
    size = sum(file.stat().st_size for file in cache.iterdir())
    print(f"Loading {len(rules):,} rules: compiled {cold:.2f} s, from cache {min(times):.3f} s ({size / 1e6:.1f} MB)")
    return rules


def _scans(log: Path, sets: Mapping[str, Sequence[Rule]], repeat: int) -> None:
    """Time a scan with each set of rules, and compare it with that of the first."""
    best = dict.fromkeys(sets, float("inf"))
    found = dict.fromkeys(sets, 0)
    for _ in range(repeat):
        for title, rules in sets.items():
            seconds, found[title] = _timed(lambda rules=rules: _matches(log, rules))  # type: ignore[misc]
            best[title] = min(best[title], seconds)
    first = next(iter(best.values()))
    for title, seconds in best.items():
        print(f"  {seconds:7.2f} s {100 * (seconds / first - 1):+6.1f} %  {title}, {found[title]} matches")


def _matches(log: Path, rules: Sequence[Rule]) -> int:
    return len(scan([Source(log, log.name)], rules, ScanOptions()).matches)


def _timed(work: Callable[[], int]) -> tuple[float, int]:
    begun = time.process_time()
    result = work()
    return time.process_time() - begun, result


if __name__ == "__main__":
    main()
