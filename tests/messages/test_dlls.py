from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from message_files import DHCP_2000, message_file

from evtscan.messages import dlls
from evtscan.messages.dlls import MessageFiles, load
from evtscan.messages.store import FoundMessage, MessageKey, Refusal, Role

ONE = {0x3F0: "from this file"}
NT4 = {"version": (4, 0, 1381, 4), "product": "Microsoft(R) Windows NT(TM) Operating System"}


def wanted(identifier=0x3F0, *, provider="Dhcp", version="5.0", registered=(), role=Role.EVENT):
    return MessageKey(role, identifier, provider, "System", version, registered)


def folder(tmp_path: Path, **files: bytes) -> Path:
    for name, raw in files.items():
        path = tmp_path / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)
    return tmp_path


def test_a_registered_file_serves_events_of_its_own_windows(tmp_path):
    files = MessageFiles(folder(tmp_path, DHCPCSVC_dll=message_file(DHCP_2000)))
    assert files.find(wanted(registered=("dhcpcsvc.dll",))) == FoundMessage(DHCP_2000[0x3F0])
    assert files.find(wanted(0x7FFF, registered=("dhcpcsvc.dll",))) is None


def test_a_file_of_windows_2000_says_nothing_of_the_events_of_nt_4(tmp_path):
    files = MessageFiles(folder(tmp_path, dhcpcsvc_dll=message_file(DHCP_2000)))
    refusal = files.find(wanted(version="4.0", registered=("dhcpcsvc.dll",)))
    assert refusal == Refusal(
        "message_version",
        "dhcpcsvc.dll",
        "is of Windows 5.0, so the events of Windows 4.0 get no message from it",
    )


def test_what_the_user_says_does_not_go_before_what_a_file_says(tmp_path):
    files = MessageFiles(folder(tmp_path, dhcpcsvc_dll=message_file(DHCP_2000)), "4.0")
    assert isinstance(files.find(wanted(version="4.0")), Refusal)


def test_of_two_copies_the_one_of_the_right_windows_is_taken(tmp_path):
    place = folder(
        tmp_path,
        nt4__dhcpcsvc_dll=message_file({0x3F0: "of NT"}, **NT4),
        w2k__dhcpcsvc_dll=message_file({0x3F0: "of 2000"}),
    )
    files = MessageFiles(place)
    assert files.find(wanted(version="4.0")) == FoundMessage("of NT", assumed="dhcpcsvc.dll")
    assert files.find(wanted(version="5.0")) == FoundMessage("of 2000", assumed="dhcpcsvc.dll")
    assert isinstance(files.find(wanted(version="5.1")), Refusal)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (message_file(ONE, version=None), "does not say of which Windows it is"),
        (message_file(ONE, version=(5, 0, 1, 1), product="Contoso Backup"), "belongs to Contoso Backup"),
    ],
)
def test_a_file_that_does_not_say_of_which_windows_it_is_needs_somebody_who_does(tmp_path, raw, why):
    place = folder(tmp_path, contoso_dll=raw)
    refusal = MessageFiles(place).find(wanted(provider="Contoso"))
    assert isinstance(refusal, Refusal)
    assert (refusal.kind, refusal.source) == ("message_version_unknown", "contoso.dll")
    assert refusal.why.startswith(why)
    assert refusal.why.endswith("--messages FOLDER@5.0")
    assert MessageFiles(place, "5.0").find(wanted(provider="Contoso")) == FoundMessage("from this file", "contoso.dll")
    assert isinstance(MessageFiles(place, "5.1").find(wanted(provider="Contoso")), Refusal)


def test_without_a_registry_the_file_goes_by_a_known_name_or_by_that_of_the_source(tmp_path):
    place = folder(tmp_path, netevent_dll=message_file({1: "net"}), w32time_dll=message_file({1: "time"}))
    files = MessageFiles(place)
    assert files.find(wanted(1, provider="EventLog")) == FoundMessage("net", assumed="netevent.dll")
    assert files.find(wanted(1, provider="W32Time")) == FoundMessage("time", assumed="w32time.dll")
    assert files.find(wanted(1, provider="Unheard Of")) is None
    assert files.find(wanted(1, provider="../w32time")) is None


