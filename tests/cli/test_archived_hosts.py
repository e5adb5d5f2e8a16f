import csv
import hashlib
import zipfile
from pathlib import Path

import pytest

from tests.cli.conftest import AFFECTED


def rows(path: str) -> list[dict[str, str]]:
    with Path(path).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def zip_of(folder: Path, target: Path, inside: str = "") -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, inside + path.name)
    return target


def test_scan_of_an_archive_is_that_of_the_folder(evtscan, affected, tmp_path):
    evtscan("scan", affected, "-o", "folder.csv")
    evtscan("scan", zip_of(affected, tmp_path / "case.zip", "C/WINNT/"), "-o", "archive.csv")
    (folder,), (archive,) = rows("folder.csv"), rows("archive.csv")
    assert archive["SourceFiles"] == "case.zip!C/WINNT/SysEvent.Evt"
    assert {**archive, "SourceFiles": folder["SourceFiles"], "Reason": folder["Reason"]} == folder


def test_in_an_audit_each_archive_is_a_host_named_without_suffix(evtscan, fleet):
    zip_of(fleet / "NTWS07", fleet / "packed.host.zip")
    zip_of(fleet / "NTWS08", fleet / "NTWS07.zip")
    evtscan("audit", fleet, "-o", "out/")
    verdicts = {row["Host"]: row["Verdict"] for row in rows("out/findings.csv")}
    assert verdicts == {
        "NTWS07": "confirmed",
        "NTWS07.zip": "possible",  # a folder has the name without suffix
        "NTWS08": "possible",
        "packed.host": "confirmed",
    }
    files = {row["SourceFile"] for row in rows("out/evidence.csv") if row["Host"] == "packed.host"}
    assert files == {"packed.host.zip!SysEvent.Evt", "packed.host.zip!facts.yaml"}


def test_an_archive_without_evidence_names_the_host_after_itself(evtscan, tmp_path):
    (tmp_path / "facts.yaml").write_text(AFFECTED)
    with zipfile.ZipFile(tmp_path / "NT4.0-lab.zip", "w") as archive:
        archive.write(tmp_path / "facts.yaml", "facts.yaml")
    evtscan("scan", tmp_path / "NT4.0-lab.zip", "-o", "out/")
    assert [row["Host"] for row in rows("out/hosts.csv")] == ["NT4.0-lab"]


def test_dump_of_an_archive(evtscan, affected, tmp_path):
    result = evtscan("dump", zip_of(affected, tmp_path / "case.zip"), "-t", "jsonl")
    assert result.code == 0
    assert (
        result.out.count('"SourceFile": "case.zip!SysEvent.Evt"')
        + result.out.count('"SourceFile":"case.zip!SysEvent.Evt"')
        == 2
    )


def test_what_is_wrong_with_an_archive_is_a_warning(evtscan, affected):
    (affected / "more.zip").write_bytes(b"PK\x03\x04 and nothing else")
    result = evtscan("scan", affected, "-o", "out/")
    assert result.code == 0
    (warning,) = rows("out/warnings.csv")
    assert (warning["SourceFile"], warning["Kind"]) == ("more.zip", "unreadable")
    assert "more.zip" in result.err


@pytest.mark.parametrize(
    "place",
    [
        "C/WINNT/system32/config",  # KAPE and CyLR
        "uploads/auto/C%3A/WINNT/system32/config",  # Velociraptor
        "system32/config",  # a mounted Windows folder
        "WINNT/system32/config",  # the root of a disk image
    ],
)
def test_trees_that_collectors_leave_read_as_they_are(evtscan, affected, tmp_path, place):
    folder = tmp_path / "tree" / place
    folder.mkdir(parents=True)
    for path in list(affected.iterdir()):
        path.rename(folder / path.name)
    evtscan("scan", tmp_path / "tree", "-o", "findings.csv")
    (row,) = rows("findings.csv")
    assert (row["Host"], row["Verdict"], row["SourceFiles"]) == ("NTWS07", "confirmed", f"{place}/SysEvent.Evt")


@pytest.mark.parametrize("command", ["scan", "dump"])
def test_an_archive_that_cannot_be_unpacked_is_damaged_evidence(evtscan, affected, command):
    (affected / "bad.zip").write_bytes(b"PK\x03\x04" + b"x" * 60)
    output = "out/" if command == "scan" else "out.csv"
    assert evtscan(command, affected, "-o", output).code == 0
    assert evtscan(command, affected, "-o", output, "--strict", "-C").code == 3


def test_it_has_a_row_a_warning_and_a_line_of_the_ledger(evtscan, affected):
    (affected / "bad.zip").write_bytes(b"PK\x03\x04" + b"x" * 60)
    ledger = evtscan("scan", affected, "--hash", "-o", "out/").err
    (row,) = (row for row in rows("out/evidence.csv") if row["SourceFile"] == "bad.zip")
    assert (row["Format"], row["Size"], row["Records"], row["Note"]) == ("zip", "64", "", "not unpacked")
    assert row["SHA256"] == hashlib.sha256((affected / row["SourceFile"]).read_bytes()).hexdigest()
    assert [row["Kind"] for row in rows("out/warnings.csv") if row["SourceFile"] == "bad.zip"] == ["unreadable"]
    seen = len(list(affected.iterdir()))
    assert f"files     {seen} seen, {seen - 1} read, 1 skipped" in ledger
    assert "damaged  " not in ledger  # it is skipped, with the reason


@pytest.mark.parametrize("command", ["scan", "facts", "timeline", "dump", "metrics"])
def test_alone_it_is_nothing_that_could_be_read(evtscan, tmp_path, command):
    (tmp_path / "bad.zip").write_bytes(b"PK\x03\x04" + b"x" * 60)
    assert evtscan(command, tmp_path / "bad.zip").code == 1


def test_strict_finds_it_in_an_audit(evtscan, fleet):
    (fleet / "bad.zip").write_bytes(b"PK\x03\x04" + b"x" * 60)
    assert evtscan("audit", fleet, "-o", "out/", "--strict").code == 3
