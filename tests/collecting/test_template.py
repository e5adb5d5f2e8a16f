from pathlib import Path

import pytest

from evtscan.base.model.source import Source
from evtscan.collecting.template import template
from evtscan.parsers.stated.factsfile import read_facts

BLANKS = {
    "os.service_pack": ("Q162396", "Q1"),
    "file.rasarp.sys.date": ("Q162396",),
    r"registry.SYSTEM\CurrentControlSet\Services\Dhcp\Start": ("A title: with a colon",),
}


def read(tmp_path: Path, text: str):
    path = tmp_path / "facts.yaml"
    path.write_text(text, "utf-8")
    return read_facts(Source(path, "facts.yaml"))


def test_a_blank_for_each_fact_with_how_to_find_out_and_who_asks():
    text = template("NTWS07", BLANKS)
    assert "# What no evidence of NTWS07 says." in text
    assert (
        "# number of the service pack, 0 for none; 6a of Windows NT 4.0 is 6 with hotfix Q246009 (integer)\n"
        "# How to find out: export HKEY_LOCAL_MACHINE"
    ) in text
    assert "# Asked for by: Q162396; Q1\nos.service_pack:\n" in text


def test_of_many_rules_that_ask_the_first_are_named():
    text = template("NTWS07", {"os.version": [f"Q{number}" for number in range(1, 9)]})
    assert "# Asked for by: Q1; Q2; Q3; Q4; Q5 and 3 more rules\n" in text


def test_as_it_is_it_states_nothing(tmp_path):
    facts = read(tmp_path, template("NTWS07", BLANKS))
    assert (facts.entries, facts.warnings) == ((), ())


def test_filled_in_it_is_a_facts_file(tmp_path):
    text = (
        template("NTWS07", BLANKS).replace("os.service_pack:\n", "os.service_pack: 2\n").replace('Start":', 'Start": 2')
    )
    facts = read(tmp_path, text)
    assert {entry.name: entry.value for entry in facts.entries} == {
        "os.service_pack": 2,
        r"registry.SYSTEM\CurrentControlSet\Services\Dhcp\Start": 2,
    }


def test_nothing_to_ask(tmp_path):
    text = template("NTWS07", {})
    assert text == "# NTWS07: no rule asks for a fact that is not known.\n"
    assert read(tmp_path, text).entries == ()


@pytest.mark.parametrize("text", ["a\nos.version: '5.0'", "a\r\nx: y", "a\u2028x: y", "é: [", '"', "#"])
def test_names_cannot_state_anything(tmp_path, text):
    facts = read(tmp_path, template(text, {f"registry.{text}": (text,)}))
    assert facts.entries == ()
