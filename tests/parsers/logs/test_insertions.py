import pytest

from evtscan.parsers.logs.insertions import data_of_message, insertion_strings

XP = (
    "The description for Event ID ( 7000 ) in Source ( X ) cannot be found. The local computer may not have the "
    "necessary registry information or message DLL files to display messages from a remote computer. You may be able "
    "to use the /AUXSOURCE= flag to retrieve this description; see Help and Support for details. The following "
    "information is part of the event: {}."
)
VISTA = (
    "The description for Event ID 7000 from source X cannot be found. Either the component that raises this event is "
    "not installed on your local computer or the installation is corrupted.\n\nIf the event originated on another "
    "computer, the display information had to be saved with the event.\n\nThe following information was included "
    "with the event: \n\n{}\n\nThe message resource is present but the message was not found in the message table"
)
NT = (
    "The description for Event ID ( 7000 ) in Source ( X ) could not be found. "
    "It contains the following insertion string(s): {}."
)


@pytest.mark.parametrize(
    ("message", "strings"),
    [
        (NT.format("a, b c, d."), ("a", "b c", "d.")),
        (NT.format("a"), ("a",)),
        (NT.format(""), ()),
        (NT.format("a").replace("following insertion", "following\ninsertion"), ("a",)),
        (XP.format("a, b"), ("a", "b")),
        (XP.format(""), ()),
        (XP.format("'a'"), ("'a'",)),
        (XP.format("'C: drive', '', 'b, c.'").removesuffix("."), ("C: drive", "", "b, c.")),
        (VISTA.format("a\nb c"), ("a", "b c")),
        (VISTA.format("a\n\nc"), ("a", "", "c")),
        ("The DHCP Client: It contains the following insertion string(s): a.", None),
        ("The description for Event ID ( 1 ) in Source ( X ) is unknown", None),
        ("", None),
    ],
)
def test_strings_of_the_sentence(message: str, strings: tuple[str, ...] | None) -> None:
    assert insertion_strings(message) == strings


def test_one_string_is_exact_and_several_may_be_fewer() -> None:
    assert data_of_message(NT.format("a")) == ({"Data1": "a"}, {"Binary"})
    assert data_of_message(NT.format("a, b")) == ({"Data1": "a", "Data2": "b"}, {"Data"})
    assert data_of_message(VISTA.format("a")) == ({"Data1": "a"}, {"Data"}), "from Vista on it may have had a name"
    assert data_of_message(NT.format("")) == ({}, {"Data"})
    assert data_of_message("Any other text") == ({}, {"Data"})
