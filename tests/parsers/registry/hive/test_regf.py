import lzma
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from regipy import RegistryHive
from regipy.plugins.system.computer_name import ComputerNamePlugin
from regipy.plugins.system.timezone_data import TimezoneDataPlugin
from regipy.recovery import apply_transaction_logs
from sample_writer.regf import Data, Tree, Typed, header_checksum, write_hive

from evtscan.base.errors import EvidenceError
from evtscan.base.model.registry import RegistryData
from evtscan.base.model.source import Source
from evtscan.base.wintypes import Instant
from evtscan.parsers.registry import hive as regf
from evtscan.parsers.registry.hive import Hive, read_registry
from evtscan.parsers.registry.hive.replay import marvin32, replay

SERVICES = r"SYSTEM\CurrentControlSet\Services"
CURRENT_VERSION = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
WRITTEN = 125_000_000_000_000_001

RASARP: Tree = {
    "": "the default",
    "Type": 1,
    "Start": 2,
    "DisplayName": "Remote Access ARP Service",
    "ImagePath": Typed(2, "\\SystemRoot\\rasarp.sys\0".encode("utf-16-le")),
    "DependOnService": ("Tcpip", "NetBT"),
    "Größe": b"\x01\x02\x03\x04\x05",
    "Big": Typed(11, bytes([1, 0, 0, 0, 0, 0, 0, 128])),
    "Endian": Typed(5, bytes([0, 0, 1, 0])),
    "Short": Typed(4, b"\x07\x00"),
    "Empty": Typed(1, b""),
    "Ы": Typed(0, b"raw"),
}
READ: dict[str, RegistryData] = {
    "": "the default",
    "type": 1,
    "start": 2,
    "displayname": "Remote Access ARP Service",
    "imagepath": "\\SystemRoot\\rasarp.sys",
    "dependonservice": ("Tcpip", "NetBT"),
    "größe": b"\x01\x02\x03\x04\x05",
    "big": 0x8000000000000001,
    "endian": 256,
    "short": b"\x07\x00",
    "empty": "",
    "ы": b"raw",
}
SYSTEM: Tree = {
    "Select": {"Current": 2, "Default": 1},
    "ControlSet001": {"Services": {"Dhcp": {"Start": 4}}},
    "ControlSet002": {"Control": {}, "Services": {"RasArp": {**RASARP, "Enum": {}}, "Dhcp": {"Start": 2}}},
}
SOFTWARE: Tree = {
    "Microsoft": {"Windows NT": {"CurrentVersion": {"CurrentVersion": "4.0", "CSDVersion": "Service Pack 2"}}}
}


def opened(folder: Path, raw: bytes, name: str = "SYSTEM") -> Hive:
    path = folder / name
    path.write_bytes(raw)
    return read_registry(Source(path, f"HOST/{name}"))


def values(hive: Hive, path: str) -> dict[str, RegistryData]:
    key = hive.key(path)
    assert key is not None
    return {name: value.data for name, value in key.values.items()}


def resealed(raw: bytes | bytearray) -> bytes:
    """The hive with a header checksum that fits again."""
    return bytes(raw[:508]) + struct.pack("<I", header_checksum(bytes(raw[:512]))) + bytes(raw[512:])


# ---------------------------------------------------------------------------------------------- reading


def test_values_of_a_hand_made_hive(tmp_path: Path) -> None:
    hive = opened(tmp_path, write_hive(SYSTEM, written=WRITTEN))
    key = hive.key(SERVICES.upper() + r"\rasarp")

    assert key is not None
    assert values(hive, key.path) == READ
    assert (key.subkeys, key.whole, key.last_written) == (("Enum",), True, Instant(WRITTEN))
    assert (hive.format, hive.source, hive.taken, hive.warnings) == ("regf", "HOST/SYSTEM", Instant(WRITTEN), [])
    assert key.location.key == r"SYSTEM\ControlSet002\Services\RasArp"
    assert key.location.offset is not None
    assert (tmp_path / "SYSTEM").read_bytes()[key.location.offset + 4 :][:2] == b"nk"
    start = key.values["start"]
    assert (start.name, start.location.key) == ("Start", r"SYSTEM\ControlSet002\Services\RasArp\Start")


