import sqlite3
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from message_files import DHCP_2000, container_store, winevt_kb, winevt_rc

from evtscan.base.errors import EvidenceError
from evtscan.messages import winevtrc
from evtscan.messages.store import FoundMessage, MessageKey, Refusal, Role
from evtscan.messages.winevtrc import open_database


def wanted(identifier=0x3F0, *, provider="DHCP", version="5.0", role=Role.EVENT):
    return MessageKey(role, identifier, provider, "System", version)


def test_winevt_kb_has_a_table_for_each_version(tmp_path):
    tables = {"5.0.2195.6685": {0x3F0: "of 2000"}, "5.1.2600.5512": {0x3F0: "of XP", 0xC0000001: "only XP"}}
    path = winevt_kb(tmp_path, tables=tables, parameter_tables={"5.1.2600.0": {5: "Access is denied."}})
    database = open_database(path)
    assert database.find(wanted()) == FoundMessage("of 2000")
    assert database.find(wanted(version="5.1")) == FoundMessage("of XP")
    assert database.find(wanted(0xC0000001, version="5.1")) == FoundMessage("only XP")
    assert database.find(wanted(5, version="5.1", role=Role.PARAMETER)) == FoundMessage("Access is denied.")
    assert database.find(wanted(0x1234)) is None
    assert database.find(wanted(provider="DhcpServer")) is None


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        (PurePosixPath("/a b/kb.db"), "file:///a%20b/kb.db"),
        (PureWindowsPath(r"C:\kb.db"), "file:///C:/kb.db"),
        (PureWindowsPath(r"\\server\share\kb.db"), "file:////server/share/kb.db"),
    ],
)
def test_a_database_is_opened_on_a_drive_and_on_a_share(path, uri):
    """SQLite refuses a URI that names a server."""
    assert winevtrc._uri(path) == f"{uri}?mode=ro&immutable=1"


def test_winevt_kb_does_not_render_the_events_of_another_windows(tmp_path):
    path = winevt_kb(tmp_path, tables={"5.0.2195.6685": DHCP_2000, "5.1.2600.5512": DHCP_2000})
    refusal = open_database(path, "4.0").find(wanted(version="4.0"))
    assert refusal == Refusal(
        "message_version",
        "winevt-kb.db",
        "dhcpcsvc.dll is there of Windows 5.0, 5.1, and not of Windows 4.0: events of another Windows get no message "
        "from it",
    )


def test_a_companion_outside_of_the_folder_is_not_opened(tmp_path):
    inner = tmp_path / "inner"
    inner.mkdir()
    path = winevt_kb(inner, tables={"5.0.2195.1": DHCP_2000})
    (inner / "dhcpcsvc.dll.db").rename(tmp_path / "dhcpcsvc.dll.db")
    database = sqlite3.connect(path)
    database.execute("UPDATE message_files SET database_filename = '../dhcpcsvc.dll.db'")
    database.commit()
    database.close()
    assert open_database(path).find(wanted()) is None


def test_winevt_rc_is_used_only_for_the_windows_that_the_user_names(tmp_path):
    path = winevt_rc(tmp_path / "winevt-rc.db", messages=DHCP_2000)
    refusal = open_database(path).find(wanted())
    assert isinstance(refusal, Refusal)
    assert refusal.kind == "message_version_unknown"
    assert refusal.why == (
        "does not say of which Windows its message of dhcpcsvc.dll is, so events get none from it; if its messages are "
        "those of Windows 5.0, say so: --messages winevt-rc.db@5.0"
    )
    assert open_database(path, "5.0").find(wanted()) == FoundMessage(DHCP_2000[0x3F0])
    assert isinstance(open_database(path, "5.0").find(wanted(version="4.0")), Refusal)
    assert open_database(path, "5.0").find(wanted(0x9999)) is None


def test_python_formats_are_refused(tmp_path):
    path = winevt_rc(tmp_path / "winevt-rc.db", messages=DHCP_2000, string_format="pep3101")
    with pytest.raises(EvidenceError, match=r"winevt-rc\.db: its string format is 'pep3101'; export it again with wrc"):
        open_database(path)


