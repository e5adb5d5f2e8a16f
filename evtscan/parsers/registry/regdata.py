"""The data of a registry value → text, number, list or bytes, for hives and exports alike (types: winnt.h, MS-RRP)."""

from evtscan.base.model.registry import RegistryData
from evtscan.base.text import decode_as

REG_SZ, REG_EXPAND_SZ, REG_BINARY, REG_DWORD, REG_DWORD_BIG_ENDIAN = 1, 2, 3, 4, 5
REG_MULTI_SZ, REG_QWORD = 7, 11


def decode_data(kind: int, raw: bytes, encoding: str = "utf-16-le") -> RegistryData:
    """Decode data of registry type ``kind``; return raw bytes if the type is unknown or the length does not fit.

    A string ends at its first NUL, as in Windows; a multi-string loses the empty strings at its end.
    """
    if kind in (REG_SZ, REG_EXPAND_SZ):
        return _text(raw, encoding).partition("\0")[0]
    if kind == REG_MULTI_SZ:
        parts = _text(raw, encoding).rstrip("\0").split("\0")
        return tuple(parts) if parts != [""] else ()
    if kind == REG_DWORD and len(raw) == 4:
        return int.from_bytes(raw, "little")
    if kind == REG_DWORD_BIG_ENDIAN and len(raw) == 4:
        return int.from_bytes(raw, "big")
    if kind == REG_QWORD and len(raw) == 8:
        return int.from_bytes(raw, "little")
    return raw


def _text(raw: bytes, encoding: str) -> str:
    if encoding == "utf-16-le" and len(raw) % 2:
        raw = raw[:-1]  # a stray byte at the end belongs to no character
    return decode_as(raw, encoding).text