def test_select_names_the_control_set(tmp_path: Path) -> None:
    hive = opened(tmp_path, write_hive(SYSTEM))
    assert values(hive, SERVICES + r"\Dhcp") == {"start": 2}
    assert values(hive, r"SYSTEM\ControlSet001\Services\Dhcp") == {"start": 4}
    assert values(hive, r"SYSTEM\Select") == {"current": 2, "default": 1}


def test_a_hive_holds_all_of_its_keys_and_no_others(tmp_path: Path) -> None:
    hive = opened(tmp_path, write_hive(SYSTEM))
    assert hive.key(SERVICES + r"\RemoteAccess") is None
    assert hive.covers(SERVICES + r"\RemoteAccess\Parameters")
    assert hive.covers(SERVICES)
    assert not hive.covers(CURRENT_VERSION)
    assert hive.key(CURRENT_VERSION) is None


def test_keys_that_windows_keeps_in_memory_are_not_known_to_be_absent(tmp_path: Path) -> None:
    hive = opened(tmp_path, write_hive(SYSTEM))
    assert hive.covers(r"SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName")
    assert not hive.covers(r"SYSTEM\CurrentControlSet\Control\ComputerName\ActiveComputerName")


def test_software_is_told_by_its_values(tmp_path: Path) -> None:
    hive = opened(tmp_path, write_hive(SOFTWARE), "anything")
    assert values(hive, CURRENT_VERSION) == {"currentversion": "4.0", "csdversion": "Service Pack 2"}
    assert hive.covers(CURRENT_VERSION + r"\Hotfix\Q147222")
    assert not hive.covers(SERVICES)


@pytest.mark.parametrize("tree", [{}, {"Microsoft": {"Windows NT": {"CurrentVersion": {"Windows": {}}}}}, {"SAM": {}}])
def test_another_hive_is_declined(tmp_path: Path, tree: Tree) -> None:
    with pytest.raises(EvidenceError, match=r"^HOST/SAM: a registry hive, but neither SYSTEM nor SOFTWARE"):
        opened(tmp_path, write_hive(tree), "SAM")


def test_the_only_control_set_is_the_current_one(tmp_path: Path) -> None:
    hive = opened(tmp_path, write_hive({"ControlSet003": {"Services": {}}}))
    assert hive.covers(SERVICES)
    assert hive.warnings == []


def test_several_control_sets_without_select_are_unknown(tmp_path: Path) -> None:
    hive = opened(tmp_path, write_hive({"ControlSet001": {}, "ControlSet002": {}}))
    assert (hive.key(SERVICES), hive.covers(SERVICES)) == (None, False)
    assert [warning.kind for warning in hive.warnings] == ["unknown_control_set"]


def test_a_selected_control_set_that_is_not_there_is_unknown(tmp_path: Path) -> None:
    hive = opened(tmp_path, write_hive({"Select": {"Current": 5}, "ControlSet001": {"Services": {}}}))
    assert (hive.key(SERVICES), hive.covers(SERVICES)) == (None, False)


def test_a_hive_without_a_time_has_none(tmp_path: Path) -> None:
    hive = opened(tmp_path, write_hive(SYSTEM, written=0))
    key = hive.key(SERVICES)
    assert hive.taken is None
    assert key is not None
    assert key.last_written is None


@pytest.mark.parametrize("header", [0, WRITTEN - 5, WRITTEN + 9])
def test_a_hive_is_as_new_as_its_header_and_its_newest_key(tmp_path: Path, header: int) -> None:
    raw = bytearray(write_hive(SYSTEM, written=WRITTEN))
    struct.pack_into("<Q", raw, 12, header)
    struct.pack_into("<Q", raw, raw.index(b"RasArp") - 72, WRITTEN + 7)
    assert opened(tmp_path, resealed(raw)).taken == Instant(max(header, WRITTEN + 7))