def test_container_store(tmp_path):
    files = [("dhcpcsvc.dll", "5.0.2195.6685", {0x3F0: "of 2000"}), ("dhcpcsvc.dll", "5.2.3790.0", {0x3F0: "of 2003"})]
    database = open_database(container_store(tmp_path / "rc.db", files=files))
    assert database.find(wanted()) == FoundMessage("of 2000")
    assert database.find(wanted(version="5.2")) == FoundMessage("of 2003")
    refusal = database.find(wanted(version="4.0"))
    assert isinstance(refusal, Refusal)
    assert refusal.kind == "message_version"
    assert database.find(wanted(1)) is None


def test_container_store_without_versions(tmp_path):
    path = container_store(tmp_path / "rc.db", files=[("dhcpcsvc.dll", None, DHCP_2000)])
    refusal = open_database(path).find(wanted())
    assert isinstance(refusal, Refusal)
    assert refusal.kind == "message_version_unknown"
    assert open_database(path, "5.0").find(wanted()) == FoundMessage(DHCP_2000[0x3F0])


def test_parameter_messages_of_the_system_where_the_provider_names_no_file(tmp_path):
    files = [("kernel32.dll", "5.0.2195.1", {126: "not found"})]
    database = open_database(container_store(tmp_path / "rc.db", files=files))
    assert database.find(wanted(126, role=Role.PARAMETER)) == FoundMessage("not found")


def test_another_database_is_none(tmp_path):
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE notes (text TEXT)")
    database.close()
    with pytest.raises(EvidenceError, match=r"other\.db: a database, but neither winevt-rc nor winevt-kb"):
        open_database(path)


def test_views_and_endless_queries_take_no_part(tmp_path, monkeypatch):
    path = winevt_rc(tmp_path / "winevt-rc.db", messages=DHCP_2000)
    endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x, x FROM c"
    with sqlite3.connect(path) as database:
        database.execute("DROP TABLE message_table_7_0x00000409")
        database.execute(f"CREATE VIEW message_table_7_0x00000409 (message_identifier, message_string) AS {endless}")
    database.close()
    assert open_database(path, "5.0").find(wanted()) == FoundMessage(f"(deutsch) {DHCP_2000[0x3F0]}")
    monkeypatch.setattr(winevtrc, "MOST_STEPS", 10)
    with pytest.raises(EvidenceError, match="interrupted"):
        open_database(path, "5.0")._database.rows(endless, most=1 << 30)


def test_the_database_is_not_written_to(tmp_path):
    path = winevt_rc(tmp_path / "winevt-rc.db", messages=DHCP_2000)
    database = open_database(path)
    with pytest.raises(EvidenceError, match="readonly"):
        database._database.rows("DELETE FROM message_files")


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(16, 28_000), st.integers(0, 255)), min_size=1, max_size=12), st.booleans())
def test_damage(tmp_path, changes, newer):
    path = tmp_path / "damaged.db"
    path.unlink(missing_ok=True)
    if newer:
        container_store(path, files=[("dhcpcsvc.dll", "5.0.2195.1", DHCP_2000)])
    else:
        winevt_rc(path, messages=DHCP_2000)
    raw = bytearray(path.read_bytes())
    for place, byte in changes:
        raw[place % len(raw)] = byte
    path.write_bytes(raw)
    try:
        answer = open_database(path, "5.0").find(wanted())
    except EvidenceError:
        return
    assert answer is None or isinstance(answer, FoundMessage | Refusal)


@pytest.mark.parametrize("kind", ["VIRTUAL", "STORED"])
def test_a_database_with_computed_columns_is_refused(tmp_path, kind):
    """Their expressions run for as long as they like: SQLite counts steps, and a call is one of them."""
    path = winevt_kb(tmp_path, tables={"5.0.2195.1": DHCP_2000})
    database = sqlite3.connect(path)
    database.execute(f"CREATE TABLE other (a, b AS (length(hex(zeroblob(400000)))) {kind})")
    database.commit()
    database.close()
    with pytest.raises(EvidenceError, match="computed"):
        open_database(path)
