from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evtscan.base.errors import EvidenceError
from evtscan.base.model.registry import RegistryData
from evtscan.base.model.source import Source
from evtscan.base.text import DecodedText
from evtscan.parsers.registry.text.regfile import RegFile, read_registry

V5 = "Windows Registry Editor Version 5.00\n\n"
SERVICES = r"SYSTEM\CurrentControlSet\Services"
CURRENT_VERSION = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"


def reg(text: str, encoding: str = "utf-8") -> RegFile:
    return RegFile("host.reg", DecodedText(text, encoding))


def kinds(registry: RegFile) -> list[tuple[str, int | None]]:
    return [(warning.kind, warning.location.line) for warning in registry.warnings]


def values(registry: RegFile, path: str) -> dict[str, RegistryData]:
    key = registry.key(path)
    assert key is not None
    return {name: value.data for name, value in key.values.items()}


def saved(tmp_path: Path, raw: bytes) -> RegFile:
    path = tmp_path / "host.reg"
    path.write_bytes(raw)
    return read_registry(Source(path, "host.reg"))


NT4 = r"""REGEDIT4

[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\RasArp]
@="the default"
"Type"=dword:00000001
"Start"=dword:2
"DisplayName"="Remote Access ARP Service"
"ImagePath"=hex(2):5c,53,79,73,74,65,6d,52,6f,6f,74,5c,73,79,73,74,65,6d,33,32,\
  5c,64,72,69,76,65,72,73,5c,72,61,73,61,72,70,2e,73,79,73,00
"DependOnService"=hex(7):54,63,70,69,70,00,4e,65,74,42,54,00,00
"Tag"=hex(4):10,00,00,00
"Raw"=hex:01,02,\
  03
"Quoted \"name\\"="C:\\a \"b\""

[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\RasArp\Enum]
; no values

"""


def test_regedit4_in_an_ansi_code_page(tmp_path: Path) -> None:
    registry = saved(tmp_path, NT4.replace("the default", "Größe").replace("\n", "\r\n").encode("cp1252"))

    assert values(registry, SERVICES + r"\RasArp")[""] == "Größe"
    assert values(registry, SERVICES + r"\RasArp")["imagepath"] == r"\SystemRoot\system32\drivers\rasarp.sys"
    assert registry.warnings == []
    assert (registry.format, registry.taken, registry.source) == ("reg", None, "host.reg")


def test_values_of_a_regedit4_export() -> None:
    registry = reg(NT4, "cp1252")
    key = registry.key(SERVICES.upper() + r"\rasarp")

    assert key is not None
    assert values(registry, key.path) == {
        "": "the default",
        "type": 1,
        "start": 2,
        "displayname": "Remote Access ARP Service",
        "imagepath": r"\SystemRoot\system32\drivers\rasarp.sys",
        "dependonservice": ("Tcpip", "NetBT"),
        "tag": 16,
        "raw": b"\x01\x02\x03",
        'quoted "name\\': r'C:\a "b"',
    }
    assert key.subkeys == ("Enum",)
    assert key.whole
    assert key.last_written is None
    assert str(key.location) == r"host.reg, HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\RasArp, line 3"
    raw = key.values["raw"]
    assert (raw.name, raw.location.line) == ("Raw", 12)
    assert str(key.values[""].location).endswith(r"\RasArp\(Default), line 4")
    assert registry.warnings == []


def test_code_page_of_regedit4_strings_holds_for_hex_too() -> None:
    registry = reg(
        'REGEDIT4\n[HKEY_LOCAL_MACHINE\\SYSTEM]\n"a"=hex(2):47,72,94,e1,65,00\n"b"=hex(7):94,00,00\n', "cp850"
    )
    assert values(registry, "SYSTEM") == {"a": "Größe", "b": ("ö",)}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-8", "utf-16-le"])
def test_version_5_takes_byte_width_from_the_header(tmp_path: Path, encoding: str) -> None:
    text = V5 + (
        "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion]\n"
        '"CSDVersion"=hex(1):53,00,50,00,32,00,00,00\n'
        '"SystemRoot"=hex(2):43,00,3a,00,00,00\n'
        '"List"=hex(7):61,00,00,00,00,00,62,00,00,00,00,00\n'
        '"Größe"="ночь"\n'
        '"Big"=hex(b):01,00,00,00,00,00,00,80\n'
        '"Endian"=hex(5):00,00,01,00\n'
        '"Short"=hex(4):01,02\n'
        '"None"=hex(0):\n'
        '"Resource"=hex(8):01\n\n'
    )
    registry = saved(tmp_path, text.replace("\n", "\r\n").encode(encoding))

    assert values(registry, CURRENT_VERSION) == {
        "csdversion": "SP2",
        "systemroot": "C:",
        "list": ("a", "", "b"),
        "größe": "ночь",
        "big": 0x8000000000000001,
        "endian": 256,
        "short": b"\x01\x02",
        "none": b"",
        "resource": b"\x01",
    }
    assert registry.warnings == []


