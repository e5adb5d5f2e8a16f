import pytest
from report_samples import DIR_NT, read


def rows(report):
    return [(entry.name, entry.size, entry.date) for entry in report.files]


def test_listing_of_nt(tmp_path):
    (report,) = read(tmp_path, DIR_NT)
    assert rows(report) == [("rasarp.sys", 12944, "1997-05-01"), ("tcpip.sys", 147088, "2001-03-14")]
    assert report.warnings == ()
    assert {entry.folder for entry in report.files} == {r"C:\WINNT\system32\drivers"}
    assert [entry.location.line for entry in report.files] == [7, 8]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("14.03.2004  00:00            12.944 rasarp.sys", ("rasarp.sys", 12944, "2004-03-14")),
        ("2004-08-04  00:00            12\u202f944 RasArp.sys", ("rasarp.sys", 12944, "2004-08-04")),
        ("05/01/1997  12:00 AM            12,944 rasarp.sys", ("rasarp.sys", 12944, "1997-05-01")),
        ("14/03/1997  12:00               12'944 rasarp.sys", ("rasarp.sys", 12944, "1997-03-14")),
        ("04/05/1997  12:00               12,944 rasarp.sys", ("rasarp.sys", 12944, None)),
        (
            "05/01/1997  12:00 AM           147,088 RASAR~1.SYS  rasarp2k long.sys",
            ("rasarp2k long.sys", 147088, "1997-05-01"),
        ),
        ("RASARP   SYS        12,944  05-01-97  12:00a rasarp.sys", ("rasarp.sys", 12944, "1997-05-01")),
        ("RASARP   SYS        12,944  05-01-97  12:00a", ("rasarp.sys", 12944, "1997-05-01")),
    ],
)
def test_rows(tmp_path, line, expected):
    (report,) = read(tmp_path, f" Verzeichnis von C:\\WINNT\\system32\n\n{line}\n")
    assert rows(report) == [expected]


def test_all_dates_of_a_listing_tell_how_to_read_them(tmp_path):
    lines = ["04/05/1997  12:00      12,944 rasarp.sys", "14/03/2001  09:26    <DIR>          drivers"]
    lines.append("14/03/2001  09:26                  10 readme.txt")
    (report,) = read(tmp_path, " Directory of C:\\WINNT\n\n" + "\n".join(lines) + "\n")
    assert rows(report) == [("rasarp.sys", 12944, "1997-05-04")]


@pytest.mark.parametrize(("time", "date"), [("12:00a", "1997-04-05"), ("12:00", None)])
def test_dates_that_stay_open_are_said(tmp_path, time, date):
    (report,) = read(tmp_path, f" Directory of C:\\WINNT\n\n04/05/97  {time}    12,944 rasarp.sys\n")
    assert rows(report) == [("rasarp.sys", 12944, date)]
    assert [warning.kind for warning in report.warnings] == ["date_order"]


def test_folders_of_a_listing_with_subfolders(tmp_path):
    more = DIR_NT.replace(r"C:\WINNT\system32\drivers", r"C:\WINNT\$NtUninstallQ147222$")
    (report,) = read(tmp_path, DIR_NT + "\n" + more)
    assert [entry.folder for entry in report.files][1:3] == [
        r"C:\WINNT\system32\drivers",
        r"C:\WINNT\$NtUninstallQ147222$",
    ]