def test_the_root_key_stands_where_the_header_says(tmp_path: Path) -> None:
    raw = bytearray(write_hive(SYSTEM))
    old = struct.unpack_from("<I", raw, 36)[0]
    size = -struct.unpack_from("<i", raw, 4096 + old)[0]
    node = bytes(raw[4096 + old : 4096 + old + size])
    struct.pack_into("<I", raw, 36, len(raw) - 4096 + 32)
    struct.pack_into("<I", raw, 40, len(raw))
    raw[4096 + old + 4 + 20 : 4096 + old + 4 + 24] = bytes(4)  # a root key as it was: with no keys below it
    hive = opened(tmp_path, resealed(raw) + b"hbin" + bytes(28) + node.ljust(4064, b"\0"))

    assert values(hive, SERVICES + r"\RasArp") == READ
    assert next(iter(RegistryHive(tmp_path / "SYSTEM").root.iter_subkeys()), None) is None


def test_lists_of_lists_and_plain_lists(tmp_path: Path) -> None:
    raw = bytearray(
        write_hive({"Select": {"Current": 1}, "ControlSet001": {"Services": {f"S{i}": {"Start": i} for i in range(9)}}})
    )
    place = raw.index(b"lf\x09\x00")
    offsets = [struct.unpack_from("<I", raw, place + 4 + 8 * i)[0] for i in range(9)]
    end = len(raw) - 4096
    first = struct.pack("<i2sH4I", -24, b"li", 4, *offsets[:4])
    second = struct.pack("<i2sH", -48, b"lh", 5) + b"".join(struct.pack("<2I", offset, 0) for offset in offsets[4:])
    raw[place : place + 12] = struct.pack("<2sH2I", b"ri", 2, end + 32, end + 32 + len(first))
    struct.pack_into("<I", raw, 40, end + 4096)
    hive = opened(tmp_path, resealed(raw) + b"hbin" + bytes(28) + (first + second.ljust(48, b"\0")).ljust(4064, b"\0"))

    services = hive.key(SERVICES)
    assert services is not None
    assert (services.subkeys, services.whole) == (tuple(f"S{i}" for i in range(9)), True)
    assert values(hive, SERVICES + r"\S8") == {"start": 8}


def test_long_values_are_put_together_from_version_1_4_on(tmp_path: Path) -> None:
    data = bytes(range(256)) * 100
    raw = bytearray(write_hive({"Select": {"Current": 1, "Long": data}}, minor=5))
    value = raw.index(b"vk\x04\x00" + struct.pack("<I", len(data)))
    cell = struct.unpack_from("<I", raw, value + 8)[0]
    end = len(raw) - 4096 + 32
    parts = [data[:16_344], data[16_344:]]
    cells = [struct.pack("<i", -len(part) - 8) + part + bytes(4) for part in parts]
    table = struct.pack("<i3I", -16, end, end + len(cells[0]), 0)
    block = struct.pack("<2sHI", b"db", 2, end + sum(map(len, cells)))
    raw[4096 + cell + 4 : 4096 + cell + 4 + len(data)] = block.ljust(len(data), b"\0")
    extra = b"".join(cells) + table
    struct.pack_into("<I", raw, 40, end + len(extra))
    whole = resealed(raw) + b"hbin" + bytes(28) + extra

    assert values(opened(tmp_path, whole), r"SYSTEM\Select")["long"] == data


def test_versions(tmp_path: Path) -> None:
    for minor in (2, 3, 4, 5, 6):
        assert values(opened(tmp_path, write_hive(SYSTEM, minor=minor)), SERVICES + r"\Dhcp") == {"start": 2}
    with pytest.raises(EvidenceError, match=r"NT 3\.1 or 3\.5 \(regf 1\.1\).*REGEDT32"):
        opened(tmp_path, write_hive(SYSTEM, minor=1))
    with pytest.raises(EvidenceError, match=r"regf 1\.7 is not a version that can be read"):
        opened(tmp_path, write_hive(SYSTEM, minor=7))


def test_peers_read_what_the_writer_writes(tmp_path: Path) -> None:
    opened(tmp_path, write_hive(SYSTEM, written=WRITTEN, file_name="SYSTEM"))
    regipy = RegistryHive(tmp_path / "SYSTEM")
    rasarp = regipy.get_key(r"\ControlSet002\Services\RasArp")
    assert rasarp.get_value("DisplayName") == "Remote Access ARP Service"
    assert rasarp.get_value("Start") == 2
    assert regipy.hive_type == "system"
    assert [key.name for key in regipy.get_key(r"\ControlSet002\Services").iter_subkeys()] == ["Dhcp", "RasArp"]