def test_strings_may_hold_line_breaks_and_what_looks_like_a_key() -> None:
    registry = reg(V5 + '[HKLM\\SOFTWARE\\A]\n"x"="one\r\n[HKLM\\\\SOFTWARE\\\\B]\n"\n"y"=dword:1\n')

    assert values(registry, r"SOFTWARE\A") == {"x": "one\r\n[HKLM\\SOFTWARE\\B]\n", "y": 1}
    assert registry.key(r"SOFTWARE\B") is None
    key = registry.key(r"SOFTWARE\A")
    assert key is not None
    assert key.values["y"].location.line == 7


def test_a_later_section_of_the_same_key_adds_to_it() -> None:
    registry = reg(V5 + '[HKLM\\SOFTWARE\\A]\n"x"=dword:1\n"y"=dword:1\n[HKLM\\Software\\a]\n"X"=dword:2\n')
    assert values(registry, r"SOFTWARE\A") == {"x": 2, "y": 1}


# ------------------------------------------------------------------------------------------- which key it is


@pytest.mark.parametrize(
    "written",
    [
        r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\Dhcp",
        r"HKEY_LOCAL_MACHINE\SYSTEM\ControlSet003\Services\Dhcp",
        r"hklm\system\controlset001\services\dhcp",
        r"HKEY_LOCAL_MACHINE\OFFLINE\ControlSet001\Services\Dhcp",
        r"HKEY_USERS\mounted hive\ControlSet001\Services\Dhcp",
        r"\ControlSet001\Services\Dhcp",
        r"ControlSet001\Services\Dhcp",
    ],
)
def test_a_hive_may_be_loaded_under_any_name(written: str) -> None:
    registry = reg(V5 + f'[{written}]\n"Start"=dword:2\n')
    assert values(registry, SERVICES + r"\Dhcp") == {"start": 2}
    assert registry.covers(SERVICES + r"\Dhcp\Parameters")
    assert registry.warnings == []


