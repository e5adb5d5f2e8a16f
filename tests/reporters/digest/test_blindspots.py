import pytest

from evtscan.base.model.source import EvidenceRow, ExtractionWarning, Location
from evtscan.report.model import HostReport
from evtscan.reporters.digest.blindspots import KINDS, blind_spots


def log(source="System.evtx", channels=("System",), **fields):
    values = {"first_time": "2024-01-01T00:00:00Z", "last_time": "2024-02-01T00:00:00Z", "records": 100} | fields
    return EvidenceRow(source_file=source, size=1, format="evtx", channels=channels, **values)


def warning(kind, source="System.evtx", lost=0):
    return ExtractionWarning(location=Location(source=source), kind=kind, message=f"{kind}!", records_lost=lost)


def spots(*rows, warnings=()):
    found = blind_spots(HostReport(host="h", evidence=rows, warnings=tuple(warnings)))
    return [(spot.kind, spot.source_file, spot.text) for spot in found]


def test_a_host_that_was_seen_has_none():
    assert spots(log(wrapped=True), log("notes.reg", records=None)) == []


def test_a_host_without_logs():
    ((kind, source, _),) = spots(log("SOFTWARE.reg", records=None))
    assert (kind, source) == ("no log", "")


@pytest.mark.parametrize("kind", ["host_failed", "host_timeout"])
def test_a_host_that_was_not_read(kind):
    assert spots(warnings=[warning(kind, "")]) == [("failed", "", f"{kind}!")]


def test_logs_of_which_none_is_the_system_log():
    assert spots(log("a", ("Application",)), log("b", ("Security",))) == [
        ("no System log", "", "only Application, Security")
    ]
    many = [log(f"{number}", (f"C{number}",)) for number in range(7)]
    assert spots(*many)[0] == ("no System log", "", "only C0, C1, C2, C3, C4 …")
    assert spots(log("a", ("Application",)), log("b", ())) == []  # it may be the System log


def test_what_a_log_lacks_gravest_first():
    row = log(cleared=True, filtered=True, holes=2, lost=1500)
    assert spots(row, warnings=[warning("unreadable", "b.evtx")]) == [
        ("unreadable", "b.evtx", "unreadable!"),
        ("damaged", "System.evtx", "1,500 records lost"),
        ("cleared", "System.evtx", "begins 2024-01-01T00:00:00Z"),
        ("filtered", "System.evtx", "100 records"),
        ("holes", "System.evtx", "2 gaps in the record numbers"),
    ]


def test_damage_that_only_a_warning_tells():
    assert spots(log(), warnings=[warning("bad_record")]) == [
        ("damaged", "System.evtx", "see the warnings of the host")
    ]
    assert spots(log(), warnings=[warning("conflict")]) == []
    assert spots(log(lost=1)) == [("damaged", "System.evtx", "1 record lost")]


@pytest.mark.parametrize(
    ("first", "last", "short"),
    [
        ("2024-01-01T00:00:00Z", "2024-01-07T23:59:59Z", True),
        ("2024-01-01T00:00:00Z", "2024-01-08T00:00:00Z", False),
        ("2024-01-01T00:00:00", "2024-01-02T00:00:00", True),
        ("2024-01-01T00:00:00", "2024-01-02T00:00:00Z", False),  # a local time, so nobody knows
        ("2024-01-02T00:00:00Z", "2024-01-01T00:00:00Z", False),  # the clock was set back
        ("", "", False),
        ("0xffffffffffffffff", "2024-01-01T00:00:00Z", False),
        ("0001-01-01T00:00:00+14:00Z", "2024-01-01T00:00:00Z", False),
    ],
)
def test_a_main_log_that_covers_little(first, last, short):
    assert spots(log(first_time=first, last_time=last)) == (
        [("short", "System.evtx", f"{first} to {last}")] if short else []
    )


def test_other_logs_may_be_short():
    short = {"last_time": "2024-01-01T01:00:00Z"}
    assert spots(log(), log("x", ("Setup",), **short)) == []
    assert [kind for kind, *_ in spots(log(), log("x", (), **short))] == ["short"]


def test_every_kind_is_explained():
    for title, text in KINDS.values():
        assert title[0].isupper()
        assert text.endswith(".")