def test_libregf_reads_what_the_writer_writes(tmp_path: Path) -> None:
    pyregf = pytest.importorskip("pyregf")
    opened(tmp_path, write_hive(SYSTEM, written=WRITTEN))
    libregf = pyregf.file()
    libregf.open(str(tmp_path / "SYSTEM"))
    key = libregf.get_key_by_path(r"\ControlSet002\Services\RasArp")
    found = {(value.name or "").lower(): value.type for value in key.values}
    assert not libregf.is_corrupted()
    assert key.last_written_time.year == 1997
    assert found.keys() == READ.keys()
    assert found["dependonservice"] == 7
    libregf.close()


# ------------------------------------------------------------------------------------------- dirty hives

BEFORE = write_hive(SYSTEM, minor=5, sequence=(8, 7), written=WRITTEN)
AFTER = write_hive({**SYSTEM, "Select": {"Current": 1, "Default": 1}}, minor=5, written=WRITTEN)


def log_head(kind: int, sequence: int, bins: int, written: int = WRITTEN + 5) -> bytes:
    head = bytearray(write_hive({}, minor=5, sequence=(sequence, sequence), written=written)[:512])
    struct.pack_into("<I", head, 28, kind)
    struct.pack_into("<I", head, 40, bins)
    return resealed(head)