@pytest.mark.parametrize(
    ("written", "found"),
    [
        (r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion", True),
        (r"HKEY_LOCAL_MACHINE\OFFLINE\Microsoft\Windows NT\CurrentVersion", True),
        (r"\Microsoft\Windows NT\CurrentVersion", True),
        (r"HKEY_CURRENT_USER\Software\Microsoft\Windows NT\CurrentVersion", False),
        (r"HKEY_USERS\S-1-5-21-1\Software\Microsoft\Windows NT\CurrentVersion", False),
        (r"HKEY_LOCAL_MACHINE\NTUSER\Software\Microsoft\Windows NT\CurrentVersion", False),
        (r"HKEY_LOCAL_MACHINE\SOFTWARE\Wow6432Node\Microsoft\Windows NT\CurrentVersion", False),
    ],
)
def test_a_users_or_a_redirected_key_is_not_the_hosts(written: str, found: bool) -> None:
    registry = reg(V5 + f'[{written}]\n"CurrentVersion"="4.0"\n')
    assert (registry.key(CURRENT_VERSION) is not None, registry.covers(CURRENT_VERSION)) == (found, found)


SETS = (
    "[HKEY_LOCAL_MACHINE\\X\\ControlSet001\\Services\\A]\n"
    '"Start"=dword:1\n'
    "[HKEY_LOCAL_MACHINE\\X\\ControlSet002\\Services\\A]\n"
    '"Start"=dword:2\n'
)


def test_select_names_the_control_set() -> None:
    registry = reg(V5 + SETS + '[HKEY_LOCAL_MACHINE\\X\\Select]\n"Current"=dword:2\n"Default"=dword:1\n')
    assert values(registry, SERVICES + r"\A") == {"start": 2}
    assert values(registry, r"SYSTEM\ControlSet001\Services\A") == {"start": 1}
    assert values(registry, r"SYSTEM\Select") == {"current": 2, "default": 1}
    assert registry.warnings == []


def test_an_exported_current_control_set_is_the_current_one() -> None:
    text = V5 + SETS + '[HKEY_LOCAL_MACHINE\\X\\CurrentControlSet\\Services\\A]\n"Start"=dword:4\n'
    assert values(reg(text), SERVICES + r"\A") == {"start": 4}


def test_several_control_sets_without_select_are_unknown() -> None:
    registry = reg(V5 + "[HKEY_LOCAL_MACHINE\\X]\n" + SETS)
    assert registry.key(SERVICES + r"\A") is None
    assert not registry.covers(SERVICES + r"\A")
    assert kinds(registry) == [("unknown_control_set", 4)]


def test_a_selected_control_set_that_is_not_there_is_unknown() -> None:
    registry = reg(V5 + "[HKEY_LOCAL_MACHINE\\X]\n" + SETS + '[HKEY_LOCAL_MACHINE\\X\\Select]\n"Current"=dword:3\n')
    assert not registry.covers(SERVICES + r"\A")
    assert registry.covers(r"SYSTEM\Setup")


def test_a_hive_beside_the_hosts_own_is_not_read() -> None:
    other = SETS.partition("[HKEY_LOCAL_MACHINE\\X\\ControlSet002")[0]
    registry = reg(V5 + other + '[HKLM\\SYSTEM\\CurrentControlSet\\Services\\A]\n"Start"=dword:3\n')
    assert values(registry, SERVICES + r"\A") == {"start": 3}
    assert kinds(registry) == [("conflict", 3)]


def test_two_offline_hives_are_told_apart_by_nobody() -> None:
    registry = reg(V5 + "[HKLM\\A\\ControlSet001\\Services]\n[HKLM\\B\\ControlSet001\\Services]\n")
    assert registry.key(SERVICES) is None
    assert not registry.covers(SERVICES)
    assert kinds(registry) == [("conflict", 3)]


# -------------------------------------------------------------------------------------------------- coverage


def test_an_export_of_a_key_covers_what_lies_below_it_and_nothing_else() -> None:
    one = reg(V5 + "[HKLM\\SYSTEM\\CurrentControlSet\\Services\\RasArp]\n")
    assert one.covers(SERVICES + r"\RasArp")
    assert one.covers(SERVICES + r"\RasArp\Parameters")
    assert not one.covers(SERVICES)
    assert not one.covers(SERVICES + r"\RemoteAccess")
    services = one.key(SERVICES)
    assert services is not None
    assert (services.whole, services.subkeys, dict(services.values)) == (False, ("RasArp",), {})

    every = reg(V5 + "[HKLM\\SYSTEM\\CurrentControlSet\\Services]\n[HKLM\\SYSTEM\\CurrentControlSet\\Services\\Dhcp]\n")
    assert every.covers(SERVICES + r"\RasArp")
    assert every.key(SERVICES + r"\RasArp") is None
    assert not every.covers(r"SYSTEM\CurrentControlSet\Control")
    assert not every.covers(CURRENT_VERSION)


def test_a_whole_machine_covers_the_hives_that_it_shows() -> None:
    text = V5 + "[HKEY_LOCAL_MACHINE]\n[HKLM\\SYSTEM]\n[HKLM\\SYSTEM\\CurrentControlSet]\n"
    assert reg(text).covers(SERVICES + r"\RasArp")
    assert not reg(text).covers(CURRENT_VERSION)
    assert reg(text + "[HKLM\\SOFTWARE]\n").covers(CURRENT_VERSION)


def test_escapes_that_regedit_does_not_write_stay_as_they_are() -> None:
    registry = reg(V5 + '[HKLM\\SYSTEM\\A]\n"x"="C:\\\\a\\"b\\n"\n')
    assert values(registry, r"SYSTEM\A") == {"x": 'C:\\a"b\\n'}


CUT = V5 + (
    "[HKLM\\SYSTEM\\CurrentControlSet\\Services]\n"
    "[HKLM\\SYSTEM\\CurrentControlSet\\Services\\Alerter]\n"
    '"Start"=dword:00000003\n'
    "[HKLM\\SYSTEM\\CurrentControlSet\\Services\\Dhcp]\n"
    '"Start"=dword:00000002\n'
    '"ImagePath"=hex(2):25,00,53,00'
)


@pytest.mark.parametrize(
    "end",
    [
        "",
        ",",
        ",\\",
        ",\\\n",
        ",\\\n  00,0",
        '\n"Display',
        '\n"DisplayName"="DHCP Cli',
        '\n"D"="a\n\nb\n',
        "\n[HKLM\\SYS",
        "\n\0\0\0",
    ],
)
def test_a_cut_file_covers_only_what_was_finished(end: str) -> None:
    registry = reg(CUT + end)
    assert ("truncated", 6) in kinds(registry)
    assert registry.covers(SERVICES + r"\Alerter")
    assert registry.covers(SERVICES + r"\Alerter\Parameters")
    assert not registry.covers(SERVICES + r"\Dhcp")
    assert not registry.covers(SERVICES + r"\Dhcp\Parameters")
    assert not registry.covers(SERVICES + r"\RasArp")
    assert not registry.covers(SERVICES)
    assert values(registry, SERVICES + r"\Dhcp")["start"] == 2


def test_a_file_that_ends_with_a_line_break_is_not_cut() -> None:
    registry = reg(CUT + "\n\x1a")
    assert registry.warnings == []
    assert registry.covers(SERVICES + r"\RasArp")


def test_an_unreadable_value_makes_its_key_unknown_and_no_other() -> None:
    registry = reg(
        V5 + "[HKLM\\SYSTEM\\CurrentControlSet\\Services]\n"
        "[HKLM\\SYSTEM\\CurrentControlSet\\Services\\A]\n"
        '"Start"=dword:xyz\n'
        '"Type"=dword:1\n'
        "[HKLM\\SYSTEM\\CurrentControlSet\\Services\\B]\n"
        '"Start"=dword:2\n'
    )
    assert kinds(registry) == [("bad_line", 5)]
    assert values(registry, SERVICES + r"\A") == {"type": 1}
    assert not registry.covers(SERVICES + r"\A")
    assert registry.covers(SERVICES + r"\B")
    assert registry.covers(SERVICES + r"\RasArp")


def test_a_string_that_is_not_closed_costs_its_line() -> None:
    registry = reg(V5 + '[HKLM\\SYSTEM\\A]\n"x"="open\n"y"=dword:1\n"z"=dword:2\n')
    assert kinds(registry) == [("bad_line", 4)]
    assert values(registry, r"SYSTEM\A") == {"y": 1, "z": 2}


@pytest.mark.parametrize(
    "line", ["[HKLM\\SYSTEM\\B", "HKLM\\SYSTEM\\B]", "HKEY_LOCAL_MACHINE\\SYSTEM\\B", "[" + "a\\" * 600 + "]"]
)
def test_an_unreadable_key_makes_absence_unknown(line: str) -> None:
    registry = reg(V5 + f'[HKLM\\SYSTEM]\n[HKLM\\SYSTEM\\A]\n{line}\n"x"=dword:1\n[HKLM\\SYSTEM\\C]\n"y"=dword:1\n')
    assert kinds(registry) == [("bad_line", 5)]
    assert values(registry, r"SYSTEM\A") == {}
    assert values(registry, r"SYSTEM\C") == {"y": 1}
    assert not registry.covers(r"SYSTEM\D")


def test_deletions_are_not_present_and_prove_nothing() -> None:
    registry = reg(
        V5 + "[HKLM\\SYSTEM\\CurrentControlSet\\Services]\n"
        '[HKLM\\SYSTEM\\CurrentControlSet\\Services\\A]\n"x"=dword:1\n"y"=dword:2\n"x"=-\n@=-\n'
        '[HKLM\\SYSTEM\\CurrentControlSet\\Services\\B\\C]\n"x"=dword:1\n'
        "[-HKLM\\SYSTEM\\CurrentControlSet\\Services\\B]\n"
        "[-HKLM\\SYSTEM\\CurrentControlSet\\Control\\D]\n"
    )
    assert values(registry, SERVICES + r"\A") == {"y": 2}
    assert registry.key(SERVICES + r"\B") is None
    assert registry.key(SERVICES + r"\B\C") is None
    assert registry.key(r"SYSTEM\CurrentControlSet\Control") is None
    assert not registry.covers(SERVICES + r"\B")
    assert not registry.covers(SERVICES + r"\Other")
    assert kinds(registry) == [("not_an_export", 1)]


def test_a_key_set_again_after_its_deletion_is_present() -> None:
    registry = reg(V5 + '[HKLM\\SYSTEM\\A]\n"x"=dword:1\n[-HKLM\\SYSTEM\\A]\n[HKLM\\SYSTEM\\A]\n"y"=dword:2\n')
    assert values(registry, r"SYSTEM\A") == {"y": 2}


# -------------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize("text", ["", "\n\n", "hello\n", "\0\0", "[HKLM\\SYSTEM]\n"])
def test_what_does_not_begin_as_an_export_is_refused(text: str) -> None:
    with pytest.raises(EvidenceError, match=r"^host\.reg: "):
        reg(text)


def test_two_exports_joined_keep_their_own_byte_width() -> None:
    ansi = 'REGEDIT4\n\n[HKLM\\SYSTEM\\A]\n"x"=hex(2):41,42,00\n\n'
    registry = reg(ansi + "\ufeff" + V5 + '[HKLM\\SYSTEM\\B]\n"x"=hex(2):41,00,42,00\n')
    assert values(registry, r"SYSTEM\A") == {"x": "AB"}
    assert values(registry, r"SYSTEM\B") == {"x": "AB"}
    assert registry.warnings == []


def test_warnings_are_bounded_and_counted() -> None:
    registry = reg(V5 + "[HKLM\\SYSTEM]\n" + "garbage\n" * 5000 + '"cut"=hex:0')
    assert len(registry.warnings) == 102
    assert [warning.kind for warning in registry.warnings[-2:]] == ["bad_line", "truncated"]
    assert registry.warnings[-2].message == "4900 more lines cannot be read"


def test_undecodable_bytes_are_reported(tmp_path: Path) -> None:
    registry = saved(tmp_path, b'REGEDIT4\r\n\r\n[HKEY_LOCAL_MACHINE\\SYSTEM]\r\n"a"="\x81\xe9"\r\n')
    assert values(registry, "SYSTEM") == {"a": "\x81é"}
    assert kinds(registry) == [("undecodable", 1)]


# ------------------------------------------------------------------------------------------------- round trips

names = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n\\"), min_size=1, max_size=12)
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
data = (
    texts
    | st.integers(0, 2**32 - 1)
    | st.binary(max_size=60)
    | st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=5), max_size=3).map(
        tuple
    )
)


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def written(value: RegistryData) -> str:
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, int):
        return f"dword:{value:08x}"
    kind, raw = "hex:", value
    if isinstance(value, tuple):
        kind, raw = "hex(7):", "".join(part + "\0" for part in (*value, "")).encode("utf-16-le")
    assert isinstance(raw, bytes)
    pairs = [f"{byte:02x}" for byte in raw]
    lines = [",".join(pairs[start : start + 20]) for start in range(0, len(pairs), 20)]
    return kind + ",\\\n  ".join(lines)


