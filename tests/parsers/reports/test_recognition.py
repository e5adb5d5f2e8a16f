import pytest

from evtscan.parsers.registry.formats import is_reg_query, is_szdd
from evtscan.parsers.reports.driverfile import is_driver
from evtscan.parsers.reports.prompts import prompt
from evtscan.parsers.reports.recognition import REGISTRY, tool_of_command


@pytest.mark.parametrize(
    ("command", "tool"),
    [
        ("ipconfig /all", "ipconfig"),
        (r"C:\ntreskit\SRVINFO.EXE \\ntbox", "srvinfo"),
        ("net start", "netstart"),
        ("net start dhcp", None),
        ("net view", None),
        ("wmic qfe list full", "hotfixes"),
        ("wmic os get", None),
        (r"reg query HKLM\SYSTEM /s", REGISTRY),
        ("Get-HotFix", "hotfixes"),
        ("cd ..", None),
        ("", None),
    ],
)
def test_commands(command, tool):
    assert tool_of_command(command) == tool


@pytest.mark.parametrize(
    ("line", "command"),
    [
        (r"C:\>ipconfig /all", "ipconfig /all"),
        (r"C:\Documents and Settings\lab>ver", "ver"),
        (r"PS C:\Windows\system32> Get-HotFix", "Get-HotFix"),
        (r"\\server\share>dir", "dir"),
        ("D:\\>", ""),
        ("05/01/97  12:00a    <DIR>    drivers", None),
        ("C: drive > 5", None),
    ],
)
def test_prompts(line, command):
    assert prompt(line) == command


def test_binary_files():
    far = b"MZ" + bytes(58) + (5000).to_bytes(4, "little") + bytes(100)
    near = b"MZ" + bytes(58) + (64).to_bytes(4, "little") + b"PE\0\0" + bytes(100)
    dos = b"MZ" + bytes(58) + (64).to_bytes(4, "little") + b"NE\0\0" + bytes(100)
    assert [is_driver(head, "x.sys") for head in (far, near, dos, b"MZ", b"")] == [True, True, False, False, False]
    assert is_szdd(b"SZDD\x88\xf0\x27\x33AM" + bytes(4), "system._")
    assert not is_szdd(b"SZ \x88\xf0\x27\x33\xd1", "x")


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"\r\n! REG.EXE VERSION 3.0\r\n\r\n", True),
        (b"\r\nHKEY_LOCAL_MACHINE\\SYSTEM\\Select\r\n    Current    REG_DWORD    0x1\r\n", True),
        ("\r\nHKEY_LOCAL_MACHINE\\SYSTEM\r\n".encode("utf-16"), True),
        (b"C:\\>reg query HKLM\\SYSTEM\r\n\r\nHKEY_LOCAL_MACHINE\\SYSTEM\\Select\r\n", True),
        (b"REGEDIT4\r\n\r\n[HKEY_LOCAL_MACHINE\\SYSTEM]\r\n", False),
        (b"the key HKEY_LOCAL_MACHINE\\SYSTEM\r\n", False),
    ],
)
def test_reg_query(head, expected):
    assert is_reg_query(head, "x.txt") is expected
