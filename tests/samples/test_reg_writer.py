"""The writer of ``.reg`` text, byte for byte as regedit writes it."""

import pytest
from sample_writer.reg import ExpandString, RegKey, regedit4, regedit5

KEY = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\Dhcp"
VALUES = {
    "": "default",
    'Display "Name"': r"C:\WINNT",
    "Start": 2,
    "Raw": bytes([0, 255]),
    "ImagePath": ExpandString("%Root%"),
    "Bound": ("a", "b"),
    "None": (),
}


def test_regedit4_is_ansi() -> None:
    assert regedit4([RegKey(KEY, VALUES), RegKey(KEY + r"\Sub", {"Ä": "ß"})]) == (
        "REGEDIT4\r\n\r\n"
        "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Dhcp]\r\n"
        '@="default"\r\n'
        '"Display \\"Name\\""="C:\\\\WINNT"\r\n'
        '"Start"=dword:00000002\r\n'
        '"Raw"=hex:00,ff\r\n'
        '"ImagePath"=hex(2):25,52,6f,6f,74,25,00\r\n'
        '"Bound"=hex(7):61,00,62,00,00\r\n'
        '"None"=hex(7):00\r\n'
        "\r\n"
        "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Dhcp\\Sub]\r\n"
        '"Ä"="ß"\r\n'
        "\r\n"
    ).encode("cp1252")


def test_version_5_is_utf16() -> None:
    assert regedit5([RegKey(KEY, {"Bound": ("a", "b"), "Ж": "ß"})]) == (
        "\ufeffWindows Registry Editor Version 5.00\r\n\r\n"
        "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Dhcp]\r\n"
        '"Bound"=hex(7):61,00,00,00,62,00,00,00,00,00\r\n'
        '"Ж"="ß"\r\n'
        "\r\n"
    ).encode("utf-16-le")


def test_long_lines_of_bytes_are_continued() -> None:
    lines = regedit4([RegKey(KEY, {"Raw": bytes(range(60))})]).decode().split("\r\n")[3:-2]
    assert lines[0].startswith('"Raw"=hex:00,01,02')
    assert all(line.endswith(",\\") and len(line) <= 80 for line in lines[:-1])
    assert all(line.startswith("  ") for line in lines[1:])
    joined = lines[0] + "".join(line[2:] for line in lines[1:])
    assert bytes.fromhex(joined.removeprefix('"Raw"=hex:').replace(",", " ").replace("\\", "")) == bytes(range(60))


def test_text_outside_the_code_page_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        regedit4([RegKey(KEY, {"Name": "Ж"})])
