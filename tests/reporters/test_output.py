import gc
import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from evtscan.base.errors import OutputError, UsageError
from evtscan.report.model import HostReport, Report
from evtscan.reporters import REPORTERS, output
from evtscan.reporters.json.report import JsonSink, dump
from evtscan.reporters.output import check_outputs, plan_outputs, write_outputs
from evtscan.reporters.tables.columns import TABLES

SET = [
    "events.csv",
    "evidence.csv",
    "factors.csv",
    "findings.csv",
    "hosts.csv",
    "report.html",
    "report.json",
    "rules.csv",
    "unexplained.csv",
    "warnings.csv",
]

not_root = pytest.mark.skipif(getattr(os, "geteuid", lambda: 1)() == 0, reason="no permission is refused to root")


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def planned(*targets: str, format_name: str | None = None) -> list[tuple[str | None, str, str | None]]:
    outputs = plan_outputs(targets, format_name)
    return [(one.path and one.path.as_posix(), one.reporter.name, one.content) for one in outputs]


def write(report: Report, *targets: str, format_name: str | None = None, clobber: bool = False) -> bytes:
    stdout = io.BytesIO()
    write_outputs(report, plan_outputs(targets, format_name), clobber=clobber, stdout=stdout)
    return stdout.getvalue()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("target", "format_name", "expected"),
    [
        ("a.csv", None, ("a.csv", "csv", None)),
        ("deep/A.JSON", None, ("deep/A.JSON", "json", None)),
        ("a.txt", None, ("a.txt", "console", None)),
        ("a.csv", "json", ("a.csv", "json", None)),
        ("a", "csv", ("a", "csv", None)),
        ("-", None, (None, "console", None)),
        ("-", "csv", (None, "csv", None)),
    ],
)
def test_the_suffix_picks_the_format_and_t_beats_it(
    target: str, format_name: str | None, expected: tuple[str | None, str, str | None]
) -> None:
    assert planned(target, format_name=format_name) == [expected]


def test_a_folder_gets_the_full_set(tmp_path: Path) -> None:
    (tmp_path / "there.csv").mkdir()
    for target in ("new/", "new", "there.csv"):
        paths = sorted(path or "" for path, _, _ in planned(target))
        assert paths == [f"{target.rstrip('/')}/{name}" for name in SET]


def test_a_folder_gets_all_files_of_the_format_that_is_asked_for() -> None:
    assert planned("new/", format_name="json") == [("new/report.json", "json", "report")]
    assert len(planned("new/", format_name="csv")) == len(TABLES)


@pytest.mark.parametrize(
    ("targets", "format_name", "message"),
    [
        (["a.xml"], None, "a.xml: "),
        ([""], None, "-o"),
        (["a.csv"], "xml", "xml: "),
        (["a.csv", "./a.csv"], None, "a.csv: "),
        (["-", "-"], None, "-: "),
        (["new/", "new/hosts.csv"], None, "hosts.csv: "),
    ],
)
def test_a_request_that_makes_no_sense(targets: list[str], format_name: str | None, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        plan_outputs(targets, format_name)
    assert message in str(caught.value)


def test_the_full_set_is_written_into_folders_that_are_made(full: Report, tmp_path: Path) -> None:
    assert write(full, "deep/er/", "one.json") == b""
    assert names(tmp_path / "deep" / "er") == SET
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "deep/er/report.json").read_bytes() == dump(full)
    assert (tmp_path / "deep/er/findings.csv").read_bytes().startswith(b"Host,Computer,Verdict,")
    assert (tmp_path / "deep/er/rules.csv").read_bytes().startswith(b"RuleID,Article,")


def test_standard_output_gets_bytes(full: Report, tmp_path: Path) -> None:
    assert write(full, "-", format_name="json") == dump(full)
    assert write(full, "-").startswith(b"5 hosts: ")
    assert names(tmp_path) == []