def export(keys: dict[str, dict[str, RegistryData]]) -> str:
    sections = []
    for key, content in keys.items():
        lines = [f"{quoted(name)}={written(value)}\n" for name, value in content.items()]
        sections.append(f"[HKEY_LOCAL_MACHINE\\SYSTEM\\{key}]\n{''.join(lines)}\n")
    return V5 + "".join(sections)


def folded(content: dict[str, RegistryData]) -> dict[str, RegistryData]:
    return {name.lower(): value for name, value in content.items()}


keys_of_a_file = st.dictionaries(
    st.text("abcdefgh []-", min_size=1, max_size=8), st.dictionaries(names, data, max_size=4), min_size=1, max_size=4
)


@settings(deadline=None, max_examples=100)
@given(keys_of_a_file)
def test_what_is_written_is_read_back(keys: dict[str, dict[str, RegistryData]]) -> None:
    registry = reg(export(keys))
    assert registry.warnings == []
    for key, content in keys.items():
        assert values(registry, f"SYSTEM\\{key}") == folded(content)
        assert registry.covers(f"SYSTEM\\{key}")


@settings(deadline=None, max_examples=100)
@given(keys_of_a_file, st.data())
def test_a_cut_never_proves_absence(keys: dict[str, dict[str, RegistryData]], choose: st.DataObject) -> None:
    whole = "REGEDIT4\n[HKEY_LOCAL_MACHINE\\SYSTEM]\n" + export(keys)
    registry = reg(whole[: choose.draw(st.integers(10, len(whole)))])
    if not any(warning.kind == "truncated" for warning in registry.warnings):
        return  # cut at the end of a line, which nothing tells from the end of the file
    for key in keys:
        path = f"SYSTEM\\{key}"
        if registry.covers(path):
            assert values(registry, path) == folded(keys[key])


RAW = NT4.encode("cp1252"), (V5 + NT4.partition("\n")[2]).encode("utf-16")


@settings(deadline=None, max_examples=100)
@given(
    raw=st.sampled_from(RAW),
    changes=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=6),
    cut=st.integers(0, 2000),
)
def test_damaged_bytes_give_warnings_or_an_error_of_the_file(
    raw: bytes, changes: list[tuple[int, int]], cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    damaged = bytearray(raw)
    for place, byte in changes:
        damaged[place % len(damaged)] = byte
    try:
        registry = saved(tmp_path_factory.mktemp("reg"), bytes(damaged[: len(damaged) - cut % len(damaged)]))
        said = [str(warning.location) for warning in registry.warnings]
        key = registry.key(SERVICES + r"\RasArp")
        assert key is None or key.whole == registry.covers(SERVICES + r"\RasArp")
    except EvidenceError as error:
        said = [str(error)]
    assert all(text.startswith("host.reg") for text in said)
