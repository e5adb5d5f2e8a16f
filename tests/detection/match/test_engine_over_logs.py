"""An engine over the columns of a log finds what it finds in the events, and builds events for candidates only."""

from pathlib import Path

import pytest
from example_rules import load_text, rule_text

from evtscan.base.model.query import EVERYTHING
from evtscan.base.model.source import Source
from evtscan.detection.load import catalogue
from evtscan.detection.load.loader import load_rules
from evtscan.detection.match.engine import Engine
from evtscan.facts.catalogue.names import is_known
from evtscan.parsers.logs.evtx import read_log

SAMPLES = Path(__file__).parents[3] / "samples" / "hosts"

DETECTIONS = [
    "s: {EventID: [4624, 6005, 7036, 1, 11, 13]}\ncondition: s",
    "s: {EventID: [1, 7036], Image|endswith: .exe}\nf: {CommandLine|contains: ' -'}\ncondition: s and not f",
    "s: [ntfs, error]\ncondition: s",
    "s: ['S-1-5-18']\ncondition: s",
    "s: ['2017-', '203']\ncondition: s",
    "s: {Level: 2}\ncondition: s",
    "s: {Data|contains: service}\ncondition: s",
    "s: {Data1: null}\nk: [audit]\ncondition: s and k",
    "s: {Computer|startswith: [w, d]}\ncondition: s",
    "s: {Provider_Name|contains: kernel}\ncondition: s",
    "s: {ParentImage|fieldref: Image}\ncondition: s",
    "s: {NoSuchField|contains: x}\ncondition: s",
    "s: {IntegrityLevel: System, User|re: 'AUTH.*SYSTEM'}\ncondition: s",
]


@pytest.fixture(scope="module")
def rules(tmp_path_factory):
    documents = [
        rule_text(detection, number=number).replace("{product: windows, service: system}", "{product: windows}")
        for number, detection in enumerate(DETECTIONS, 1)
    ]
    loaded = load_text(tmp_path_factory.mktemp("rules"), "\n---\n".join(documents))
    assert loaded.problems == ()
    return loaded.rules


def found_in(matches):
    return [(match.rule.info.id, match.truth, match.event) for match in matches]


def compared(rules, path: Path) -> tuple[int, int]:
    """The numbers of matches, and of records whose event was not built."""
    source, engine = Source(path, path.name), Engine(rules)
    events = list(read_log(source, EVERYTHING))
    expected = found_in(match for event in events for match in Engine(rules).match(event))
    log = read_log(source, EVERYTHING)
    assert found_in(engine.match_log(log)) == expected
    plain = read_log(source, EVERYTHING)
    assert len(list(plain)) == len(events)
    assert log.summary == plain.summary
    assert log.warnings == plain.warnings
    kept = list(read_log(source, EVERYTHING).events_where(engine.rows_that_may_match))
    return len(expected), len(events) - len(kept)


def test_logs_of_the_samples(rules):
    logs = sorted(SAMPLES.rglob("*.evtx"))[:12]
    counts = [compared(rules, path) for path in logs]
    assert sum(matches for matches, _ in counts) > 100


def test_logs_of_the_corpus(corpus, rules):
    catalogued = load_rules([catalogue.folder()], fact_known=is_known).rules
    names = ["rs-sysmon", "rs-post-Security", "system", "security", "rs-Application_no_crc32", "issue_38"]
    counts = [compared(some, corpus / "evtx" / f"{name}.evtx") for name in names for some in (rules, catalogued)]
    assert sum(matches for matches, _ in counts) > 1000
    assert sum(discarded for _, discarded in counts) > 1000


def test_most_events_are_not_built(corpus, rules):
    _, discarded = compared(rules[1:2], corpus / "evtx" / "rs-sysmon.evtx")
    assert discarded > 200


def test_no_rule_discards_everything(corpus):
    path = corpus / "evtx" / "rs-sysmon.evtx"
    log = read_log(Source(path, path.name), EVERYTHING)
    assert list(Engine([]).match_log(log)) == []
    assert log.summary.records > 300
