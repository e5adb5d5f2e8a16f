import io
from dataclasses import replace
from datetime import UTC, datetime

import pytest

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

from sample_reports import FORMULA, FULL  # noqa: E402 - only where Parquet can be read

from evtscan.report.model import Report  # noqa: E402
from evtscan.reporters.digest.summary import feed  # noqa: E402
from evtscan.reporters.tables.columns import TABLES, Kind  # noqa: E402
from evtscan.reporters.tables.parquet import OTHER_VALUES, sink  # noqa: E402


def stored(report: Report, name: str) -> io.BytesIO:
    stream = io.BytesIO()
    feed(report, [sink(TABLES[name], report, stream)])
    assert not stream.closed
    stream.seek(0)
    return stream


def rows(report: Report, name: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = parquet.read_table(stored(report, name)).to_pylist()
    return found


@pytest.mark.parametrize("name", TABLES)
def test_columns_are_those_of_the_table_with_types(name: str, report: Report) -> None:
    schema = parquet.read_schema(stored(report, name))
    types = {
        Kind.TEXT: pyarrow.string(),
        Kind.INTEGER: pyarrow.int64(),
        Kind.BOOLEAN: pyarrow.bool_(),
        Kind.TIME: pyarrow.timestamp("ns", tz="UTC"),
    }
    expected = {column: types[kind] for column, kind in TABLES[name].kinds.items()}
    assert dict(zip(schema.names, schema.types, strict=True)) == {**expected, OTHER_VALUES: pyarrow.string()}
    assert len(rows(report, name)) == len(TABLES[name].table(report).rows)


def test_values(full: Report) -> None:
    row = next(row for row in rows(full, "findings") if row["FindingID"] == "NT4-0f6a7c52-0001-confirmed")
    assert row["FirstSeen"] == datetime(1998, 3, 14, 9, 26, 53, tzinfo=UTC)
    assert (row["Count"], row["EventID"], row["CoverageTo"]) == (
        14,
        "1008",
        datetime(1998, 3, 15, 10, tzinfo=UTC),
    )
    assert row[OTHER_VALUES] is None
    possible = next(row for row in rows(full, "findings") if row["FindingID"] == "NT4-0f6a7c52-0002-possible")
    assert (possible["Entity"], possible["FirstSeen"], possible[OTHER_VALUES]) == (FORMULA, None, None)
    evidence = next(row for row in rows(full, "evidence") if row["SourceFile"] == "SysEvent.Evt")
    assert (evidence["Dirty"], evidence["Filtered"], evidence["Records"]) == (True, False, 1200)


def test_what_a_column_cannot_hold_is_told_at_the_end() -> None:
    host = FULL.hosts[0]
    row = replace(host.matches[0], timestamp="1998-03-14T09:26:53", record_id=1 << 63, offset=(1 << 63) - 1)
    (made,) = rows(replace(FULL, hosts=(replace(host, matches=(row,)),)), "events")
    assert (made["Timestamp"], made["RecordID"], made["Offset"]) == (None, None, (1 << 63) - 1)
    assert made[OTHER_VALUES] == "Timestamp=1998-03-14T09:26:53; RecordID=9223372036854775808"


def test_the_seventh_digit_of_a_second_stays() -> None:
    host = FULL.hosts[0]
    row = replace(host.matches[0], timestamp="2024-02-29T23:59:59.1234567Z")
    table = parquet.read_table(stored(replace(FULL, hosts=(replace(host, matches=(row,)),)), "events"))
    assert table["Timestamp"].cast(pyarrow.int64()).to_pylist() == [1_709_251_199_123_456_700]


def test_rows_are_written_in_groups(full: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evtscan.reporters.tables.parquet.ROWS_IN_GROUP", 4)
    stream = stored(full, "findings")
    metadata = parquet.read_metadata(stream)
    assert [metadata.row_group(place).num_rows for place in range(metadata.num_row_groups)] == [4, 4, 3]
