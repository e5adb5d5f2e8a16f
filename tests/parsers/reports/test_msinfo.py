import pytest
from report_samples import MSINFO, read

from evtscan.base.errors import EvidenceError
from evtscan.base.model.source import Source
from evtscan.base.wintypes import parse_time
from evtscan.parsers.reports import nfo


def test_text_report(tmp_path):
    (report,) = read(tmp_path, MSINFO.encode("utf-16"))
    assert (report.format, report.computer, report.product) == ("msinfo", "HOSTA", "Windows XP Professional")
    assert (report.version, report.build, report.service_pack) == ("5.1.2600", "2600", "Service Pack 3")
    assert str(report.taken) == "2009-03-14T09:26:53"
    assert report.places["version"].line == 7
    assert report.whole == {"services", "running services", "drivers"}
    assert [(entry.name, entry.running, entry.start) for entry in report.services] == [
        ("npfs", True, 1),
        ("wanarp", True, 3),
        ("Eventlog", True, 2),
        ("TlntSvr", False, 4),
    ]
    assert report.services[1].display_name == "Remote Access IP ARP Driver"
    (module,) = report.files
    assert (module.name, module.version, module.size) == ("dhcpcsvc.dll", "5.1.2600.5512", 126464)
    assert (module.date, module.folder) == ("2008-04-14", r"c:\windows\system32")


def test_last_table_may_be_cut_off(tmp_path):
    (report,) = read(tmp_path, MSINFO[: MSINFO.index("[Loaded Modules]")])
    assert report.whole == {"drivers"}


def test_captions_in_another_language(tmp_path):
    text = (
        "Systeminformationsbericht erstellt am: 14.03.09 09:26:53\nSystemname: HOSTB\n[Systemübersicht]\n\n"
        "Element\tWert\t\nBetriebssystemname\tMicrosoft Windows 10 Pro\t\nVersion\t10.0.19045 Build 19045\t\n"
    )
    (report,) = read(tmp_path, text.encode("utf-16"))
    assert (report.computer, report.product, report.version) == ("HOSTB", "Windows 10 Pro", "10.0.19045")
    assert (report.service_pack, str(report.taken)) == ("", "2009-03-14T09:26:53")


def test_copy_from_a_web_page_without_tabs(tmp_path):
    text = MSINFO[: MSINFO.index("[Software")].replace("\t\n", " \n").replace("\t", " ")
    (report,) = read(tmp_path, text)
    assert (report.computer, report.version, report.product) == ("HOSTA", "5.1.2600", "Windows XP Professional")


NFO = """<?xml version="1.0"?>
<MsInfo>
<Metadata><Version>8.0</Version><CreationUTC>03/14/09 09:26:53</CreationUTC></Metadata>
<Category name="Resumen del sistema">
<Data><Elemento><![CDATA[Nombre del SO]]></Elemento><Valor><![CDATA[Microsoft Windows 7 Professional]]></Valor></Data>
<Data><Elemento><![CDATA[Versión]]></Elemento><Valor><![CDATA[6.1.7601 Service Pack 1 Build 7601]]></Valor></Data>
<Category name="Entorno de software">
<Category name="Servicios">
<Data><A>Event Log</A><B>eventlog</B><C>En ejecución</C><D>Auto</D><E>Share Process</E>
<F>c:\\windows\\svchost.exe</F><G>Normal</G><H>LocalSystem</H><I>0</I></Data>
</Category>
<Category name="Grupos"></Category>
</Category>
</Category>
</MsInfo>
"""


def nfo_file(tmp_path, raw):
    path = tmp_path / "host.nfo"
    path.write_bytes(raw)
    return nfo.read_inventory(Source(path, "host.nfo"))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8"])
def test_xml_report_in_another_language(tmp_path, encoding):
    (report,) = nfo_file(tmp_path, NFO.encode(encoding))
    assert (report.format, report.product, report.version) == ("nfo", "Windows 7 Professional", "6.1.7601")
    assert (report.service_pack, report.taken) == ("Service Pack 1", parse_time("2009-03-14T09:26:53Z"))
    assert not report.taken.local
    assert report.places["version"].line == 6
    assert report.whole == {"services", "running services"}
    assert [(entry.name, entry.display_name, entry.running, entry.start) for entry in report.services] == [
        ("eventlog", "Event Log", None, 2)
    ]


def test_xml_that_breaks_off_counts_as_far_as_it_goes(tmp_path):
    (report,) = nfo_file(tmp_path, NFO[: NFO.index('<Category name="Grupos')].encode())
    assert (report.version, report.whole) == ("6.1.7601", frozenset())
    assert [warning.kind for warning in report.warnings] == ["truncated"]


def test_xml_with_entities_is_refused(tmp_path):
    bomb = '<?xml version="1.0"?><!DOCTYPE MsInfo [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><MsInfo>&b;</MsInfo>'
    with pytest.raises(EvidenceError, match=r"host\.nfo: has a document type"):
        nfo_file(tmp_path, bomb.encode())


def test_xml_that_nests_too_deep(tmp_path):
    deep = NFO.replace("</MsInfo>", "<Category>" * 5000)
    (report,) = nfo_file(tmp_path, deep.encode())
    assert report.version == "6.1.7601"
    assert "nest too deep" in report.warnings[0].message


def test_xml_that_is_no_report(tmp_path):
    with pytest.raises(EvidenceError, match="holds nothing of a system report"):
        nfo_file(tmp_path, b"<MsInfo></MsInfo>")
