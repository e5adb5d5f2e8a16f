from dataclasses import replace

import pytest
from sample_reports import CONTROLS, SCRIPT

from evtscan.report.model import Report
from evtscan.reporters.tables.columns import TABLES, Cell, cell_text

# These are contracts: scripts of other people rely on the names and their order.
COLUMNS = {
    "findings": "Host, Computer, Verdict, Kind, Level, Activity, Status, Article, RuleTitle, RuleID, Entity, "
    "FirstSeen, LastSeen, Count, Channel, Provider, EventID, RecordIDs, OS, ServicePack, Reason, Basis, MissingFacts, "
    "HowToGet, Cause, Remedy, FixedIn, CoverageFrom, CoverageTo, Complete, SourceFiles, FindingID, "
    "ChangesBefore, ConsequenceOf",
    "events": "Timestamp, Host, Computer, Verdict, Kind, Level, RuleTitle, RuleID, Entity, Channel, Provider, EventID, "
    "EventLevel, RecordID, Details, Basis, SourceFile, Offset, Tags",
    "hosts": "Host, Computer, OtherNames, OS, Version, Build, UBR, ServicePack, UpdateDate, Role, Components, "
    "WorstVerdict, WorstLevel, Confirmed, Possible, Exposed, Resolved, Excluded, FirstEvent, LastEvent, Records, Logs, "
    "Cleared, Gaps, ClockSteps, SnapshotTime, Warnings, Judged, Notes, Errors, ErrorsExplained, WarningsSeen, "
    "WarningsExplained",
    "evidence": "Host, SourceFile, Size, SHA256, Format, Computer, FirstTime, LastTime, Records, Lost, Dirty, Wrapped, "
    "Cleared, Filtered, ClockSteps, TimeZone, Note",
    "warnings": "Host, SourceFile, Offset, Kind, Message, RecordsLost",
    "rules": "RuleID, Article, RuleTitle, Kind, Level, RuleStatus, Cause, Remedy, Workaround, FixedIn, References, "
    "Tags",
    "unexplained": "Host, Computer, Channel, Provider, EventID, Level, Count, FirstSeen, LastSeen, New, Hosts, "
    "Example, SourceFile, RecordID",
    "factors": "Article, RuleTitle, RuleID, Fact, Value, AffectedWith, Affected, OthersWith, Others, PValue, Hosts",
}


def _rows(report: Report, name: str) -> list[dict[str, Cell]]:
    table = TABLES[name].table(report)
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_are_the_contract(name: str, report: Report) -> None:
    table = TABLES[name].table(report)
    assert table.name == name
    assert ", ".join(table.columns) == COLUMNS[name]
    assert all(len(row) == len(table.columns) for row in table.rows)


def test_there_are_no_other_tables() -> None:
    assert list(TABLES) == list(COLUMNS)


def test_an_empty_report_has_empty_tables(empty: Report) -> None:
    assert [form.table(empty).rows for form in TABLES.values()] == [()] * len(COLUMNS)


def test_a_finding_joins_its_rule_and_its_lists(full: Report) -> None:
    row = next(row for row in _rows(full, "findings") if row["RuleID"] == "0f6a7c52-0001" and row["Host"] == "NT4")
    assert row == {
        "Host": "NT4",
        "Computer": "NT4",
        "Verdict": "confirmed",
        "Kind": "defect",
        "Level": "medium",
        "Activity": "active",
        "Status": "new",
        "Article": "Q162396",
        "RuleTitle": "DHCP decline fails on an NT 4.0 SP2 client with RAS",
        "RuleID": "0f6a7c52-0001",
        "Entity": "",
        "FirstSeen": "1998-03-14T09:26:53Z",
        "LastSeen": "1998-03-15T10:00:00Z",
        "Count": 14,
        "Channel": "System",
        "Provider": "Dhcp",
        "EventID": "1008",
        "RecordIDs": "101; 102; 103; 104; 105; 106; 107; 108; 109; 110; …; 114",
        "OS": "Windows NT 4.0",
        "ServicePack": "2",
        "Reason": "Service Pack 2 with RAS: the DHCP client could not decline a duplicate address.",
        "Basis": "stated",
        "MissingFacts": "",
        "HowToGet": "",
        "Cause": "The decline cannot be sent through the RAS ARP module.",
        "Remedy": "Install Service Pack 3 or later.; Re-apply the pack if RAS was added after it.",
        "FixedIn": "Service Pack 3",
        "CoverageFrom": "1998-01-01T00:00:00Z",
        "CoverageTo": "1998-03-15T10:00:00Z",
        "Complete": "wrapped",
        "SourceFiles": "SysEvent.Evt",
        "FindingID": "NT4-0f6a7c52-0001-confirmed",
        "ChangesBefore": "",
        "ConsequenceOf": "",
    }


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, ""),
        (2, "1; 2"),
        (11, "1; 2; 3; 4; 5; 6; 7; 8; 9; 10; 11"),
        (12, "1; 2; 3; 4; 5; 6; 7; 8; 9; 10; …; 12"),
    ],
)
def test_record_ids_show_the_first_ten_and_the_last(one_host: Report, count: int, shown: str) -> None:
    (host,) = one_host.hosts
    finding = replace(host.findings[0], record_ids=tuple(range(1, count + 1)))
    report = replace(one_host, hosts=(replace(host, findings=(finding,)),))
    assert [row["RecordIDs"] for row in _rows(report, "findings")] == [shown]


