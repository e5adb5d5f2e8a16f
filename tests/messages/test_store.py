from host_builder import FakeRegistry

from evtscan.base.model.event import Event
from evtscan.base.model.source import Location
from evtscan.messages.store import FoundMessage, MessageKey, MessageStore, Refusal, Role, insertion_strings


class Tables:
    """Definitions by source and identifier; what it is asked is kept."""

    name = "tables"

    def __init__(self, known):
        self.known, self.asked = known, []

    def find(self, wanted: MessageKey):
        self.asked.append(wanted)
        return self.known.get((wanted.role, wanted.provider.lower(), wanted.identifier))


def event(**more):
    values = {
        "location": Location(source="System.evt"),
        "sequence": 1,
        "event_id": 7023,
        "qualifiers": 0xC000,
        "provider": "Service Control Manager",
        "channel": "System",
        "data": {"Data1": "Spooler", "Data2": "%%5", "Binary": "FF"},
    }
    return Event(**(values | more))


KNOWN = {
    (Role.EVENT, "service control manager", 0xC0001B6F): FoundMessage("The %1 service terminated: %n%2\r\n"),
    (Role.PARAMETER, "service control manager", 5): FoundMessage("Access is denied.\r\n"),
}


def test_the_identifier_has_32_bits_and_parameters_are_put_into_strings():
    store = MessageStore(Tables(KNOWN))
    assert store.text(event(), "4.0") == "The Spooler service terminated: \nAccess is denied."
    assert store.text(event(qualifiers=0), "4.0") is None
    assert store.warnings == ()


def test_a_message_of_its_own_stays():
    tables = Tables(KNOWN)
    assert MessageStore(tables).text(event(message="as exported"), "4.0") == "as exported"
    assert tables.asked == []


def test_the_classic_name_of_a_source_goes_first():
    known = {(Role.EVENT, "dhcp", 0x3F0): FoundMessage("classic %1")}
    found = event(event_id=1008, qualifiers=0, provider="Microsoft-Windows-Dhcp-Client", event_source_name="Dhcp")
    assert MessageStore(Tables(known)).text(found, "6.1") == "classic Spooler"


def test_what_the_registry_names_is_asked_for():
    path = r"SYSTEM\CurrentControlSet\Services\EventLog\System\Service Control Manager"
    tables = Tables({})
    MessageStore(tables, [FakeRegistry({path: {"EventMessageFile": r"C:\x\NetEvent.dll"}})]).text(event(), "4.0")
    assert [wanted.registered for wanted in tables.asked] == [("netevent.dll",)]


def test_tables_are_asked_once():
    tables = Tables(KNOWN)
    store = MessageStore(tables)
    assert [store.text(event(), "4.0") for _ in range(3)] == ["The Spooler service terminated: \nAccess is denied."] * 3
    assert len(tables.asked) == 2


def test_why_there_is_no_message_is_said_once():
    refused = {
        (Role.EVENT, "service control manager", 0xC0001B6F): Refusal("message_version", "a.dll", "is of another")
    }
    store = MessageStore(Tables(refused))
    for item in (
        event(),
        event(),
        event(qualifiers=None),
        event(qualifiers=None, unreadable=frozenset({"Qualifiers"})),
    ):
        assert store.text(item, "4.0") is None
    assert store.text(event(), None) is None
    assert store.text(event(unreadable=frozenset({"Data"})), "4.0") is None
    assert [warning.kind for warning in store.warnings] == [
        "message_version",
        "message_manifest",
        "message_qualifiers_lost",
        "message_windows_unknown",
        "message_strings_lost",
    ]
    assert (store.warnings[0].location.source, store.warnings[0].message) == ("a.dll", "is of another")
    assert store.warnings[3].location.source == "tables"


def test_assumed_files_are_named():
    known = {(Role.EVENT, "service control manager", 0xC0001B6F): FoundMessage("x", assumed="netevent.dll")}
    store = MessageStore(Tables(known))
    assert store.text(event(), "4.0") == "x"
    (warning,) = store.warnings
    assert warning.kind == "message_file_assumed"
    assert "took netevent.dll for Service Control Manager; add the SYSTEM hive" in warning.message


def test_strings_in_log_order_without_the_binary_data():
    assert insertion_strings({"param1": "a", "Binary": "FF", "List": ["b", "c"]}) == ["a", "b", "c"]
