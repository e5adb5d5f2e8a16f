"""Files with the output of several programs, and files that are broken or huge."""

import time
from contextlib import suppress

import pytest
import report_samples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from report_samples import DIR_NT, IPCONFIG_NT, NET_START, QFECHECK, SC_QUERY, SYSTEMINFO, WINMSD, read

from evtscan.base.errors import EvidenceError
from evtscan.parsers import PARSERS
from evtscan.parsers.reports import sections as section
from evtscan.parsers.reports.prompts import remote_host
from evtscan.parsers.reports.recognition import REGISTRY, tool_of_head
from evtscan.parsers.reports.sections import MAX_LINES

SAMPLES = {name: text for name, text in vars(report_samples).items() if name.isupper() and name != "RULE"}


def formats(reports):
    return [report.format for report in reports]


def test_console_session(tmp_path):
    session = (
        "C:\\>ver\n\nMicrosoft Windows XP [Version 5.1.2600]\n\nC:\\>systeminfo\n"
        + SYSTEMINFO
        + "\nC:\\>ipconfig /all\n"
        + IPCONFIG_NT
        + "\nC:\\>dir c:\\winnt\\system32\\drivers\n"
        + DIR_NT
        + "\nC:\\>net start\n"
        + NET_START
        + "C:\\>exit\n"
    )
    reports = read(tmp_path, session)
    assert formats(reports) == ["ver", "systeminfo", "ipconfig", "dirlisting", "netstart"]
    assert reports[1].places["computer"].line == 7
    assert reports[4].whole == {"running services"}


def test_outputs_that_were_appended_to_one_file(tmp_path):
    reports = read(tmp_path, WINMSD + IPCONFIG_NT + SC_QUERY + QFECHECK + WINMSD.replace("NTBOX", "OTHER"))
    assert formats(reports) == ["winmsd", "ipconfig", "sc", "qfecheck", "winmsd"]
    assert [report.computer for report in reports][-1] == "OTHER"
    assert reports[2].whole == {"services", "running services", "drivers"}


def test_a_prompt_names_the_program_in_any_language(tmp_path):
    text = "C:\\>net start\nServicios iniciados:\n\n   Registro de sucesos\n\nFin.\n"
    text += "C:\\>dir\n 14/03/2001  09:26   10 a.sys\n"
    assert formats(read(tmp_path, text)) == ["netstart", "dirlisting"]


RAS = "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\RasArp"
RAS_KEYS = f"\n{RAS}\n    Start    REG_DWORD    0x3\n\n{RAS}\\Parameters\n    A    REG_SZ    b\n\n"


@pytest.mark.parametrize(
    ("before", "line"),
    [(NET_START, 11), (NET_START + f"C:\\>reg query {RAS} /s\n", 12)],
    ids=["appended", "at a prompt"],
)
def test_registry_keys_among_reports(tmp_path, before, line):
    first, keys, last = read(tmp_path, before + RAS_KEYS + IPCONFIG_NT)
    assert [first.format, keys.format, last.format] == ["netstart", "reg query", "ipconfig"]
    (registry,) = keys.registries
    start = registry.key(r"SYSTEM\CurrentControlSet\Services\RasArp").values["start"]
    assert (start.data, start.location.line, registry.warnings) == (3, line, [])
    assert registry.covers(r"SYSTEM\CurrentControlSet\Services\RasArp\Other")


REMOTE = {
    r"sc \\SRV2 query": "SRV2",
    r'"c:\windows\system32\sc.exe" "\\srv2.example.com" query': "srv2.example.com",
    "driverquery /v /s SRV2 /fo csv": "SRV2",
    r"systeminfo.exe /S \\SRV2": "SRV2",
    "wmic /node:SRV2 qfe list": "SRV2",
    "wmic /node:'SRV2' qfe list": None,
    "Get-HotFix -ComputerName SRV2": "SRV2",
    r"reg query \\SRV2\HKLM\SYSTEM /s": "SRV2",
    r"dir \\SRV2\admin$\system32": "SRV2",
    r"dir \\?\C:\WINNT": None,
    r"dir /s c:\winnt": None,
    r"sc query > \\SRV2\share\out.txt": None,
    r"sc \\10.0.0.5 query": None,
    r"sc \\localhost query": None,
    "sc query": None,
}


@pytest.mark.parametrize(("command", "host"), REMOTE.items())
def test_the_host_that_a_command_asks(command, host):
    assert remote_host(command) == host