def test_a_finding_of_a_rule_that_the_report_does_not_describe_keeps_its_id(full: Report) -> None:
    row = _rows(full, "findings")[-1]
    assert (row["Host"], row["RuleID"], row["RuleTitle"], row["Level"]) == ("lone", "gone", "", "")


def test_events(full: Report) -> None:
    first, second = _rows(full, "events")
    assert first["Timestamp"] == "1998-03-14T09:26:53Z"
    assert (first["Level"], first["EventLevel"], first["EventID"], first["Offset"]) == ("medium", 2, 1008, 48)
    assert first["Details"] == CONTROLS
    assert (second["Verdict"], second["EventLevel"], second["RecordID"], second["Offset"]) == (
        "possible",
        None,
        None,
        None,
    )
    assert second["SourceFile"] == "case.zip!SysEvent.Evt"


def test_hosts(full: Report) -> None:
    by_host = {row["Host"]: row for row in _rows(full, "hosts")}
    assert list(by_host) == sorted(by_host, key=str)
    assert by_host["NT4"] == {
        "Host": "NT4",
        "Computer": "NT4-COMPUTER",
        "OtherNames": "OLD1; OLD2",
        "OS": "Windows NT 4.0",
        "Version": "4.0",
        "Build": "1381",
        "UBR": "",
        "ServicePack": "2",
        "UpdateDate": "",
        "Role": "workstation",
        "Components": "ras; tcpip",
        "WorstVerdict": "confirmed",
        "WorstLevel": "medium",
        "Confirmed": 2,
        "Possible": 1,
        "Exposed": 1,
        "Resolved": 0,
        "Excluded": 0,
        "FirstEvent": "1998-01-01T00:00:00Z",
        "LastEvent": "1998-03-15T10:00:00Z",
        "Records": 1210,
        "Logs": 2,
        "Cleared": 1,
        "Gaps": 2,
        "ClockSteps": 1,
        "SnapshotTime": "1998-03-16T00:00:00Z",
        "Warnings": 2,
        "Judged": 2,
        "Notes": 1,
        "Errors": 12,
        "ErrorsExplained": 9,
        "WarningsSeen": 4,
        "WarningsExplained": 1,
    }
    assert (by_host["lone"]["WorstVerdict"], by_host["lone"]["WorstLevel"]) == ("detected", "")


def test_unexplained(full: Report) -> None:
    (row,) = _rows(full, "unexplained")
    assert (row["Host"], row["Level"], row["Count"], row["New"], row["Hosts"]) == ("NT4", "error", 3, True, 2)
    assert (row["EventID"], row["RecordID"], row["Example"]) == (7023, 1100, f"Data1={SCRIPT}")


def test_evidence(full: Report) -> None:
    rows = _rows(full, "evidence")
    assert [(row["Host"], row["SourceFile"]) for row in rows] == [
        ("NT4", "AppEvent.Evt"),
        ("NT4", "SOFTWARE.reg"),
        ("NT4", "SysEvent.Evt"),
        ("[red]blood[/red]", "System.evtx"),
    ]
    assert (rows[1]["Records"], rows[1]["Note"]) == (None, SCRIPT)
    assert (rows[2]["Lost"], rows[2]["Dirty"], rows[2]["Wrapped"], rows[2]["Cleared"]) == (3, True, True, False)
    assert rows[3]["Records"] == 0


def test_warnings(full: Report) -> None:
    assert [row[1:4] + row[5:] for row in TABLES["warnings"].table(full).rows] == [
        ("SOFTWARE.reg", None, "conflict", 0),
        ("SysEvent.Evt", 4096, "bad_record", 3),
    ]


def test_rules_sort_by_level_and_article(full: Report) -> None:
    rows = _rows(full, "rules")
    assert [row["Article"] for row in rows] == ["Q100001", "Q100002", "Q162396", ""]
    assert (rows[2]["Workaround"], rows[2]["References"]) == ("Remove the duplicate address.", "Q162396; Q224792")
    assert rows[2]["Tags"] == "attack.t1557; attack.credential-access"


@pytest.mark.parametrize(
    ("cell", "text"), [(None, ""), (True, "true"), (False, "false"), (0, "0"), (-1, "-1"), ("a\nb", r"a\nb")]
)
def test_cell_text(cell: Cell, text: str) -> None:
    assert cell_text(cell) == text