def test_texts_in_a_language_file(tmp_path):
    place = folder(
        tmp_path,
        dhcpcore_dll=message_file({1: "else"}, version=(6, 1, 7601, 1)),
        **{"en-US__dhcpcore_dll_mui": message_file(ONE, version=(6, 1, 7601, 1))},
    )
    assert MessageFiles(place).find(wanted(version="6.1")) == FoundMessage("from this file", assumed="dhcpcore.dll.mui")


def test_english_goes_before_other_languages(tmp_path):
    place = folder(tmp_path, a_dll=message_file({0x407: {1: "deutsch"}, 0x409: {1: "English"}, 0: {1: "neutral"}}))
    assert load(place / "a.dll").messages == {1: "English"}
    place = folder(tmp_path, b_dll=message_file({0x419: {1: "russkij"}, 0x407: {1: "deutsch"}}))
    assert load(place / "b.dll").messages == {1: "deutsch"}


def test_the_folder_of_english_texts_goes_before_those_of_other_languages(tmp_path):
    files = {
        "de-DE__a_dll_mui": message_file({0x407: {1: "deutsch"}}),
        "en-US__a_dll_mui": message_file({0x409: {1: "English"}}),
    }
    found = MessageFiles(folder(tmp_path, **files)).find(wanted(1, registered=("a.dll",)))
    assert found == FoundMessage("English")


def test_parameter_messages_are_those_of_the_registered_file_or_of_the_system(tmp_path):
    place = folder(tmp_path, kernel32_dll=message_file({5: "Access is denied."}), mine_dll=message_file({5: "Mine"}))
    files = MessageFiles(place)
    found = files.find(wanted(5, role=Role.PARAMETER))
    assert isinstance(found, FoundMessage)
    assert found.definition == "Access is denied."
    assert files.find(wanted(5, role=Role.PARAMETER, registered=("mine.dll",))) == FoundMessage("Mine")


@pytest.mark.parametrize("raw", [b"MZ", b"MZ" + bytes(100), message_file(ONE)[:300], b"not a program"])
def test_a_file_that_cannot_be_read_says_so(tmp_path, raw):
    refusal = MessageFiles(folder(tmp_path, dhcpcsvc_dll=raw)).find(wanted())
    assert isinstance(refusal, Refusal)
    assert (refusal.kind, refusal.source) == ("message_file_unreadable", "dhcpcsvc.dll")
    assert refusal.why.endswith("copy it again")


def test_sizes_and_numbers_are_bounded(tmp_path, monkeypatch):
    place = folder(tmp_path, a_dll=message_file(ONE), b_dll=message_file(ONE))
    monkeypatch.setattr(dlls, "MAX_FILES", 1)
    assert MessageFiles(place).find(wanted(provider="B")) is None
    monkeypatch.setattr(dlls, "MAX_SIZE", 100)
    assert load(place / "a.dll").flaw == "larger than 0 MiB, the limit for a message file"


def test_tables_of_other_languages_take_no_memory(tmp_path, monkeypatch):
    languages = []
    monkeypatch.setattr(dlls, "read_table", lambda raw, language: languages.append(language) or {1: "text"})
    load(folder(tmp_path, a_dll=message_file({0x407: {1: "a"}, 0x409: {1: "b"}, 0x40C: {1: "c"}})) / "a.dll")
    assert languages == [0x409]


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(60, 1600), st.integers(0, 255)), max_size=8), st.integers(64, 2048))
def test_damage(tmp_path, changes, cut):
    raw = bytearray(message_file(DHCP_2000))
    for place, byte in changes:
        if place < len(raw):
            raw[place] = byte
    path = tmp_path / "x.dll"
    path.write_bytes(raw[:cut])
    file = load(path)
    assert file.flaw == "" or not file.messages