def hvle_entry(sequence: int, pages: dict[int, bytes], bins: int) -> bytes:
    content = b"".join(struct.pack("<2I", offset, len(page)) for offset, page in pages.items()) + b"".join(
        pages.values()
    )
    size = -(-(40 + len(content)) // 512) * 512
    body = content.ljust(size - 40, b"\0")
    head = struct.pack("<4s5IQ", b"HvLE", size, 0, sequence, bins, len(pages), marvin32(body))
    return head + struct.pack("<Q", marvin32(head)) + body


def changed_pages(before: bytes, after: bytes) -> dict[int, bytes]:
    return {
        offset - 4096: after[offset : offset + 512]
        for offset in range(4096, len(after), 512)
        if before[offset : offset + 512] != after[offset : offset + 512]
    }


PAGES = changed_pages(BEFORE, AFTER)
BINS = len(AFTER) - 4096


def test_a_dirty_hive_without_logs_is_read_as_it_stands(tmp_path: Path) -> None:
    hive = opened(tmp_path, BEFORE)
    assert values(hive, SERVICES + r"\Dhcp") == {"start": 2}
    assert [warning.kind for warning in hive.warnings] == ["dirty_hive"]
    assert "sequence numbers 8 and 7" in hive.warnings[0].message
    assert hive.taken == Instant(WRITTEN)


def test_a_wrong_header_checksum_makes_a_hive_dirty_and_its_time_void(tmp_path: Path) -> None:
    raw = bytearray(write_hive(SYSTEM, written=WRITTEN))
    struct.pack_into("<Q", raw, 12, WRITTEN + 100)
    hive = opened(tmp_path, bytes(raw))
    assert ([warning.kind for warning in hive.warnings], hive.taken) == (["dirty_hive"], Instant(WRITTEN))
    assert "checksum" in hive.warnings[0].message


def test_new_logs_are_replayed_in_the_order_of_their_entries(tmp_path: Path) -> None:
    later = log_head(6, 9, BINS) + hvle_entry(9, PAGES, BINS)
    earlier = log_head(6, 8, BINS) + hvle_entry(8, dict.fromkeys(PAGES, b"\xaa" * 512), BINS)
    stale = hvle_entry(3, dict.fromkeys(PAGES, b"\xbb" * 512), BINS)
    (tmp_path / "SYSTEM.LOG1").write_bytes(later + stale)
    (tmp_path / "system.log2").write_bytes(earlier)

    hive = opened(tmp_path, BEFORE)
    assert values(hive, SERVICES + r"\Dhcp") == {"start": 4}
    assert (hive.replayed, hive.warnings, hive.taken) == (2, [], Instant(WRITTEN + 5))
    assert (tmp_path / "SYSTEM").read_bytes() == BEFORE


def test_a_torn_log_entry_is_not_applied(tmp_path: Path) -> None:
    log = bytearray(log_head(6, 8, BINS) + hvle_entry(8, PAGES, BINS))
    log[-1] ^= 1
    (tmp_path / "SYSTEM.LOG1").write_bytes(log)
    hive = opened(tmp_path, BEFORE)
    assert values(hive, SERVICES + r"\Dhcp") == {"start": 2}
    assert [warning.kind for warning in hive.warnings] == ["dirty_hive"]


def test_log_entries_older_than_the_hive_are_not_applied() -> None:
    assert replay(BEFORE, [log_head(6, 6, BINS) + hvle_entry(6, PAGES, BINS)], 1 << 20) is None


def test_log_entries_behind_a_gap_are_left_and_reported(tmp_path: Path) -> None:
    (tmp_path / "SYSTEM.LOG1").write_bytes(log_head(6, 8, BINS) + hvle_entry(8, {}, BINS))
    (tmp_path / "SYSTEM.LOG2").write_bytes(log_head(6, 10, BINS) + hvle_entry(10, PAGES, BINS))
    hive = opened(tmp_path, BEFORE)
    assert values(hive, SERVICES + r"\Dhcp") == {"start": 2}
    assert (hive.replayed, [warning.kind for warning in hive.warnings]) == (1, ["dirty_hive"])


def test_a_log_entry_cannot_make_the_hive_larger_than_the_limit() -> None:
    huge = log_head(6, 8, BINS) + hvle_entry(8, {0xFFFF0000: b"x" * 512}, 0xFFFFF000)
    assert replay(BEFORE, [huge], 1 << 20) is None
    outside = replay(BEFORE, [log_head(6, 8, BINS) + hvle_entry(8, {0xFFFF0000: b"x" * 512}, BINS)], 1 << 20)
    assert outside is not None
    assert bytes(outside.hive) == BEFORE


def test_an_old_log_is_replayed(tmp_path: Path) -> None:
    bitmap = bytearray(BINS // 4096)
    for offset in PAGES:
        bitmap[offset // 4096] |= 1 << (offset // 512 % 8)
    head = log_head(1, 8, BINS) + (b"DIRT" + bytes(bitmap)).ljust(512, b"\0")
    (tmp_path / "SYSTEM.LOG").write_bytes(head + b"".join(PAGES.values()))
    hive = opened(tmp_path, BEFORE)
    assert values(hive, SERVICES + r"\Dhcp") == {"start": 4}
    assert (hive.replayed, hive.warnings) == (1, [])


def test_a_log_that_cannot_be_used_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regf, "MAX_LOG_SIZE", 100)
    (tmp_path / "SYSTEM.LOG1").write_bytes(bytes(101))
    hive = opened(tmp_path, BEFORE)
    assert [warning.kind for warning in hive.warnings] == ["dirty_hive", "dirty_hive"]
    assert "SYSTEM.LOG1: larger than" in hive.warnings[1].message


@pytest.mark.parametrize("kind", [1, 2, 6])
def test_a_log_by_itself_is_declined(tmp_path: Path, kind: int) -> None:
    with pytest.raises(EvidenceError, match="a hive's log, which is read together with its hive"):
        opened(tmp_path, log_head(kind, 8, BINS) + b"HvLE" + bytes(508), "SYSTEM.LOG1")


# ---------------------------------------------------------------------------------------------- damage


def damaged(folder: Path, place: int, new: bytes) -> Hive:
    raw = bytearray(write_hive(SYSTEM))
    raw[place : place + len(new)] = new
    return opened(folder, bytes(raw))


def test_an_unreadable_value_costs_that_value_and_coverage_of_its_key(tmp_path: Path) -> None:
    raw = write_hive(SYSTEM)
    place = raw.index(b"Type", raw.index(b"RasArp")) - 20
    hive = damaged(tmp_path, place, b"xx")
    key = hive.key(SERVICES + r"\RasArp")
    assert key is not None
    assert values(hive, key.path) == {name: data for name, data in READ.items() if name != "type"}
    assert not key.whole
    assert not hive.covers(key.path)
    assert hive.covers(SERVICES + r"\Dhcp")
    assert [(warning.kind, warning.location.offset) for warning in hive.warnings] == [("bad_cell", place - 4)]


def test_an_unreadable_key_makes_absence_beside_it_unknown(tmp_path: Path) -> None:
    raw = write_hive(SYSTEM)
    hive = damaged(tmp_path, raw.index(b"RasArp") - 76, b"xx")
    assert hive.key(SERVICES + r"\RasArp") is None
    assert not hive.covers(SERVICES + r"\RasArp")
    assert not hive.covers(SERVICES + r"\RemoteAccess")
    assert hive.covers(SERVICES + r"\Dhcp")
    assert hive.covers(r"SYSTEM\CurrentControlSet\Control\Windows")
    assert [warning.kind for warning in hive.warnings] == ["bad_cell"]


def test_a_cycle_ends(tmp_path: Path) -> None:
    raw = bytearray(write_hive(SYSTEM))
    root = struct.unpack_from("<I", raw, 36)[0]
    leaf = raw.index(b"lf\x02\x00" + struct.pack("<I", raw.index(b"Dhcp", raw.index(b"ControlSet002")) - 80 - 4096))
    struct.pack_into("<I", raw, leaf + 4, root)
    hive = opened(tmp_path, bytes(raw))
    deep = hive.key(SERVICES + r"\$$$PROTO.HIV\ControlSet002\Services" * 50)
    assert deep is not None
    assert deep.subkeys == ("$$$PROTO.HIV", "RasArp")


@pytest.mark.parametrize("raw", [b"regf", b"regf" + bytes(508), BEFORE[:600], BEFORE[:4096], BEFORE[:4200]])
def test_a_stub_is_refused(tmp_path: Path, raw: bytes) -> None:
    with pytest.raises(EvidenceError, match=r"^HOST/SYSTEM: "):
        opened(tmp_path, raw)


def test_a_cut_hive_says_so(tmp_path: Path) -> None:
    raw = bytearray(write_hive(SYSTEM))
    struct.pack_into("<I", raw, 40, len(raw))
    hive = opened(tmp_path, resealed(raw))
    assert [(warning.kind, warning.location.offset) for warning in hive.warnings] == [("truncated", len(raw))]
    assert "4096 bytes are missing" in hive.warnings[0].message
    assert values(hive, SERVICES + r"\RasArp") == READ


def test_a_hive_cut_before_the_list_of_its_keys_is_called_damaged(tmp_path: Path) -> None:
    raw = write_hive({"ControlSet001": {"Services": {f"S{i:03}": {"Start": 2} for i in range(99)}}})
    with pytest.raises(EvidenceError, match=r"damaged, so that nothing tells which hive it is.*lies outside the file"):
        opened(tmp_path, raw[: 4096 + 8000])


def test_sizes_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regf, "MAX_SIZE", 4096)
    with pytest.raises(EvidenceError, match="larger than 0 MiB; export the keys"):
        opened(tmp_path, BEFORE)


def test_a_huge_count_of_keys_is_a_warning(tmp_path: Path) -> None:
    raw = bytearray(write_hive(SYSTEM))
    struct.pack_into("<I", raw, 4096 + struct.unpack_from("<I", raw, 36)[0] + 4 + 20, 0xFFFFFFFF)
    hive = opened(tmp_path, bytes(raw))
    assert values(hive, SERVICES + r"\Dhcp") == {"start": 2}
    assert not hive.covers(r"SYSTEM\Setup")
    assert "lists 3 of 4294967295 keys" in hive.warnings[0].message


# ----------------------------------------------------------------------------------------- properties

key_names = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\\", exclude_categories=["Cs"]), min_size=1, max_size=6
)
one_value: st.SearchStrategy[Data] = (
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6)
    | st.integers(0, 2**32 - 1)
    | st.binary(max_size=9)
    | st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=3), max_size=3).map(
        tuple
    )
)
trees: st.SearchStrategy[Tree] = st.recursive(
    st.dictionaries(key_names, one_value, max_size=4),
    lambda below: st.dictionaries(key_names, one_value | below, max_size=4),
    max_leaves=8,
)


