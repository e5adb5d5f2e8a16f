from dataclasses import replace

import pytest

from evtscan.base.model.source import EvidenceRow, ExtractionWarning, Location, SkippedFile
from evtscan.report.model import HostReport, Report
from evtscan.reporters.digest.files import damaged_files
from evtscan.reporters.digest.summary import feed
from evtscan.reporters.text.ledger import Ledger


def ledger(report: Report, *, detailed: bool = True) -> list[str]:
    made = Ledger(report)
    feed(report, [made])
    return made.lines(detailed=detailed)


def test_a_short_ledger_has_one_line_for_each_subject(full: Report) -> None:
    lines = ledger(full, detailed=False)
    assert [line.split()[0] for line in lines] == [
        "files",
        "skipped",
        "damaged",
        "records",
        "warnings",
        "rules",
        "refused",
    ]
    kinds = {warning.kind for host in full.hosts for warning in host.warnings}
    assert all(kind in lines[4] for kind in kinds)


def test_the_ledger_of_several_hosts(full: Report) -> None:
    assert ledger(full) == [
        "files     7 seen, 4 read, 3 skipped",
        r"skipped   2 not evidence: =cmd|'/C calc'!A0 half\ud83d/agpj.\u202eexe.txt, NT4/notes.txt",
        r"          1 cannot be read (Permission denied): =cmd|'/C calc'!A0 half\ud83d/System.evtx",
        "damaged   NT4/SysEvent.Evt: 1,200 records read, 3 lost",
        "records   1,210 read, 3 lost",
        r"warnings  NT4/SysEvent.Evt, record 7, offset 0x1000: one two three four\x00five\x1b[2J\x9b31m",
        "          NT4/SOFTWARE.reg: Two packs.",
        "rules     4 loaded, 1 refused",
        r"refused   rules/bad.yml:3:detection: no condition one two three four\x00five\x1b[2J\x9b31m",
    ]


def test_names_of_a_single_host_stand_alone(one_host: Report) -> None:
    assert "skipped   1 not evidence: notes.txt" in ledger(one_host)


def test_an_empty_ledger(empty: Report) -> None:
    assert ledger(empty) == [
        "files     0 seen, 0 read, 0 skipped",
        "records   0 read, 0 lost",
        "rules     0 loaded, 0 refused",
    ]


def test_thousands_of_skipped_files_are_one_line() -> None:
    skipped = tuple(SkippedFile(source_file=f"f{number:04}", reason="not evidence") for number in range(4997))
    lines = ledger(Report(hosts=(HostReport(host="h", skipped=skipped),)))
    assert lines[0] == "files     4,997 seen, 0 read, 4,997 skipped"
    assert lines[1] == "skipped   4,997 not evidence: f0000, f0001, f0002, f0003, f0004 and 4,992 more"
    assert len(lines) == 4


def test_long_parts_are_cut_with_the_number_left_out() -> None:
    warnings = tuple(
        ExtractionWarning(location=Location(source=f"{number}.evt"), kind="bad_record", message="x")
        for number in range(30)
    )
    lines = ledger(Report(hosts=(HostReport(host="h", warnings=warnings),)))
    assert len([line for line in lines if line.endswith(".evt: x")]) == 20
    assert "          and 10 more" in lines


def test_what_is_said_of_several_hosts_stands_once_and_names_no_file() -> None:
    warning = ExtractionWarning(location=Location(source=""), kind="host_twice", message="A, B are the same")
    hosts = tuple(HostReport(host=name, warnings=(warning,)) for name in "AB")
    assert [line for line in ledger(Report(hosts=hosts)) if "same" in line] == ["warnings  A, B are the same"]


@pytest.mark.parametrize(
    ("lost", "kind", "source", "records_lost", "damaged"),
    [
        (1, "conflict", "other", 0, True),
        (0, "conflict", "a.evt", 0, False),
        (0, "conflict", "a.evt", 2, True),
        (0, "truncated", "a.evt", 0, True),
        (0, "truncated", "other", 5, False),
    ],
)
def test_what_counts_as_damage(lost: int, kind: str, source: str, records_lost: int, damaged: bool) -> None:
    row = EvidenceRow(source_file="a.evt", size=1, format="evt", lost=lost)
    warning = ExtractionWarning(location=Location(source=source), kind=kind, message="", records_lost=records_lost)
    assert bool(damaged_files(HostReport(host="h", evidence=(row,), warnings=(warning,)))) is damaged


def test_refused_rules_without_a_line_name_their_file(one_host: Report) -> None:
    (rule,) = one_host.refused
    report = replace(one_host, refused=(replace(rule, line=None, key="", message="empty"),))
    assert ledger(report)[-1] == "refused   rules/bad.yml: empty"


def test_a_file_is_skipped_or_damaged_but_not_both() -> None:
    row = EvidenceRow(source_file="report.docx", size=8, format="zip")
    warning = ExtractionWarning(location=Location(source="report.docx"), kind="truncated", message="cut off")
    skipped = SkippedFile(source_file="report.docx", reason="cut off")
    host = HostReport(host="h", evidence=(row,), warnings=(warning,), skipped=(skipped,))
    labels = [line.split()[0] for line in ledger(Report(hosts=(host,)))]
    assert labels == ["files", "skipped", "records", "warnings", "rules"]
