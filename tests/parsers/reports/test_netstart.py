from report_samples import NET_START, read


def test_running_services(tmp_path):
    (report,) = read(tmp_path, NET_START)
    assert [(entry.display_name, entry.running) for entry in report.services] == [
        ("Alerter", True),
        ("EventLog", True),
        ("Remote Access Connection Manager", True),
    ]
    assert report.whole == {"running services"}


def test_without_its_closing_line_it_is_not_whole(tmp_path):
    (report,) = read(tmp_path, NET_START[: NET_START.index("The command")])
    assert (len(report.services), report.whole) == (3, frozenset())


def test_another_language(tmp_path):
    text = "Folgende Windows-Dienste sind gestartet:\n\n   Ereignisprotokoll\n   Server\n   Arbeitsstation\n\n"
    text += "Der Befehl wurde ausgeführt.\n"
    (report,) = read(tmp_path, text.encode("cp850"))
    assert [entry.display_name for entry in report.services] == ["Ereignisprotokoll", "Server", "Arbeitsstation"]
    assert report.whole == frozenset()
