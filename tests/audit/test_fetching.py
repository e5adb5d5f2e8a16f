"""Hosts at an address: planned from a listing, fetched while they are judged."""

import errno

import msgspec
import pytest
from archives_of_hosts import archive
from evidence_files import DHCP, NT4_SP2, OTHER, evt

from evtscan.audit.fetching import _mark, fetched, is_address, plan_remote
from evtscan.audit.hosts import scan_plan
from evtscan.audit.plan import HostsFrom, plan
from evtscan.base.errors import UsageError

fsspec = pytest.importorskip("fsspec", reason="needs the extra dask")

FILES = {
    "ALPHA/SysEvent.Evt": evt(DHCP, computer="ALPHA"),
    "ALPHA/facts.yaml": NT4_SP2.encode(),
    "beta/deep/System.evt": evt(OTHER, computer="BETA"),
    "DELTA.zip": archive(System__evt=evt(DHCP, computer="DELTA")),
    "loose.evt": evt(DHCP, computer="NTBOX"),
}


@pytest.fixture
def address():
    """The address of a fleet in the memory of this process."""
    system = fsspec.filesystem("memory")
    for name, content in FILES.items():
        system.pipe(f"/fleet/{name}", content)
    yield "memory://fleet"
    system.rm("/fleet", recursive=True)


def test_what_is_an_address():
    places = ("s3://bucket/hosts", "file:///hosts", "memory://x", "hosts", "C:/hosts", r"\\server\hosts", "c://hosts")
    assert [is_address(place) for place in places] == [True, True, True, False, False, False, False]


def test_hosts_at_an_address_are_those_of_the_same_folder(address, tmp_path, work):
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    remote = {item.name: item for item in plan_remote(address)}
    local = {item.name: item for item in plan(tmp_path)}
    assert set(remote) == set(local) == {"ALPHA", "beta", "DELTA", "NTBOX"}
    for name, item in local.items():
        assert [source.name for source in remote[name].sources] == [source.name for source in item.sources]
        assert remote[name].size == item.size
        assert scan_plan(remote[name], work) == scan_plan(item, work)


def test_a_changed_file_is_in_another_state(address):
    before = plan_remote(address)[0].states
    assert plan_remote(address)[0].states == before
    fsspec.filesystem("memory").pipe("/fleet/ALPHA/SysEvent.Evt", evt(DHCP, computer="ALPHA", day=2))
    assert plan_remote(address)[0].states[0] != before[0]


def test_files_keep_their_times_and_are_gone_afterwards(tmp_path):
    (tmp_path / "ALPHA").mkdir()
    log = tmp_path / "ALPHA" / "SysEvent.Evt"
    log.write_bytes(FILES["ALPHA/SysEvent.Evt"])
    (item,) = plan_remote(tmp_path.as_uri())
    with fetched(item) as copy:
        (source,) = copy.sources
        assert source.path != log
        assert source.path.read_bytes() == log.read_bytes()
        assert abs(source.path.stat().st_mtime - log.stat().st_mtime) < 0.001
        assert copy.remote == ""
    assert not source.path.exists()


def test_names_that_no_system_takes_are_no_trouble(address):
    system = fsspec.filesystem("memory")
    for name in ("ALPHA/a:b?.evt", "ALPHA/con", "ALPHA/x y.evt"):
        system.pipe(f"/fleet/{name}", b"x")
    item = next(item for item in plan_remote(address) if item.name == "ALPHA")
    with fetched(item) as copy:
        assert len({source.path for source in copy.sources}) == 5
        assert [source.name for source in copy.sources] == [source.name for source in item.sources]


def test_a_file_that_cannot_be_fetched_is_passed_over(address, monkeypatch, work):
    item = next(item for item in plan_remote(address) if item.name == "ALPHA")
    system = type(fsspec.filesystem("memory"))
    get_file = system.get_file

    def refuses(self, remote, local, **more):
        if remote.endswith(".Evt"):
            raise OSError(errno.EIO, "Input/output error")
        return get_file(self, remote, local, **more)

    monkeypatch.setattr(system, "get_file", refuses)
    (report,) = map(msgspec.json.decode, scan_plan(item, work))
    assert [item["reason"] for item in report["skipped"]] == ["cannot be fetched (Input/output error)"]
    assert [item["kind"] for item in report["warnings"]] == ["unreadable"]
    assert [row["source_file"] for row in report["evidence"]] == ["facts.yaml"]


def test_addresses_that_lead_nowhere(address):
    with pytest.raises(UsageError, match="there is no such folder"):
        plan_remote("memory://nowhere")
    with pytest.raises(UsageError, match="nosuchscheme"):
        plan_remote("nosuchscheme://x")
    with pytest.raises(UsageError, match="--host-from and --depth need a local"):
        plan_remote(address, HostsFrom(by="computer"))


def test_states_come_from_what_a_file_system_tells():
    assert _mark({"mtime": 1.5}) == "1500000000"
    assert _mark({"ETag": "abc"}) == "ETag abc"
    assert _mark({}) == ""
