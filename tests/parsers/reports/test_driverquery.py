import pytest
from report_samples import read

CAPTIONS = (
    *("Module Name", "Display Name", "Description", "Driver Type ", "Start Mode", "State", "Status", "Accept Stop"),
    *("Accept Pause", "Paged Pool(bytes)", "Code(bytes)", "BSS(bytes)", "Link Date", "Path", "Init(bytes)"),
)
ROWS = [
    ["Npfs", "Npfs", "Npfs", "File System ", "System", "Running", "OK", "TRUE", "FALSE", "0", "1", "0"],
    ["Wanarp", "Remote Access IP ARP Driver", "", "Kernel ", "Manual", "Stopped", "OK", "TRUE", "FALSE", "0", "1", "0"],
]
ROWS[0] += ["8/4/2004 8:00:38 AM", r"C:\WINDOWS\system32\drivers\Npfs.sys", "4,096"]
ROWS[1] += ["4/13/2008 8:57:20 PM", r"C:\WINDOWS\system32\drivers\wanarp.sys", "4,096"]


def csv_of(rows):
    return "\n" + "".join(",".join(f'"{field}"' for field in row) + "\n" for row in rows)


def check(report):
    assert [(entry.name, entry.display_name, entry.running, entry.start) for entry in report.services] == [
        ("Npfs", "Npfs", True, 1),
        ("Wanarp", "Remote Access IP ARP Driver", False, 3),
    ]
    assert [(entry.name, entry.linked, entry.date) for entry in report.files] == [
        ("npfs.sys", "2004-08-04", None),
        ("wanarp.sys", "2008-04-13", None),
    ]
    assert report.whole == {"drivers"}


def test_verbose_csv(tmp_path):
    (report,) = read(tmp_path, csv_of([CAPTIONS, *ROWS]))
    check(report)


def test_captions_in_another_language(tmp_path):
    (report,) = read(tmp_path, csv_of([["Modulname", "Anzeigename", *CAPTIONS[2:]], *ROWS]))
    check(report)


def test_list(tmp_path):
    blocks = [
        "".join(f"{caption}:".ljust(22) + f"{value}\n" for caption, value in zip(CAPTIONS, row, strict=True))
        for row in ROWS
    ]
    (report,) = read(tmp_path, "\n" + "\n".join(blocks) + "\n")
    check(report)


def test_short_table(tmp_path):
    text = (
        "\nModule Name  Display Name           Driver Type   Link Date\n"
        "============ ====================== ============= ======================\n"
        "Npfs         Npfs                   File System   8/4/2004 8:00:38 AM\n"
    )
    (report,) = read(tmp_path, text)
    (entry,) = report.services
    assert (entry.name, entry.display_name, entry.start, report.files) == ("Npfs", "Npfs", None, ())


@pytest.mark.parametrize("cut", [1, 40])
def test_cut_off(tmp_path, cut):
    (report,) = read(tmp_path, csv_of([CAPTIONS, *ROWS])[:-cut])
    assert report.whole == frozenset()
