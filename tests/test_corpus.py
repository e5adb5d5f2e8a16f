"""A scan of every real file: it ends, and visits at least the records that the peers see."""

import lzma
from collections.abc import Iterator
from pathlib import Path

import pyevt
import pytest
from peers import rust_evtx

from evtscan.base.model.query import ReadOptions
from evtscan.detection.load.catalogue import folder
from evtscan.detection.load.loader import load_rules
from evtscan.facts.catalogue.names import is_known
from evtscan.intake.paths import find
from evtscan.scan import ScanOptions, scan

pytestmark = pytest.mark.corpus

RULES = load_rules([folder()], fact_known=is_known).rules
NAMES = [
    *(f"evtx/{name}.evtx" for name in ("dns_log_malformed", "issue_38", "issue_39", "issue_43", "plaso-System")),
    *(f"evtx/{name}.evtx" for name in ("security", "system")),
    "evt/SysEvent.Evt",
    "evt/TestLog.evt",
    "evt/TestLog-dirty.evt",
]


def peers_records(path: Path) -> int:
    """How many records the Rust wheel or libevt find."""
    if path.suffix.lower() == ".evtx":
        return sum(_readable(rust_evtx().PyEvtxParser(str(path)).records()))
    log = pyevt.file()
    log.open(str(path))
    try:
        return int(log.get_number_of_records())
    finally:
        log.close()


def _readable(records: Iterator[object]) -> Iterator[int]:
    """1 for each record, 0 for each that the wheel raises on."""
    while True:
        try:
            next(records)
        except StopIteration:
            return
        except RuntimeError:
            yield 0
        else:
            yield 1


def visited(path: Path, options: ScanOptions) -> int:
    """Records that a scan read, and those that it says it could not."""
    report = scan(find([path]).sources, RULES, options)
    return sum((row.records or 0) + row.lost for row in report.evidence)


def test_every_log_is_scanned_and_no_record_is_missed(corpus):
    paths = sorted([*(corpus / "evtx").glob("*.evtx"), *(corpus / "evt").glob("*")])
    assert {path.relative_to(corpus).as_posix() for path in paths} >= set(NAMES)
    short = {path.name: (visited(path, ScanOptions()), peers_records(path)) for path in paths}
    assert {name: counts for name, counts in short.items() if counts[0] < counts[1]} == {}


@pytest.mark.parametrize("name", NAMES)
def test_the_reference_decoder_visits_as_many(corpus, name):
    path = corpus / name
    slow = ScanOptions(read=ReadOptions(reference=True))
    assert visited(path, slow) >= visited(path, ScanOptions())


def test_hives_are_read_or_declined_with_a_reason(corpus, tmp_path):
    read = {}
    for packed in sorted((corpus / "hives").iterdir()):
        target = tmp_path / packed.name.removesuffix(".xz")
        data = packed.read_bytes()
        target.write_bytes(lzma.decompress(data) if packed.suffix == ".xz" else data)
        report = scan(find([target]).sources, RULES, ScanOptions())
        read[target.name] = bool(report.evidence)
        assert report.evidence or all(item.reason for item in report.skipped), target.name
    assert {name for name, done in read.items() if done} >= {"SYSTEM", "SYSTEM_2", "SYSTEM_B", "SYSTEM_WIN_10_1709"}


def test_every_finding_on_real_logs_has_a_judgement(corpus):
    page = (
        (Path(__file__).parents[1] / "docs" / "catalogue.md")
        .read_text(encoding="utf-8")
        .partition("## On real logs")[2]
    )
    judged = {
        tuple(cell.strip() for cell in line.split("|")[1:5]) for line in page.splitlines() if ".ev" in line.lower()
    }
    titles = {rule.info.id: rule.info.title for rule in RULES}
    found = set()
    for path in sorted((*corpus.glob("evtx/*.evtx"), *corpus.glob("evt/*.?vt"))):
        for item in scan(find([path]).sources, RULES, ScanOptions()).findings:
            events = f"{item.count} of {'; '.join(item.providers)} {'; '.join(map(str, item.event_ids))}"
            found.add((path.name, item.verdict, titles[item.rule_id], events))
    assert found == judged
