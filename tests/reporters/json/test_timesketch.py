import io
import json
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_reports import FULL

from evtscan.base.wintypes import format_filetime
from evtscan.report.model import Report
from evtscan.reporters.digest.summary import feed
from evtscan.reporters.json.timesketch import microseconds, sink


def written(report: Report) -> list[dict[str, object]]:
    stream = io.BytesIO()
    feed(report, [sink(report, stream)])
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def with_time(text: str) -> dict[str, object]:
    host = FULL.hosts[0]
    report = replace(FULL, hosts=(replace(host, matches=(replace(host.matches[0], timestamp=text),)),))
    (row,) = written(report)
    return row


def test_a_match_has_what_timesketch_wants_and_our_columns(full: Report) -> None:
    first = written(full)[0]
    assert first["datetime"] == "1998-03-14T09:26:53.000000+00:00"
    assert first["timestamp"] == 889_867_613_000_000
    assert first["timestamp_desc"] == "Event Logged"
    message = str(first["message"])
    assert message.startswith("confirmed: Q162396 DHCP decline fails on an NT 4.0 SP2 client with RAS: Dhcp 1008 one")
    assert "\n" not in message
    assert (first["Host"], first["EventID"], first["Offset"]) == ("NT4", 1008, 48)
    assert "Timestamp" not in first
    assert "Entity" not in first  # nothing stands in it


def test_the_digits_of_the_second_stay() -> None:
    row = with_time("2024-02-29T23:59:59.9999999Z")
    assert row["datetime"] == "2024-02-29T23:59:59.999999+00:00"
    assert row["timestamp"] == 1_709_251_199_999_999


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "TIME UNKNOWN (no time was logged; not in UTC): confirmed: Q162396"),
        ("1998-03-14T09:26:53", "TIME UNKNOWN (logged as 1998-03-14T09:26:53; not in UTC): "),
        ("0xffffffffffffffff", "TIME UNKNOWN (logged as 0xffffffffffffffff; not in UTC): "),
        ("1601-01-01T00:00:00Z", "TIME UNKNOWN (logged as 1601-01-01T00:00:00Z; not in UTC): "),
        ("9999-12-31T00:00:00Z", "TIME UNKNOWN (logged as 9999-12-31T00:00:00Z; not in UTC): "),
    ],
)
def test_what_has_no_time_in_utc_stands_apart_and_says_so(text: str, said: str) -> None:
    row = with_time(text)
    assert str(row["message"]).startswith(said)
    assert row["timestamp_desc"] == "Time Unknown"
    assert (row["datetime"], row["timestamp"]) == ("1970-01-01T00:00:00.000000+00:00", 0)


def test_every_match_is_there(full: Report) -> None:
    assert len(written(full)) == sum(len(host.matches) for host in full.hosts) == 2


@settings(deadline=None, max_examples=60)
@given(st.integers(24_500_000_000_000_000, 208_000_000_000_000_000))
def test_times_agree_with_python(ticks: int) -> None:
    text = format_filetime(ticks)
    found = microseconds(text)
    assert found is not None
    expected = datetime.fromisoformat(text[:26] + "+00:00")
    assert found == (expected - datetime.fromisoformat("1970-01-01T00:00:00+00:00")) // (datetime.resolution)
