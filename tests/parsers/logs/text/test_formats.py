from collections.abc import Callable

import pytest
from text_writers import (
    STORY,
    Clock,
    british,
    dumpel,
    event_viewer,
    german,
    get_eventlog,
    get_winevent,
    log_parser,
    psloglist,
    psloglist_rows,
    viewer,
    viewer_list,
    wevtutil,
)

from evtscan.parsers import HEAD_SIZE
from evtscan.parsers.logs.csv import formats as tables
from evtscan.parsers.logs.text import formats as signatures

RECOGNISERS: dict[str, Callable[[bytes, str], bool]] = {
    "viewer": signatures.is_viewer_text,
    "dumpel": signatures.is_dumpel,
    "psloglist": signatures.is_psloglist,
    "wevtutil": signatures.is_wevtutil_text,
    "new viewer": signatures.is_new_viewer_list,
    "csv": tables.is_field_csv,
}
PROMPT = "C:\\>type x\r\n\r\n"


def recognised(text: str, encoding: str = "utf-8") -> list[str]:
    head = text.encode(encoding)[:HEAD_SIZE]
    return [name for name, recognises in RECOGNISERS.items() if recognises(head, "anything.dat")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("viewer", viewer(STORY)),
        ("viewer", viewer(STORY, Clock(german), ",")),
        ("viewer", viewer(STORY, Clock(british), "\t", "Größe\r\nund mehr")),
        ("viewer", viewer_list(STORY)),
        ("viewer", viewer_list(STORY, separator=",")),
        ("viewer", PROMPT + viewer(STORY)),
        ("dumpel", dumpel(STORY)),
        ("dumpel", dumpel(STORY, Clock(german), column=",")),
        ("dumpel", dumpel(STORY, user_first=True)),
        ("dumpel", dumpel(STORY, column="  ", string=" ")),
        ("psloglist", psloglist(STORY)),
        ("psloglist", psloglist_rows(STORY)),
        ("psloglist", psloglist_rows(STORY, separator="\t")),
        ("wevtutil", wevtutil(STORY)),
        ("wevtutil", PROMPT + wevtutil(STORY, colon="")),
        ("new viewer", event_viewer(STORY)),
        ("new viewer", event_viewer(STORY, separator="\t")),
        ("csv", get_winevent(STORY)),
        ("csv", get_eventlog(STORY)),
        ("csv", log_parser(STORY)),
    ],
)
def test_each_shape_is_recognised_as_itself_alone(name: str, text: str, encoding: str) -> None:
    assert recognised(text, encoding) == [name]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("viewer", viewer_list(STORY[:1])),
        ("viewer", viewer_list(STORY[:1], separator=",").replace("Type,Date", "Typ,Datum")),
        ("dumpel", PROMPT + dumpel(STORY[:1])),
        ("psloglist", "PsLoglist v2.81 - local viewer\r\n\r\nSystem log on \\\\H:\r\n" + psloglist_rows(STORY[:1])),
    ],
)
def test_one_record_below_its_headline_is_enough(name: str, text: str) -> None:
    assert recognised(text) == [name]


def test_a_localised_headline_of_the_new_viewer() -> None:
    text = event_viewer(STORY).replace(
        "Level,Date and Time,Source,Event ID,Task Category", "Ebene,Datum,Quelle,ID,Kategorie"
    )
    assert recognised(text) == ["new viewer"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\r\n\r\n",
        "Just a text, with commas, and more, of them, and, so, on, and, on",
        "date,time,a,b,c,d,e,f,g\r\n2001-03-14,09:26:53,1,2,3,4,5,6,7\r\n",
        "2001-03-14,09:26:53,1.5,2.5,3.5,4,5.5,6.5,7.5\r\n" * 3,
        "2001-03-14 09:26:53 10.0.0.1 GET /index.html - 80 - 10.0.0.2 Mozilla 200 0 0\r\n" * 3,
        "2001-03-14\t09:26:53\t1\t0\t1008\t5\t6\t7\t8\r\n" * 3,
        "id,name,value\r\n1,a,2\r\n",
        "id,providername,price\r\n1,Acme,2\r\n",
        "Source,Date,Amount\r\nshop,3/14/2001,5\r\n",
        "a,b,c,d,e\r\n1,3/14/2001 9:26:53 AM,x,16,y\r\n",
        "Status,Time,User,Count,Note\r\nok,3/14/2001 9:26:53 AM,bob,16,fine\r\n",
        "1,x,y,z,w,3/14/2001 9:26:53 AM,7,8,9\r\n" * 3,
        "[1] see there\r\n[2] and there\r\n",
        "Event[0]:\r\n  Name: x\r\n",
        "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\X]\r\n",
        "drwxr-xr-x 2 root root 4096 Nov 23 23:08 evt\r\n",
        "14.03.2001  09:26    <DIR>          Windows\r\n" * 5,
        "\x00\x01\x02 binary",
        "ElfFile\x00",
    ],
)
def test_other_files_are_no_logs(text: str) -> None:
    assert recognised(text) == []


def test_a_quotation_in_a_text_is_no_log() -> None:
    row = viewer(STORY).splitlines(keepends=True)[0]
    assert recognised("Dear colleague, this is what I saw:\r\n" + row + "What is it?\r\n") == []
