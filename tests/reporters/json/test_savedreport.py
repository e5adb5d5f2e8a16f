from pathlib import Path

import pytest

from evtscan.base.errors import EvidenceError
from evtscan.report.model import HostReport, Report
from evtscan.reporters.json.report import dump, load
from evtscan.reporters.json.savedreport import SavedHosts, open_report


@pytest.fixture(autouse=True)
def _every_file_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evtscan.reporters.json.savedreport.LARGE", 0)


def saved(data: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "report.json"
    path.write_bytes(data)
    return path


def test_hosts_are_read_one_by_one(full: Report, tmp_path: Path) -> None:
    data = dump(full)
    report = open_report(saved(data, tmp_path))
    assert isinstance(report.hosts, SavedHosts)
    whole = load(data, "x")
    assert (list(report.hosts), report.rules, report.refused) == (list(whole.hosts), whole.rules, whole.refused)
    assert [report.hosts[place] for place in (4, 0, -1)] == [whole.hosts[place] for place in (4, 0, -1)]
    assert report.hosts[1:3] == list(whole.hosts[1:3])
    assert len(report.hosts) == 5
    assert dump(report) == data


def test_hosts_out_of_order_are_put_in_order(tmp_path: Path) -> None:
    data = dump(Report(hosts=(HostReport(host="a"), HostReport(host="b"), HostReport(host="c"))))
    turned = data.replace(b'"host": "a"', b'"host": "z"')
    assert [host.host for host in open_report(saved(turned, tmp_path)).hosts] == ["b", "c", "z"]


@pytest.mark.parametrize("change", [lambda data: data.replace(b"\n", b"\r\n"), lambda data: b"\xef\xbb\xbf" + data])
def test_another_layout_is_read_too(full: Report, tmp_path: Path, change) -> None:  # type: ignore[no-untyped-def]
    data = dump(full)
    assert dump(open_report(saved(change(data), tmp_path))) == data


def test_a_compact_file_and_one_without_hosts_are_read_as_a_whole(full: Report, empty: Report, tmp_path: Path) -> None:
    import msgspec

    compact = msgspec.json.format(dump(full), indent=-1)
    assert isinstance(open_report(saved(compact, tmp_path)).hosts, tuple)
    assert open_report(saved(dump(empty), tmp_path)) == empty
    assert isinstance(open_report(saved(dump(full), tmp_path), whole=True).hosts, tuple)


@pytest.mark.parametrize("data", [bytes(100_000), b'{"EventID": 1008}\n' * 10_000, b"[" * 100_000])
@pytest.mark.parametrize("whole", [False, True])
def test_a_large_file_that_begins_like_no_report_is_not_read(tmp_path: Path, data: bytes, *, whole: bool) -> None:
    with pytest.raises(EvidenceError, match=r"report\.json: not a saved report of evtscan: it does not begin like one"):
        open_report(saved(data, tmp_path), whole=whole)


def test_only_a_regular_file_is_read(tmp_path: Path) -> None:
    for path in (tmp_path, Path("/dev/zero")):
        with pytest.raises(EvidenceError, match="no regular file: give a"):
            open_report(path)


def test_every_truncation_is_refused(one_host: Report, tmp_path: Path) -> None:
    data = dump(one_host).rstrip()
    for end in range(0, len(data), 197):
        with pytest.raises(EvidenceError, match=r"report\.json: "):
            open_report(saved(data[:end], tmp_path))


def test_what_is_wrong_with_a_host_shows_when_it_is_looked_at(full: Report, tmp_path: Path) -> None:
    data = dump(full).replace(b'"verdict": "possible"', b'"verdict": "nonsense"', 1)
    report = open_report(saved(data, tmp_path))
    with pytest.raises(EvidenceError, match=r"report\.json: not a verdict - at `\$\.findings\[0\]\.verdict`"):
        list(report.hosts)


def test_a_later_form_is_refused(full: Report, tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="a report of form 3"):
        open_report(saved(dump(full).replace(b'"schema": 2', b'"schema": 3', 1), tmp_path))


def test_a_file_that_is_gone(full: Report, tmp_path: Path) -> None:
    path = saved(dump(full), tmp_path)
    report = open_report(path)
    path.unlink()
    with pytest.raises(EvidenceError, match=r"report\.json: cannot be read"):
        list(report.hosts)
