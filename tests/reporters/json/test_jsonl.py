import io
import json
from functools import partial

from sample_reports import FORMULA, SURROGATE, finding

from evtscan.base.model.finding import Verdict
from evtscan.report.comparison import only_new
from evtscan.report.model import HostReport, Report
from evtscan.reporters.digest.summary import feed, rules_by_id
from evtscan.reporters.json.jsonl import LiveLines, sink
from evtscan.reporters.tables.columns import FINDINGS


class Pipe(io.BytesIO):
    """Counts how often what was written is passed on."""

    flushes = 0

    def flush(self) -> None:
        self.flushes += 1
        super().flush()


def lines(stream: io.BytesIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_object_a_finding_with_the_columns_of_the_table(full: Report) -> None:
    stream = Pipe()
    feed(full, [sink(full, stream)])
    rows = lines(stream)
    assert [list(row) for row in rows] == [list(FINDINGS.columns)] * 11
    by_id = {row["FindingID"]: row for row in rows}
    row = by_id["NT4-0f6a7c52-0001-confirmed"]
    assert (row["Count"], row["EventID"], row["RecordIDs"]) == (14, [1008], list(range(101, 115)))
    assert (row["Verdict"], row["Article"], row["Remedy"]) == (
        "confirmed",
        "Q162396",
        ["Install Service Pack 3 or later.", "Re-apply the pack if RAS was added after it."],
    )
    assert by_id["NT4-0f6a7c52-0002-possible"]["Entity"] == FORMULA  # as it is: no spreadsheet reads this
    assert stream.flushes == 5  # each host's findings go out by themselves


def test_lone_surrogates_become_escapes() -> None:
    host = HostReport(host=SURROGATE, findings=(finding(Verdict.CONFIRMED),))
    stream = io.BytesIO()
    feed(Report(hosts=(host,)), [sink(Report(hosts=()), stream)])
    assert lines(stream)[0]["Host"] == r"half\ud83d"


def test_live_lines_come_in_the_order_of_the_run_and_each_once(full: Report) -> None:
    stream = Pipe()
    live = LiveLines(full, stream, lambda host: host)
    by_name = {host.host: host for host in full.hosts}
    live.show(by_name["lone"])
    assert [row["Host"] for row in lines(stream)] == ["lone"]
    live.show(by_name["NT4"])
    assert stream.flushes == 2
    feed(full, [live])
    hosts = list(dict.fromkeys(str(row["Host"]) for row in lines(stream)))
    assert hosts[:2] == ["lone", "NT4"]
    assert len(lines(stream)) == 11


def test_live_lines_show_a_host_as_it_is_reported(full: Report) -> None:
    stream = io.BytesIO()
    live = LiveLines(full, stream, partial(only_new, rules=rules_by_id(full)))
    live.show(next(host for host in full.hosts if host.host == "fixed"))
    assert [row["Status"] for row in lines(stream)] == ["new"]
