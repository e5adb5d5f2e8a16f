from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from evtscan.base.errors import UsageError
from evtscan.base.logic import Truth
from evtscan.base.model.finding import Explanation, NodeKind
from evtscan.report.model import Report
from evtscan.reporters.text.zonedtimes import in_zone, text_in_zone, zone_of

BERLIN = zone_of("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "seen 1997-03-01T08:00:00Z, 1997-07-01T08:00:00.5Z",
            "seen 1997-03-01T09:00:00+01:00, 1997-07-01T10:00:00.5+02:00",
        ),
        ("1997-03-01T08:00:00 is local", "1997-03-01T08:00:00 is local"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
        ("2001-02-31T00:00:00Z", "2001-02-31T00:00:00Z"),
    ],
)
def test_times_in_a_text(text: str, shown: str) -> None:
    assert text_in_zone(text, BERLIN) == shown


def test_a_zone_is_an_offset_or_a_name() -> None:
    assert zone_of("-03:30") == timezone(-timedelta(hours=3, minutes=30))
    with pytest.raises(UsageError, match="Europe/Berlin"):
        zone_of("../etc")


def test_a_host_keeps_its_names_and_the_truth_of_its_conditions(one_host: Report) -> None:
    (host,) = one_host.hosts
    deep = Explanation(text="all of", kind=NodeKind.ALL, truth=Truth.TRUE, says="1997-03-01T08:00:00Z")
    for _ in range(2_000):
        deep = Explanation(text="not", kind=NodeKind.NOT, truth=Truth.TRUE, children=(deep,))
    finding = replace(
        host.findings[0], reason="at 1997-03-01T08:00:00Z", entity="1997-03-01T08:00:00Z", explanation=deep
    )
    (shown,) = in_zone(replace(host, findings=(finding,)), BERLIN).findings
    assert (shown.reason, shown.entity) == ("at 1997-03-01T09:00:00+01:00", "1997-03-01T08:00:00Z")
    assert shown.finding_id == finding.finding_id
