import pytest
from report_samples import QFECHECK, WMIC_TABLE, read

from evtscan.parsers.reports.recognition import tool_of_head


def test_wmic_table(tmp_path):
    (report,) = read(tmp_path, WMIC_TABLE.replace("\n", "\r\r\n").encode("utf-16"))
    assert (report.computer, report.hotfixes, report.whole) == ("HOSTC", ("KB4012212", "KB976902"), {"hotfixes"})


def test_wmic_list_of_xp(tmp_path):
    text = (
        "\n\nCaption=\nCSName=HOSTA\nDescription=\nHotFixID=File 1\nServicePackInEffect=KB911164\n\n\n"
        "Caption=\nCSName=HOSTA\nDescription=Update\nHotFixID=Q147222\nServicePackInEffect=SP3\n\n\n"
    )
    (report,) = read(tmp_path, text)
    assert (report.computer, report.hotfixes, report.whole) == ("HOSTA", ("KB911164", "Q147222"), {"hotfixes"})


def test_wmic_csv(tmp_path):
    text = (
        "\nNode,Caption,CSName,Description,HotFixID,InstalledOn\n"
        "HOSTC,,HOSTC,Update,KB976902,\nHOSTC,,HOSTC,Update,KB4012212,\n"
    )
    (report,) = read(tmp_path, text)
    assert (report.computer, report.hotfixes) == ("HOSTC", ("KB976902", "KB4012212"))


def test_get_hotfix(tmp_path):
    text = (
        "\nSource        Description      HotFixID      InstalledBy          InstalledOn\n"
        "------        -----------      --------      -----------          -----------\n"
        "HOSTD         Update           KB5031356     NT AUTHORITY\\SYSTEM  10/11/2023 12:00:00 AM\n"
        "HOSTD         Security Update  KB5031539     NT AUTHORITY\\SYSTEM  10/11/2023 12:00:00 AM\n"
    )
    (report,) = read(tmp_path, text)
    assert (report.computer, report.hotfixes, report.whole) == ("HOSTD", ("KB5031356", "KB5031539"), {"hotfixes"})


@pytest.mark.parametrize(
    "text",
    [
        WMIC_TABLE.splitlines()[0] + "\n" + WMIC_TABLE.splitlines()[1] + "\n",
        WMIC_TABLE + "C:\\>wmic qfe where HotFixID='KB976902'\n" + WMIC_TABLE,
        WMIC_TABLE.replace("KB976902 ", "File 1   "),
        WMIC_TABLE.rstrip("\n"),
    ],
)
def test_lists_that_may_lack_some(tmp_path, text):
    assert read(tmp_path, text)[-1].whole == frozenset()


def test_qfecheck(tmp_path):
    (report,) = read(tmp_path, QFECHECK)
    assert (report.format, report.computer, report.version) == ("qfecheck", "HOSTB", "5.0")
    assert (report.service_pack, report.hotfixes) == ("Service Pack 1", ("Q147222", "Q246009"))
    assert (str(report.taken), report.whole) == ("2001-02-14T03:04:00", {"hotfixes"})
    (report,) = read(
        tmp_path, QFECHECK.replace("Q246009:  Current on", "Q246009:  This hotfix should be reinstalled on")
    )
    assert (report.hotfixes, report.whole) == (("Q147222",), frozenset())


def test_numbers_alone(tmp_path):
    """Nothing says that they are all; and a text about updates is no list of what is installed."""
    (report,) = read(tmp_path, "Q147222\nQ246009:\nQ300039 is missing\n")
    assert (report.hotfixes, report.whole) == (("Q147222", "Q246009"), frozenset())
    assert report.places["hotfixes"].line == 1
    assert tool_of_head(b"KB5031988 failed\nKB5032189 failed\n") is None


def test_hotfix_tool(tmp_path):
    (report,) = read(tmp_path, "C:\\>hotfix /l\nInstalled:\n    Q147222  something\n    Q246009\n")
    assert report.hotfixes == ("Q147222", "Q246009")


CAPTIONS = "Node,CSName,HotFixID,InstalledOn\n"


@pytest.mark.parametrize(
    "text",
    [
        CAPTIONS + "A,A,KB1111111,x\nA,a,KB2222222,x\nB,B,KB3333333,x\n",
        "HotFixID=KB1111111\nCSName=A\n\nHotFixID=KB2222222\nCSName=a\n\nHotFixID=KB3333333\nCSName=B\n",
    ],
    ids=["CSV", "list"],
)
def test_several_hosts_in_one_list(tmp_path, text):
    """An answer of several hosts is that of each of them alone."""
    first, second = read(tmp_path, text)
    assert (first.computer, first.hotfixes, first.whole) == ("A", ("KB1111111", "KB2222222"), {"hotfixes"})
    assert (second.computer, second.hotfixes, second.whole) == ("B", ("KB3333333",), set())


def test_a_row_without_a_host_among_those_of_one(tmp_path):
    (report,) = read(tmp_path, CAPTIONS + "A,A,KB1111111,x\n,,KB2222222,x\n")
    assert (report.computer, report.hotfixes) == ("A", ("KB1111111", "KB2222222"))
