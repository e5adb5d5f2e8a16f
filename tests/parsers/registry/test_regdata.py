import pytest

from evtscan.base.model.registry import RegistryData
from evtscan.parsers.registry.regdata import decode_data


@pytest.mark.parametrize(
    ("kind", "raw", "data"),
    [
        (1, "Größe\0".encode("utf-16-le"), "Größe"),
        (1, "no end".encode("utf-16-le"), "no end"),
        (1, "ends\0here".encode("utf-16-le"), "ends"),
        (1, b"a\0b", "a"),
        (2, b"", ""),
        (3, b"\x01", b"\x01"),
        (4, b"\x00\x02\x00\x00", 0x200),
        (4, b"\x00\x02", b"\x00\x02"),
        (4, b"", b""),
        (5, b"\x00\x00\x02\x00", 0x200),
        (7, "a\0b\0\0".encode("utf-16-le"), ("a", "b")),
        (7, "a\0\0b\0\0".encode("utf-16-le"), ("a", "", "b")),
        (7, "a".encode("utf-16-le"), ("a",)),
        (7, b"\0\0", ()),
        (7, b"", ()),
        (11, b"\x01" + bytes(7), 1),
        (11, b"\x01", b"\x01"),
        (0, b"\x01\x00\x00\x00", b"\x01\x00\x00\x00"),
        (0xFFFF0012, b"xx", b"xx"),
    ],
)
def test_data_of_each_type(kind: int, raw: bytes, data: RegistryData) -> None:
    decoded = decode_data(kind, raw)
    assert (decoded, type(decoded)) == (data, type(data))


def test_strings_of_a_code_page() -> None:
    assert decode_data(2, "Größe\0".encode("cp850"), "cp850") == "Größe"
    assert decode_data(7, b"Tcpip\0NetBT\0\0", "cp1252") == ("Tcpip", "NetBT")


def test_half_a_surrogate_pair_can_be_written_out_again() -> None:
    assert decode_data(1, b"\x00\xd8a\x00") == "\ufffda"