def keys_of(tree: Tree, path: str) -> Iterator[tuple[str, dict[str, Data], list[str]]]:
    below = {name: part for name, part in tree.items() if isinstance(part, dict)}
    yield path, {name: part for name, part in tree.items() if not isinstance(part, dict)}, list(below)
    for name, part in below.items():
        yield from keys_of(part, f"{path}\\{name}")


def without_twins(tree: Tree) -> Tree:
    """Names that differ in case only are one name to Windows; keep the first."""
    kept: dict[str, Data | Tree] = {}
    for name, part in tree.items():
        if name.lower() not in {known.lower() for known in kept}:
            kept[name] = without_twins(part) if isinstance(part, dict) else part
    return kept


@settings(deadline=None, max_examples=60)
@given(tree=trees)
def test_what_is_written_is_read_back(tree: Tree, tmp_path_factory: pytest.TempPathFactory) -> None:
    tree = without_twins(tree)
    hive = opened(tmp_path_factory.mktemp("hive"), write_hive({"Select": {"Current": 1}, "ControlSet001": tree}))
    for path, content, below in keys_of(tree, r"SYSTEM\CurrentControlSet"):
        key = hive.key(path)
        assert key is not None
        assert {name: value.data for name, value in key.values.items()} == {
            name.lower(): data for name, data in content.items()
        }
        assert sorted(key.subkeys) == sorted(below)
        assert key.whole
    assert hive.warnings == []


