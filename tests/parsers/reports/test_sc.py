from report_samples import SC_QC, SC_QUERY, read


def test_query_of_all_services_and_drivers(tmp_path):
    (report,) = read(tmp_path, SC_QUERY)
    assert report.whole == {"services", "running services", "drivers"}
    assert [(entry.name, entry.display_name, entry.running, entry.location.line) for entry in report.services] == [
        ("Eventlog", "Event Log", True, 2),
        ("TlntSvr", "Telnet", False, 12),
        ("Npfs", "Npfs", True, 19),
        ("RasArp", "Remote Access ARP Service", False, 24),
    ]


def test_query_of_what_runs(tmp_path):
    blocks = [block for block in SC_QUERY.split("\n\n") if "STOPPED" not in block]
    (report,) = read(tmp_path, "\n\n".join(blocks) + "\n\n")
    assert report.whole == {"running services"}


def test_query_that_shows_a_part_is_not_whole(tmp_path):
    (report,) = read(tmp_path, SC_QUERY + "Enum: more data, need 1344 bytes start resume at index 76\n")
    assert report.whole == frozenset()
    (report,) = read(tmp_path, SC_QUERY.rstrip()[:-3])
    assert report.whole == frozenset()
    (report,) = read(tmp_path, SC_QUERY.replace("DISPLAY_NAME: Telnet\n", ""))
    assert report.whole == frozenset()


def test_configuration_joins_what_a_query_says(tmp_path):
    (report,) = read(tmp_path, SC_QC + SC_QUERY)
    rasarp = report.services[0]
    assert (rasarp.name, rasarp.display_name) == ("RasArp", "Remote Access ARP Service")
    assert (rasarp.start, rasarp.running, rasarp.path) == (3, False, r"system32\drivers\rasarp.sys")
    assert len(report.services) == 4


def test_labels_in_another_language(tmp_path):
    text = SC_QUERY.replace("SERVICE_NAME", "NOMBRE_SERVICIO").replace("DISPLAY_NAME", "NOMBRE_MOSTRAR")
    text = text.replace("TYPE  ", "TIPO  ").replace("STATE ", "ESTADO")
    (report,) = read(tmp_path, text)
    assert [entry.name for entry in report.services] == ["Eventlog", "TlntSvr", "Npfs", "RasArp"]
    assert report.services[3].display_name == "Remote Access ARP Service"
    assert report.whole == {"services", "running services", "drivers"}


def test_psservice(tmp_path):
    text = (
        "SERVICE_NAME: Dhcp\nDISPLAY_NAME: DHCP Client\nManages network configuration by registering: addresses\n"
        "\tTYPE\t\t: 20 WIN32_SHARE_PROCESS\n\tSTATE\t\t: 4  RUNNING\n\t\t\t(STOPPABLE,NOT_PAUSABLE)\n"
    )
    (report,) = read(tmp_path, text)
    (entry,) = report.services
    assert (entry.name, entry.display_name, entry.running) == ("Dhcp", "DHCP Client", True)
