"""The values of an event in words, as a rule states them or by the fields that it tests."""

import pytest
from host_builder import event

from evtscan.detection.load.loader import load_rules
from evtscan.verdicts.eventwords import event_words

RULE = """
title: Service did not start
id: 5e0f1f5a-7d5c-4a3b-9a41-0d1f8a1c0002
status: stable
logsource: {product: windows, service: system}
detection:
    selection: {Provider_Name: Dhcp, EventID: 1008, param2|startswith: '%%', Level: 2}
    filter: {param9: x}
    condition: selection and not filter
level: medium
known_issue:
    kind: failure
    when: {os.version: '10.0'}
    EXTRA
    cause: x
    remedy: [Look at ImagePath.]
"""


@pytest.fixture
def rule(tmp_path):
    def load(extra="report_exposed: false"):
        path = tmp_path / "rule.yml"
        path.write_text(RULE.replace("EXTRA", extra))
        loaded = load_rules([path], fact_known=lambda name: True)
        return loaded.rules[0] if loaded.rules else loaded.refused

    return load


def test_a_rule_words_the_values(rule):
    said = rule("says: '{param1/Data1} did not start: {param2|error}'")
    assert event_words(said, event(1, param1="Spooler", param2="%%5")) == "Spooler did not start: %%5 (access denied)"
    assert event_words(said, event(1, Data1="Spooler", param2="7")) == "Spooler did not start: 7"
    assert event_words(said, event(1, param1="Spooler")) == "Spooler did not start: (param2 is not in the event)"
    assert event_words(said, event(1, other="x")) == ""


def test_else_the_fields_that_it_tests_and_that_its_remedy_names(rule):
    data = {"param1": "Spooler", "param2": "%%1053", "param9": "y", "ImagePath": "spoolsv.exe", "Other": "x"}
    expected = "param2 is %%1053 (the service did not respond in time); ImagePath is spoolsv.exe"
    assert event_words(rule(), event(1, **data)) == expected
    assert event_words(rule(), event(1)) == ""


def test_long_values_are_cut(rule):
    words = event_words(rule("says: 'It was {param1}'"), event(1, param1="x" * 5000))
    assert len(words) < 140


@pytest.mark.parametrize("text", ["no field", "{a|upper}", "{a} and {", "{a}}"])
def test_a_wrong_template_is_refused(rule, text):
    (refused,) = rule(f"says: '{text}'")
    assert refused.key == "known_issue.says"