@settings(deadline=None, max_examples=100)
@given(
    changes=st.lists(
        st.tuples(st.integers(0, len(BEFORE) - 1) | st.integers(4096, 5600), st.integers(0, 255)), max_size=8
    ),
    cut=st.just(0) | st.integers(0, len(BEFORE)),
)
def test_damage_gives_warnings_never_an_exception(
    changes: list[tuple[int, int]], cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    raw = bytearray(BEFORE)
    for place, byte in changes:
        raw[place] = byte
    try:
        hive = opened(tmp_path_factory.mktemp("hive"), bytes(raw[: len(raw) - cut]))
    except EvidenceError as error:
        assert str(error).startswith("HOST/SYSTEM: ")  # noqa: PT017 - one of two outcomes that are both right
        return
    for path in (SERVICES, SERVICES + r"\RasArp", SERVICES + r"\RasArp\Enum", r"SYSTEM\Select"):
        key = hive.key(path)
        assert key is None or key.whole == hive.covers(path)


# ------------------------------------------------------------------------------------------ real hives


def unpacked(corpus: Path, folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).write_bytes(lzma.decompress((corpus / "hives" / f"{name}.xz").read_bytes()))
    return folder / names[0]


@pytest.mark.parametrize(
    ("name", "computer", "csd", "bias", "services", "taken"),
    [
        ("SYSTEM", "WKS-WIN732BITA", 256, 300, 467, "2012-04-07T13:05:14.5115038Z"),
        ("SYSTEM_2", "SENSEI", 0, 480, 469, "2015-12-12T03:30:15.8209331Z"),
        ("SYSTEM_WIN_10_1709", "DESKTOP-2KGM189", 0, 480, 737, "2020-04-24T05:15:51.5936152Z"),
    ],
)
def test_real_hives(
    corpus: Path, tmp_path: Path, name: str, computer: str, csd: int, bias: int, services: int, taken: str
) -> None:
    path = unpacked(corpus, tmp_path, name)
    hive = read_registry(Source(path, name))
    control = r"SYSTEM\CurrentControlSet\Control"
    assert values(hive, rf"{control}\ComputerName\ComputerName")["computername"] == computer
    assert values(hive, rf"{control}\Windows")["csdversion"] == csd
    assert values(hive, rf"{control}\ProductOptions")["producttype"] == "WinNT"
    assert values(hive, rf"{control}\TimeZoneInformation")["bias"] == bias
    key = hive.key(SERVICES)
    assert key is not None
    assert (len(key.subkeys), key.whole) == (services, True)
    peer = RegistryHive(path)
    regipy = peer.get_key(r"\ControlSet001\Services")
    assert key.subkeys == tuple(child.name for child in regipy.iter_subkeys())
    for plugin in (named := ComputerNamePlugin(peer, as_json=True), zone := TimezoneDataPlugin(peer, as_json=True)):
        plugin.run()
    assert named.entries[0]["name"] == computer
    shown = zone.entries[r"\ControlSet001\Control\TimeZoneInformation"]
    theirs = {item["name"].lower(): item["value"] for item in shown if item["value_type"] == "REG_DWORD"}
    ours = values(hive, rf"{control}\TimeZoneInformation")
    assert {name: ours[name] for name in theirs} == theirs
    assert str(hive.taken) == taken
    assert [warning.kind for warning in hive.warnings] == ([] if name == "SYSTEM" else ["dirty_hive"])


@pytest.mark.corpus
@pytest.mark.parametrize("name", ["SYSTEM", "SYSTEM_2", "SYSTEM_WIN_10_1709"])
def test_services_of_real_hives_against_libregf(corpus: Path, tmp_path: Path, name: str) -> None:
    pyregf = pytest.importorskip("pyregf")
    path = unpacked(corpus, tmp_path, name)
    hive = read_registry(Source(path, name))
    libregf = pyregf.file()
    libregf.open(str(path))
    for service in libregf.get_key_by_path(r"\ControlSet001\Services").sub_keys:
        key = hive.key(f"{SERVICES}\\{service.name}")
        assert key is not None
        assert key.subkeys == tuple(child.name for child in service.sub_keys)
        theirs = {(value.name or "").lower(): value for value in service.values}
        assert key.values.keys() == theirs.keys()
        for value_name in {"start", "type", "errorcontrol"} & theirs.keys():
            assert key.values[value_name].data == theirs[value_name].data_as_integer
    libregf.close()


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # regipy leaves the files open
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_real_logs_are_replayed_as_by_regipy(corpus: Path, tmp_path: Path) -> None:
    path = unpacked(corpus, tmp_path, "SYSTEM_B", "SYSTEM_B.LOG1", "SYSTEM_B.LOG2")
    logs = [(tmp_path / f"SYSTEM_B.LOG{number}").read_bytes() for number in (1, 2)]
    ours = replay(path.read_bytes(), logs, regf.MAX_SIZE)
    # regipy applies the second log that it is given first; the entries of LOG1 are the older ones here
    apply_transaction_logs(
        str(path), str(tmp_path / "SYSTEM_B.LOG2"), str(tmp_path / "SYSTEM_B.LOG1"), str(tmp_path / "new")
    )

    assert ours is not None
    assert (ours.entries, ours.left) == (24, 0)
    assert bytes(ours.hive[4096:]) == (tmp_path / "new").read_bytes()[4096:]
    hive = read_registry(Source(path, "SYSTEM_B"))
    assert (
        values(hive, r"SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName")["computername"] == "DESKTOP-PM6C56D"
    )
    assert (hive.replayed, hive.warnings, str(hive.taken)[:10]) == (24, [], "2018-04-06")


@pytest.mark.parametrize("name", ["SYSTEM_B.LOG1", "ntuser_software_partial"])
def test_real_files_that_are_declined(corpus: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(EvidenceError, match=r"read together with its hive|neither SYSTEM nor SOFTWARE"):
        read_registry(Source(unpacked(corpus, tmp_path, name), name))


def test_a_damaged_real_hive_gives_what_it_has(corpus: Path, tmp_path: Path) -> None:
    hive = read_registry(Source(unpacked(corpus, tmp_path, "corrupted_system_hive"), "SYSTEM"))
    assert values(hive, r"SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName")["computername"] == "GINEVRA"
    assert values(hive, r"SYSTEM\CurrentControlSet\Control\Windows")["csdversion"] == 0x300
    assert not hive.covers(SERVICES + r"\RasArp")
    assert {warning.kind for warning in hive.warnings} == {"bad_cell"}
