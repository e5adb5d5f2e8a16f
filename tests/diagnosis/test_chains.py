"""Which findings follow from which: planted chains in logs, and the roots of chains."""

import pytest
from sample_writer.event import SampleEvent
from sample_writer.evtx import evtx_log

from evtscan.detection.load.loader import load_rules
from evtscan.diagnosis.chains import LATE as TOLERANCE
from evtscan.diagnosis.chains import follows, roots
from evtscan.intake.paths import find
from evtscan.scan import ScanOptions, scan

RULE = """title: {title}
id: 5e0f1f5a-7d5c-4a3b-9a41-0d1f8a1c{number:04}
status: stable
logsource: {{product: windows, service: system}}
detection:
    selection: {{Provider_Name: Test, EventID: {number}}}
    condition: selection
level: medium
known_issue:
    kind: failure
    when: {{os.version: '10.0'}}
    {chain}
    cause: x
    remedy: [Do it.]
"""

DISK, NTFS, VSS, LATE = (
    RULE.format(title="Disk fails", number=1, chain="report_exposed: false"),
    RULE.format(title="NTFS is corrupt", number=2, chain="consequence_of: [Disk fails]"),
    RULE.format(title="Shadow copies lost", number=3, chain="consequence_of: [{rule: NTFS is corrupt, within: 1h}]"),
    RULE.format(title="Something else", number=4, chain="consequence_of: [no such rule, Disk fails]"),
)


@pytest.fixture
def chained(tmp_path):
    def scanned(*events):
        for number, text in enumerate((DISK, NTFS, VSS, LATE)):
            (tmp_path / f"{number}.yml").write_text(text)
        loaded = load_rules(sorted(tmp_path.glob("*.yml")), fact_known=lambda name: True)
        assert not loaded.refused
        host = tmp_path / "host"
        host.mkdir()
        written = [
            SampleEvent(provider="Test", event_id=number, level=2, time=f"2020-03-{time}:00Z", computer="PC")
            for number, time in events
        ]
        (host / "System.evtx").write_bytes(evtx_log(written))
        report = scan(find([host]).sources, loaded.rules, ScanOptions())
        names = {item.finding_id: item.event_ids[0] for item in report.findings}
        return {item.event_ids[0]: [names[cause] for cause in item.consequence_of] for item in report.findings}

    return scanned


def test_a_chain_of_three_has_one_root(chained):
    found = chained((1, "01T08:00"), (2, "01T09:00"), (3, "01T09:30"))
    assert found == {1: [], 2: [1], 3: [2]}


def test_a_cause_after_its_consequence_or_too_long_before_is_none(chained):
    found = chained((2, "01T08:00"), (4, "01T08:01"), (1, "01T08:10"), (3, "01T09:30"))
    assert found == {1: [], 2: [], 3: [], 4: []}


def test_a_cause_that_is_logged_some_minutes_late_counts(chained):
    assert chained((2, "01T08:00"), (1, "01T08:04"))[2] == [1]


def test_half_of_the_matches_suffice_and_less_does_not(chained):
    before = ((2, "01T01:00"), (2, "01T02:00"))
    assert chained(*before, (1, "02T08:00"), (2, "02T09:00"), (2, "02T10:00"))[2] == [1]


def test_a_problem_that_was_there_long_before_is_no_consequence(chained):
    before = ((2, "01T01:00"), (2, "01T02:00"), (2, "01T03:00"))
    assert chained(*before, (1, "02T08:00"), (2, "02T09:00"), (2, "02T10:00"))[2] == []


def test_roots_of_chains_and_circles():
    chain = {"c": ("b",), "b": ("a",), "d": ("b", "e")}
    assert roots(chain, "c") == ("a",)
    assert roots(chain, "a") == ("a",)
    assert set(roots(chain, "d")) == {"a", "e"}
    assert roots({"a": ("b",), "b": ("a",)}, "a") == ("a",)


@pytest.mark.parametrize(
    ("times", "does"),
    [
        ([TOLERANCE * 2, TOLERANCE * 100], True),  # half of them
        ([TOLERANCE * 2, TOLERANCE * 100, TOLERANCE * 101], False),
        ([TOLERANCE * 10], True),  # the end of the span
        ([TOLERANCE * 10 + 1], False),
        ([-TOLERANCE], True),  # a cause that is logged late
        ([-TOLERANCE - 1], False),
    ],
)
def test_half_of_the_matches_come_within_the_span_after_a_cause(times, does):
    assert follows(times, [0], TOLERANCE * 10) is does
