from report_samples import IPCONFIG_NT, read


def test_nt_names_adapters_by_their_service(tmp_path):
    (report,) = read(tmp_path, IPCONFIG_NT)
    assert (report.computer, report.version) == ("ntbox.example.com", None)
    assert [(entry.name, entry.running) for entry in report.services] == [("El90x1", None), ("NdisWan5", None)]
    assert report.places["computer"].line == 4


def test_later_adapters_are_connections(tmp_path):
    text = IPCONFIG_NT.replace("Windows NT IP", "Windows 2000 IP")
    (report,) = read(tmp_path, text)
    assert (report.version, report.services) == ("5.0", ())


def test_another_language(tmp_path):
    text = (
        "\nWindows-IP-Konfiguration\n\n   Hostname  . . . . . . . . . . . . : HOSTG\n"
        "   Primäres DNS-Suffix . . . . . . . : \n   Knotentyp . . . . . . . . . . . . : Hybrid\n\n"
        "Ethernet-Adapter LAN:\n\n   Beschreibung. . . . . . . : Example\n"
    )
    (report,) = read(tmp_path, text.encode("cp850"))
    assert (report.computer, report.services) == ("HOSTG", ())


def test_the_first_line_below_an_adapter_is_no_host(tmp_path):
    text = "\nWindows IP Configuration\n\n\nEthernet adapter LAN:\n\n   IP Address. . . . . . . . . : 192.0.2.7\n"
    text += "C:\\>ver\n\nWindows NT Version 4.0\n"
    reports = read(tmp_path, text)
    assert [report.format for report in reports] == ["ver"]
