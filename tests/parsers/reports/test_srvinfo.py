from report_samples import SRVINFO, read


def test_report(tmp_path):
    (report,) = read(tmp_path, SRVINFO)
    assert (report.computer, report.version, report.build) == ("NTBOX", "4.0", "1381")
    assert (report.service_pack, report.kernel_type, report.role) == ("Service Pack 6", "Uniprocessor Free", "server")
    assert (report.product, report.hotfixes) == (None, ("Q147222", "Q246009"))
    assert report.whole == {"hotfixes", "services", "running services"}
    assert [(entry.display_name, entry.running) for entry in report.services] == [
        ("Alerter", True),
        ("EventLog", True),
        ("Remote Access Server", False),
    ]


def test_crash_in_the_middle(tmp_path):
    (report,) = read(tmp_path, SRVINFO[: SRVINFO.index("Drive:")])
    assert (report.hotfixes, report.whole) == (("Q147222", "Q246009"), frozenset())


def test_a_domain_controller_and_no_pack(tmp_path):
    (report,) = read(tmp_path, SRVINFO.replace("Member Server", "Domain Controller").replace(", Service Pack 6", ""))
    assert (report.role, report.service_pack) == ("domain controller", None)
