import pytest
from report_samples import SYSTEMINFO, read

FIELDS = (
    *("Host Name", "OS Name", "OS Version", "OS Manufacturer", "OS Configuration", "OS Build Type", "Registered Owner"),
    *("Registered Organization", "Product ID", "Original Install Date", "System Boot Time", "System Manufacturer"),
    *("Hotfix(s)", "NetWork Card(s)"),
)
ROW = (
    "HOSTC",
    "Microsoft® Windows Server® 2008 Standard",
    "6.0.6002 Service Pack 2 Build 6002",
    "Microsoft Corporation",
    "Primary Domain Controller",
    "Multiprocessor Free",
    "Lab",
    "",
    "00000",
    "14/03/2009, 09:26:53",
    "05/06/2010, 08:00:12",
    "Example",
    "2 Hotfix(s) Installed.,[01]: KB911164,[02]: KB976902",
    "1 NIC(s) Installed.,[01]: Example",
)


def quoted(fields):
    return ",".join(f'"{field}"' for field in fields) + "\n"


def test_list(tmp_path):
    (report,) = read(tmp_path, SYSTEMINFO)
    assert (report.format, report.computer, report.product) == ("systeminfo", "HOSTA", "Windows XP Professional")
    assert (report.version, report.build, report.service_pack) == ("5.1.2600", "2600", "Service Pack 3")
    assert (report.kernel_type, report.role) == ("Multiprocessor Free", "workstation")
    assert report.hotfixes == ("KB911164", "Q147222")
    assert report.whole == {"hotfixes"}
    assert str(report.taken) == "2009-03-21T08:00:12"
    assert report.places["version"].line == 4


def test_csv(tmp_path):
    (report,) = read(tmp_path, "\n" + quoted(FIELDS) + quoted(ROW))
    assert (report.computer, report.product) == ("HOSTC", "Windows Server 2008 Standard")
    assert (report.version, report.service_pack, report.role) == ("6.0.6002", "Service Pack 2", "domain controller")
    assert report.hotfixes == ("KB911164", "KB976902")
    assert str(report.taken) == "2010-06-05T08:00:12"  # the date of installation shows that the day comes first


def test_table(tmp_path):
    widths = [max(len(a), len(b), 3) for a, b in zip(FIELDS, ROW, strict=True)]
    lines = [
        " ".join(text.ljust(width) for text, width in zip(texts, widths, strict=True))
        for texts in (FIELDS, ["=" * width for width in widths], ROW)
    ]
    (report,) = read(tmp_path, "\n" + "\n".join(lines) + "\n")
    assert (report.computer, report.version, report.role) == ("HOSTC", "6.0.6002", "domain controller")
    assert report.hotfixes == ("KB911164", "KB976902")


@pytest.mark.parametrize(
    ("printed", "version", "pack"),
    [
        ("10.0.22631 N/A version 22631", "10.0.22631", ""),
        ("10.0.19045 Н/Д построение 19045", "10.0.19045", ""),
        ("6.1.7601 Service Pack 1 Compilación 7601", "6.1.7601", "Service Pack 1"),
        ("5.2.3790 Пакет обновления 2 сборка 3790", "5.2.3790", None),
    ],
)
def test_other_languages(tmp_path, printed, version, pack):
    text = f"\nNom de l'hôte:                 HOSTF\nNom du système:      Microsoft Windows 11\nVersion:   {printed}\n"
    (report,) = read(tmp_path, text)
    assert (report.computer, report.version, report.service_pack) == ("HOSTF", version, pack)


def test_a_list_of_hotfixes_that_is_not_in_full(tmp_path):
    (report,) = read(tmp_path, SYSTEMINFO.replace("[01]: KB911164 - Update", "[01]: File 1"))
    assert (report.hotfixes, report.whole) == (("Q147222",), frozenset())
    (report,) = read(tmp_path, SYSTEMINFO.replace("2 Hotfix(s)", "3 Hotfix(s)"))
    assert report.whole == frozenset()
    (report,) = read(tmp_path, SYSTEMINFO[: SYSTEMINFO.index("NetWork")])
    assert report.whole == frozenset()


def test_up_time_of_xp_is_no_time(tmp_path):
    (report,) = read(tmp_path, SYSTEMINFO.replace("3/21/2009, 8:00:12 AM", "0 Days, 3 Hours, 2 Minutes"))
    assert report.taken is None