def test_check_creates_nothing(tmp_path: Path) -> None:
    check_outputs(plan_outputs(["new/", "deep/a.csv", "-"]), clobber=False)
    assert names(tmp_path) == []


def test_an_existing_file_is_refused_with_the_way_out(full: Report, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("mine")
    with pytest.raises(OutputError, match=r"^a\.csv: exists already; replace it with -C"):
        check_outputs(plan_outputs(["a.csv"]), clobber=False)
    with pytest.raises(OutputError, match=r"^a\.csv: exists already"):
        write(full, "a.csv", "b.csv")
    assert names(tmp_path) == ["a.csv"]
    assert (tmp_path / "a.csv").read_text() == "mine"


def test_clobber_replaces_the_files_of_the_set_and_no_others(full: Report, tmp_path: Path) -> None:
    write(full, "out/")
    (tmp_path / "out/notes.txt").write_text("mine")
    (tmp_path / "out/hosts.csv").write_text("old")
    with pytest.raises(OutputError, match=r"findings\.csv \(and 9 more\): exists already"):
        check_outputs(plan_outputs(["out/"]), clobber=False)
    check_outputs(plan_outputs(["out"]), clobber=True)
    write(full, "out", clobber=True)
    assert names(tmp_path / "out") == sorted([*SET, "notes.txt"])
    assert (tmp_path / "out/hosts.csv").read_bytes().startswith(b"Host,")
    assert (tmp_path / "out/notes.txt").read_text() == "mine"


def test_a_folder_in_the_place_of_a_file_is_refused_even_with_clobber(tmp_path: Path) -> None:
    (tmp_path / "out/hosts.csv").mkdir(parents=True)
    with pytest.raises(OutputError, match=r"hosts\.csv: exists and is not a file"):
        check_outputs(plan_outputs(["out/"]), clobber=True)


def test_a_file_in_the_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for target in ("file/", "file/deep/a.csv"):
        with pytest.raises(OutputError, match="cannot be written, for file is not a folder"):
            check_outputs(plan_outputs([target]), clobber=True)


def test_a_folder_that_cannot_be_made_is_an_output_error(full: Report, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match=r"a\.json: cannot be written"):
        write(full, "file/deep/a.json")
    assert names(tmp_path) == ["file"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
def test_a_device_is_never_replaced(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"null: exists and is not a file"):
        check_outputs(plan_outputs([os.devnull], "csv"), clobber=True)


def test_a_name_that_the_system_refuses_is_an_output_error(full: Report, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"x\.csv: cannot be written"):
        write(full, "x" * 300 + ".csv")
    assert names(tmp_path) == []


@not_root
def test_a_folder_without_permission_is_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    with pytest.raises(OutputError, match="no permission"):
        check_outputs(plan_outputs(["locked/a.csv"]), clobber=True)


def test_what_fails_on_the_way_leaves_the_old_files_and_nothing_else(
    full: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(full, "out/")
    old = {name: (tmp_path / "out" / name).read_bytes() for name in SET}

    def full_disk(self: JsonSink) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(JsonSink, "close", full_disk)
    with pytest.raises(OutputError, match=r"report\.json: cannot be written \(No space left on device\)"):
        write(Report(hosts=()), "out/", clobber=True)
    assert {name: (tmp_path / "out" / name).read_bytes() for name in names(tmp_path / "out")} == old


def test_no_format_leaves_anything_behind_when_another_fails(
    full: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(self: JsonSink, summary: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(JsonSink, "add", full_disk)
    outputs = [plan_outputs([f"{row.name}{row.suffix}"], row.name)[0] for row in REPORTERS]
    with pytest.raises(OutputError, match=r"json\.json: cannot be written"):
        write_outputs(full, outputs, clobber=False, stdout=io.BytesIO())
    gc.collect()  # what still had a file open would say so
    assert names(tmp_path) == []


def test_a_file_that_appears_meanwhile_is_not_replaced(
    full: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs = plan_outputs(["a.json"])
    check_outputs(outputs, clobber=False)

    def meanwhile(self: JsonSink) -> None:
        (tmp_path / "a.json").write_text("theirs")

    monkeypatch.setattr(JsonSink, "close", meanwhile)
    with pytest.raises(OutputError, match="exists already"):
        write_outputs(full, outputs, clobber=False, stdout=io.BytesIO())
    assert names(tmp_path) == ["a.json"]
    assert (tmp_path / "a.json").read_text() == "theirs"


class Failing(io.BytesIO):
    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.error = error

    def write(self, data: object) -> int:
        raise self.error


def test_a_standard_output_that_cannot_be_written_is_an_output_error(full: Report) -> None:
    full_disk = Failing(OSError(28, "No space left on device"))
    with pytest.raises(OutputError, match=r"^standard output: cannot be written \(No space left on device\)"):
        write_outputs(full, plan_outputs(["-"], "json"), clobber=False, stdout=full_disk)


def test_a_reader_of_standard_output_that_goes_away_is_no_error_of_an_output(full: Report, tmp_path: Path) -> None:
    closed = Failing(BrokenPipeError(32, "Broken pipe"))
    with pytest.raises(BrokenPipeError):
        write_outputs(full, plan_outputs(["a.json", "-"], "jsonl"), clobber=False, stdout=closed)
    assert names(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
def test_files_get_ordinary_permissions(full: Report, tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        write(full, "a.json")
    finally:
        os.umask(before)
    assert (tmp_path / "a.json").stat().st_mode & 0o777 == 0o644


def test_every_format_can_be_written_to_a_file(report: Report, tmp_path: Path) -> None:
    for row in REPORTERS:
        write(report, f"{row.name}{row.suffix}", format_name=row.name)
    assert names(tmp_path) == sorted(f"{row.name}{row.suffix}" for row in REPORTERS)


def test_suffixes_that_stand_for_a_format_do_so_once(full: Report) -> None:
    by_suffix = [row for row in REPORTERS if row.by_suffix]
    assert [planned(f"x{row.suffix}")[0][1] for row in by_suffix] == [row.name for row in by_suffix]


def test_hosts_are_gone_over_once_for_all_outputs(full: Report) -> None:
    class Hosts(Sequence[HostReport]):
        passes = 0

        def __len__(self) -> int:
            return len(full.hosts)

        def __getitem__(self, place):  # type: ignore[no-untyped-def]
            raise AssertionError("no output asks for a single host")

        def __iter__(self) -> Iterator[HostReport]:
            type(self).passes += 1
            return iter(sorted(full.hosts, key=lambda host: host.host))

    formats = ["csv", "json", "jsonl", "html", "markdown", "parquet", "timesketch"]
    outputs = [output for name in formats for output in plan_outputs([f"{name}/"], name)]
    write_outputs(replace(full, hosts=Hosts()), outputs, clobber=False, stdout=io.BytesIO())
    assert Hosts.passes == 1


def test_what_is_shown_leaves_things_out_of_every_format_but_the_full_one(full: Report, tmp_path: Path) -> None:
    def bare(host: HostReport) -> HostReport:
        return replace(host, findings=())

    outputs = plan_outputs(["out/", "lines.jsonl"])
    write_outputs(full, outputs, clobber=False, stdout=io.BytesIO(), shown=bare)
    assert (tmp_path / "out/report.json").read_bytes() == dump(full)
    assert (tmp_path / "out/findings.csv").read_bytes().count(b"\r\n") == 1
    assert (tmp_path / "lines.jsonl").read_bytes() == b""


def test_a_format_whose_package_is_missing_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evtscan.reporters.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"^-t parquet needs the package pyarrow: .*evtscan\[parquet\]"):
        plan_outputs(["x.parquet"])
    assert len(plan_outputs(["out/"])) == len(SET)
    assert output.STDOUT == "-"
