import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evtscan.messages import render as module
from evtscan.messages.render import parameter_text, render


@pytest.mark.parametrize(
    ("definition", "strings", "text"),
    [
        ("The %1 service failed: %n%t%2.\r\n", ["Spooler", "disk full"], "The Spooler service failed: \n\tdisk full."),
        ("Name%0 and what stands behind\r\n", [], "Name"),
        ("100%% sure%. Really%!", [], "100% sure. Really!"),
        ("a%bb% c%rd", [], "a b c\nd"),
        ("%1!s!, %2!S!, %3!ws!, %4!ls!", ["a", "b", "c", "d"], "a, b, c, d"),
        ("[%1!5s!] [%2!-5s!] [%3!.2s!]", ["ab", "cd", "efgh"], "[   ab] [cd   ] [ef]"),
        ("0x%1!08lx! 0x%2!X! %3!u! %4!I64x!", ["255", "-1", "7", "4294967296"], "0x000000ff 0xFFFFFFFF 7 100000000"),
        ("%1!x!", ["\\Device\\X"], "\\Device\\X"),
        ("Stop %1! Then %2!*.*s!.", ["now", "go"], "Stop now! Then go."),
        ("%1 %2 %12", ["a"], "a %2 %12"),
        ("%1", ["C:\\%2 100%% %n"], "C:\\%2 100%% %n"),
        ("dots...\r\n\r\n", [], "dots..."),
        ("%z %", [], "%z %"),
        ("", ["a"], ""),
    ],
)
def test_escapes_of_format_message(definition, strings, text):
    assert render(definition, strings) == text


def test_a_driver_message_begins_with_the_second_string_because_the_first_is_the_device():
    definition = "The system detected an address conflict for IP address %2 with the system having hardware address %3."
    assert render(definition, ["\\Device\\Tcpip", "10.0.0.9", "00:A0:24"]) == (
        "The system detected an address conflict for IP address 10.0.0.9 with the system having hardware address "
        "00:A0:24."
    )


def test_parameter_messages_stand_for_numbers_in_strings_and_in_what_the_definition_gives():
    known = {126: "The specified module could not be found.", 1833: "Yes"}
    assert render("Error: %n%1", ["%%126"], known.get) == "Error: \nThe specified module could not be found."
    assert render("Allowed: %%%%1833, %%%%9", [], known.get) == "Allowed: Yes, %%9"
    numbers = "%%99999999999 %%4294967296"
    assert render("%1", [numbers], lambda number: "never") == numbers


def test_a_parameter_message_keeps_its_own_placeholders_and_loses_its_line_break():
    assert parameter_text("%1 is not a valid program.%0\r\n") == "%1 is not a valid program."


def test_what_grows_beyond_measure_is_cut():
    assert len(render("%1" * 10_000, ["x" * 100_000])) == module.LONGEST
    assert len(render("%1", ["%%1" * 10_000], lambda number: "y" * 100_000)) == module.LONGEST


@settings(deadline=None, max_examples=100)
@given(
    st.text(alphabet="%!0123456789nrtbsxud.*-# \r\nI64lw\0é", max_size=60), st.lists(st.text(max_size=5), max_size=3)
)
def test_any_definition_renders(definition, strings):
    text = render(definition, strings, lambda number: "p")
    assert not text.endswith("\n")
    assert len(text) <= module.LONGEST
    if "%" not in definition and not any("%" in string for string in strings):
        assert text == definition.replace("\r\n", "\n").replace("\r", "\n").rstrip(" \n\0")
