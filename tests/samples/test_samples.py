"""The sample hosts are what ``samples/make.py`` makes, and hold what the manifest says of their files.

If a file differs, run ``python samples/make.py`` and look at what changed.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

import make
import pyevt
import pyevtx
import pytest
import yaml
from sample_hosts.hosts import HOSTS, folder_of

SAMPLES = Path(make.__file__).parent
MANIFEST: dict[str, Any] = yaml.safe_load((SAMPLES / "manifest.yaml").read_text(encoding="utf-8"))
LOGS = [(host, name, log) for host, entry in MANIFEST.items() for name, log in entry["logs"].items()]


def test_files_and_table_are_made_again_byte_for_byte() -> None:
    assert list(make.differences(make.wanted_files())) == []


def test_check_names_what_differs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make, "FOLDER", tmp_path)
    hosts = tmp_path / "hosts"
    hosts.mkdir()
    (hosts / "old.evt").write_bytes(b"old")
    (hosts / "extra.evt").write_bytes(b"extra")
    wanted = {hosts / "old.evt": b"new", hosts / "new.evt": b"new"}
    assert list(make.differences(wanted)) == [
        "hosts/old.evt: different",
        "hosts/new.evt: missing",
        "hosts/extra.evt: not made here",
    ]


def test_check_on_the_command_line() -> None:
    run = subprocess.run(
        [sys.executable, str(SAMPLES / "make.py"), "--check"], cwd=SAMPLES.parent, capture_output=True, text=True
    )
    assert (run.returncode, run.stderr) == (0, "")


def test_manifest_and_folders_name_the_same_hosts() -> None:
    folders = [folder for name in ("hosts", "nt4") for folder in (SAMPLES / name).iterdir()]
    assert list(MANIFEST) == list(HOSTS) == sorted(folder.name for folder in folders)
    assert {folder.name: folder.parent.name for folder in folders} == {name: folder_of(name) for name in HOSTS}


def test_at_least_half_of_the_hosts_run_windows_of_today() -> None:
    names = [name for name in HOSTS if folder_of(name) == "hosts"]
    assert sum(any(file.endswith(".evtx") for file in HOSTS[name]()) for name in names) * 2 >= len(names)


def test_every_verdict_is_shown() -> None:
    verdicts = {finding["verdict"] for entry in MANIFEST.values() for finding in entry["findings"]}
    assert verdicts == {"confirmed", "possible", "exposed", "resolved", "excluded"}


def test_samples_stay_small() -> None:
    assert sum(path.stat().st_size for path in (SAMPLES / "hosts").rglob("*") if path.is_file()) < 1_000_000


@pytest.mark.parametrize(("host", "name", "log"), LOGS, ids=[f"{host}/{name}" for host, name, _ in LOGS])
def test_libevt_and_libevtx_count_the_same_records(host: str, name: str, log: dict[str, Any]) -> None:
    is_evtx = name.endswith(".evtx")
    peer = pyevtx.file() if is_evtx else pyevt.file()
    peer.open(str(SAMPLES / folder_of(host) / host / name))
    # libevt calls recovered what follows a wrap or a broken record; what libevtx recovers lay in a broken chunk
    count = peer.number_of_records + (0 if is_evtx else peer.number_of_recovered_records)
    assert count == log["records"]
    peer.close()


def dhcp_1008(path: Path) -> list[int]:
    """Numbers of the records of source Dhcp with event 1008, by libevt and libevtx."""
    is_evtx = path.suffix == ".evtx"
    peer = pyevtx.file() if is_evtx else pyevt.file()
    peer.open(str(path))
    # one record at a time: libevt lets go of the values of a record when it reads another
    found = [number(peer.get_record(index)) for index in range(peer.number_of_records)]
    if not is_evtx:
        found += [number(peer.get_recovered_record(index)) for index in range(peer.number_of_recovered_records)]
    peer.close()
    return [record for record in found if record is not None]


def number(record: Any) -> int | None:
    is_match = record.source_name == "Dhcp" and record.event_identifier & 0xFFFF == 1008
    return record.identifier if is_match else None


@pytest.mark.parametrize(
    "host", [host for host, entry in MANIFEST.items() if any("article" in item for item in entry["findings"])]
)
def test_records_of_the_finding_are_those_of_dhcp_1008(host: str) -> None:
    found = [number for name in MANIFEST[host]["logs"] for number in dhcp_1008(SAMPLES / folder_of(host) / host / name)]
    assert found == MANIFEST[host]["findings"][0]["records"]
