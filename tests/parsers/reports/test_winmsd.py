import pytest
from report_samples import RULE, WINMSD, read


def test_report_of_nt_4(tmp_path):
    (report,) = read(tmp_path, WINMSD)
    assert (report.format, report.computer, report.product) == ("winmsd", "NTBOX", "Windows NT Server")
    assert (report.version, report.build, report.service_pack) == ("4.0", "1381", "Service Pack 2")
    assert (report.kernel_type, report.role, report.taken) == ("Uniprocessor Free", None, None)
    assert report.places["version"].line == 6
    assert report.whole == {"services", "running services", "drivers"}
    assert [(entry.display_name, entry.running, entry.start, entry.path) for entry in report.services] == [
        ("Alerter", True, 2, r"C:\WINNT\System32\services.exe"),
        ("DHCP Client", True, 2, None),
        ("EventLog", True, 2, None),
        ("Remote Access Connection Manager", False, 3, None),
        ("Abiosdsk", False, 4, None),
        ("Npfs", True, 1, None),
        ("Remote Access ARP Service", True, 2, r"C:\WINNT\system32\drivers\rasarp.sys"),
    ]
    assert report.services[-1].location.line == 31


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252", "utf-8-sig"])
def test_encodings(tmp_path, encoding):
    (report,) = read(tmp_path, WINMSD.replace("Lab", "Größe").encode(encoding))
    assert (report.computer, len(report.services)) == ("NTBOX", 7)


def test_no_service_pack_is_said_and_a_workstation_is_known(tmp_path):
    (report,) = read(tmp_path, WINMSD.replace(": Service Pack 2", "").replace("(TM) Server", "(TM) Workstation"))
    assert (report.service_pack, report.product, report.role) == ("", "Windows NT Workstation", "workstation")


def test_what_is_cut_off_is_not_whole(tmp_path):
    (report,) = read(tmp_path, WINMSD[: WINMSD.index("IRQ and Port")])
    assert report.whole == {"services", "running services"}
    (report,) = read(tmp_path, WINMSD[: WINMSD.index("EventLog (")])
    assert report.whole == frozenset()
    assert [entry.display_name for entry in report.services] == ["Alerter", "DHCP Client"]


def test_lists_without_what_every_host_has_are_not_whole(tmp_path):
    text = "\n".join(line for line in WINMSD.splitlines() if not line.startswith(("EventLog", "Npfs")))
    (report,) = read(tmp_path, text + "\n")
    assert report.whole == frozenset()


def test_centred_report_of_nt_3_51(tmp_path):
    text = (
        "             Microsoft Diagnostics Report For \\\\OLDBOX\n"
        f"{RULE}\n                     OS Version Report\n{RULE}\n"
        "    Microsoft (R) Windows NT (TM) Workstation\n"
        "                 Version: 3.51 (Build 1057: Service Pack 5)\n"
    )
    (report,) = read(tmp_path, text)
    assert (report.computer, report.version, report.build) == ("OLDBOX", "3.51", "1057")
    assert (report.service_pack, report.role) == ("Service Pack 5", "workstation")