def test_what_a_command_asked_of_another_host_is_of_that_host(tmp_path):
    services, keys = read(tmp_path, f"C:\\>sc \\\\SRV2 query\n{SC_QUERY}\nC:\\>reg query \\\\SRV3\\HKLM /s\n{RAS_KEYS}")
    assert (services.computer, services.places["computer"].line) == ("SRV2", 1)
    assert keys.computer == "SRV3"


def test_registry_keys_that_are_cut_off_with_the_file(tmp_path):
    _, keys = read(tmp_path, NET_START + RAS_KEYS.rstrip())
    assert [warning.kind for warning in keys.warnings] == ["truncated"]


def test_other_registry_texts_among_reports_are_said_to_be_left_out(tmp_path):
    reports = read(tmp_path, NET_START + '\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Example]\n"Name"="text"\n')
    assert formats(reports) == ["netstart", "report"]
    (warning,) = reports[1].warnings
    assert (warning.kind, warning.location.line) == ("mixed", 10)


def test_nothing_to_read(tmp_path):
    with pytest.raises(EvidenceError, match="holds nothing that can be read"):
        read(tmp_path, "Host Name:                 X\n")
    with pytest.raises(EvidenceError):
        read(tmp_path, b"")


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_each_sample_is_recognised_by_its_own_row_alone(name):
    for encoding in ("utf-8", "utf-16"):
        head = SAMPLES[name].encode(encoding)[:4096]
        assert [row.name for row in PARSERS if row.recognises(head, "x")] == [tool_of_head(head)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Some prose about Windows.\nIt has two lines.\n",
        "name,value\n1,2\n",
        "REGEDIT4\n\n[HKEY_LOCAL_MACHINE\\SYSTEM]\n",
        "[section]\nkey=value\n",
        "os.version: 4.0\n",
        "14.3.2001 09:26:53 Dhcp 1008\n",
        "<Events></Events>\n",
    ],
)
def test_other_texts_are_no_reports(text):
    assert tool_of_head(text.encode()) in (None, REGISTRY)


@settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(sorted(SAMPLES)), data=st.data())
def test_damage_gives_a_result_or_an_error_that_names_the_file(tmp_path, name, data):
    raw = bytearray(SAMPLES[name].encode("cp1252", "replace"))
    for place in data.draw(st.lists(st.integers(0, len(raw) - 1), max_size=8)):
        raw[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(raw)))
    with suppress(EvidenceError):
        assert all(report.source == "report.txt" for report in read(tmp_path, bytes(raw[:cut])))


@pytest.mark.parametrize("name", ["WINMSD", "SC_QUERY", "DIR_NT", "IPCONFIG_NT", "DRWATSON", "SYSTEMINFO", "NET_START"])
@pytest.mark.parametrize("filler", [" ", "A", "1.", "[", ". ", "a:\\"])
def test_a_long_line_takes_no_time(tmp_path, name, filler):
    started = time.process_time()
    head, _, tail = SAMPLES[name].partition("\n\n")
    reports = read(tmp_path, f"{head}\n\n{filler * (2_000_000 // len(filler))}\n{tail or head}\n")
    assert reports
    assert time.process_time() - started < 5


def test_more_lines_than_are_read(tmp_path):
    started = time.process_time()
    reports = read(tmp_path, NET_START.encode() + b"\n" * (20 << 20))
    assert formats(reports) == ["netstart", "report"]
    (warning,) = reports[1].warnings
    assert (warning.kind, warning.location.line) == ("too_large", MAX_LINES)
    assert time.process_time() - started < 20


def test_more_characters_than_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(section, "MAX_SIZE", 10_000)
    reports = read(tmp_path, NET_START + ("x" * 99 + "\n") * 500)
    assert [warning.kind for warning in reports[-1].warnings] == ["too_large"]
    assert reports[-1].warnings[0].location.line == 107


def test_more_reports_than_are_read(tmp_path):
    reports = read(tmp_path, IPCONFIG_NT * 5000)
    assert len(reports) == 4097
    assert [warning.kind for warning in reports[-1].warnings] == ["too_large"]


def test_a_huge_listing(tmp_path):
    row = "05/01/97  12:00a                12,944 rasarp.sys\r\n"
    started = time.process_time()
    (report,) = read(tmp_path, (" Directory of C:\\WINNT\r\n\r\n" + row * 200_000).encode())
    assert len(report.files) == 100_000
    assert time.process_time() - started < 30
