"""A word finds what the rules know of it: rules by their names, events by their meanings."""

from collections.abc import Sequence
from pathlib import Path
from textwrap import indent

import pytest

from evtscan.detection.load.loader import load_rules
from evtscan.detection.load.sourcenames import rows
from evtscan.detection.model.rule import Rule
from evtscan.facts.catalogue.names import is_known
from evtscan.lookup import (
    NOTHING,
    Answer,
    around_of,
    derived_of,
    details_of,
    doubts_of,
    event_called,
    events_of,
    known_of,
    rules_called,
    rules_mentioning,
    rules_near,
    words_of,
)

ID = "00000000-0000-4000-8000-000000000002"
RULE = """\
title: {title}
id: 00000000-0000-4000-8000-{number:012}
logsource: {{product: windows, service: system}}
detection:
    s: {selection}
    condition: s
known_issue:
    article: {article}
    kind: defect
{more}
"""


def rules_of(folder: Path, *described: dict[str, str]) -> tuple[Rule, ...]:
    for number, item in enumerate(described, 1):
        values = {"title": f"Rule {number}", "article": "", "more": "", **item}
        text = RULE.format(number=number, **(values | {"more": indent(values["more"], "    ")}))
        (folder / f"rule-{number}.yml").write_text(text)
    loaded = load_rules([folder], fact_known=is_known)
    assert loaded.problems == ()
    return loaded.rules


def told(answer: Answer) -> list[tuple[str, list[tuple[str, str]]]]:
    return [
        (meanings.heading, [(item.rule.info.title, str(item.products)) for item in meanings.found])
        for meanings in answer.meanings
    ]


def known(rules: Sequence[Rule], word: str) -> Answer:
    event = event_called(word)
    assert event is not None
    return known_of(rules, event)


# -------------------------------------------------------------------------------------------------------- rules


@pytest.mark.parametrize(
    "word",
    ["Q162396", "q162396", "162396", " Q162396 ", "Rule 2", "rule 2", "rule-2", "rule-2.yml", ID],
)
def test_a_rule_has_many_names(tmp_path, word):
    rules = rules_of(
        tmp_path,
        {"selection": "{Provider_Name: Dhcp, EventID: 1007}", "article": "KB162397"},
        {"selection": "{Provider_Name: Dhcp, EventID: 1008}", "article": "Q162396"},
    )
    assert [rule.info.title for rule in rules_called(rules, word)] == ["Rule 2"]


@pytest.mark.parametrize("word", ["", "Q1623", "62396", "Q162397", "rule"])
def test_what_is_no_name_finds_nothing(tmp_path, word):
    rules = rules_of(
        tmp_path,
        {"selection": "{Provider_Name: Dhcp, EventID: 1007}", "article": "KB162397"},
    )
    assert rules_called(rules, word) == []


def test_an_article_may_have_several_rules_and_a_vulnerability_has_no_number(tmp_path):
    rules = rules_of(
        tmp_path,
        {"selection": "{Provider_Name: Dhcp, EventID: 1}", "article": "Q100000"},
        {"selection": "{Provider_Name: Dhcp, EventID: 2}", "article": "Q100000"},
        {"selection": "{Provider_Name: Dhcp, EventID: 3}", "article": "CVE-2021-26414"},
    )
    assert [rule.info.title for rule in rules_called(rules, "100000")] == ["Rule 1", "Rule 2"]
    assert rules_called(rules, "2021") == []
    assert len(rules_called(rules, "cve-2021-26414")) == 1


def test_rules_that_mention_an_article(tmp_path):
    rules = rules_of(
        tmp_path,
        {
            "selection": "{Provider_Name: Dhcp, EventID: 1}",
            "more": "cause: See Q100001.\nlookalikes: [cve-2021-26414, KB5004442]",
        },
    )
    for word in ("Q100001", "q100001", "100001", "CVE-2021-26414", "kb5004442"):
        assert len(rules_mentioning(rules, word)) == 1, word
    for word in ("Q10000", "Q1000012", "KB100001", "CVE-2021-2641", "00001", "see", "1"):
        assert rules_mentioning(rules, word) == [], word


@pytest.mark.parametrize(
    ("word", "titles"),
    [
        ("decline", ["DHCP decline fails"]),
        ("stops spooler", ["Print spooler stops"]),
        ("Print spoler stop", ["Print spooler stops"]),
        ("s", []),
        ("Q162397", []),
    ],
)
def test_rules_that_somebody_may_have_meant(tmp_path, word, titles):
    rules = rules_of(
        tmp_path,
        {"selection": "{Provider_Name: Dhcp, EventID: 1}", "title": "DHCP decline fails", "article": "Q162396"},
        {"selection": "{Provider_Name: Dhcp, EventID: 2}", "title": "Print spooler stops"},
    )
    assert [rule.info.title for rule in rules_near(rules, word)] == titles


# ------------------------------------------------------------------------------------------------------- events


@pytest.mark.parametrize(
    ("word", "provider", "event_id"),
    [
        ("1008", "", 1008),
        ("Dhcp/1008", "Dhcp", 1008),
        ("Dhcp 1008", "Dhcp", 1008),
        (" Service Control Manager / 7023 ", "Service Control Manager", 7023),
        ("Microsoft-Windows-WindowsUpdateClient/20", "Microsoft-Windows-WindowsUpdateClient", 20),
        ("A/B/7", "A/B", 7),
    ],
)
def test_an_event_is_a_source_and_a_number_or_the_number(word, provider, event_id):
    event = event_called(word)
    assert event is not None
    assert (event.provider, event.event_id) == (provider, event_id)


@pytest.mark.parametrize("word", ["", "Q162396", "Dhcp", "Dhcp/", "Dhcp/x", "/1008x", "12345678901"])
def test_other_words_are_no_events(word):
    assert event_called(word) is None


def test_a_number_alone_tells_its_meanings_by_source_and_product(tmp_path):
    rules = rules_of(
        tmp_path,
        {"selection": "{Provider_Name: Dhcp, EventID: 1008}", "more": "when: {os.version: '>=5.0, <6.0'}"},
        {"selection": "{Provider_Name: Dhcp, EventID: 1008}"},
        {
            "selection": "{Provider_Name: Dhcp, EventID: 1008}",
            "more": "when: {os.version: '4.0', os.service_pack: 2}\nunobservable: [so]",
        },
        {"selection": "{Provider_Name: Made-up, EventID: [1008, 1009]}"},
        {"selection": "{Provider_Name: Made-up, EventID: 1009}"},
    )
    answer = known(rules, "1008")
    assert told(answer) == [
        (
            "Dhcp 1008",
            [("Rule 3", "Windows NT 4.0"), ("Rule 1", "Windows 2000 to Windows Server 2003"), ("Rule 2", "")],
        ),
        ("Made-up 1008", [("Rule 4", "")]),
    ]
    assert [item.conditions for item in answer.meanings[0].found] == [
        ("os.service_pack is 2", "so (no evidence shows it)"),
        (),
        (),
    ]
    assert told(known(rules, "dhcp/1008")) == told(answer)[:1]
    assert known(rules, "Dhcp/1009") == NOTHING
    assert known(rules, "1010") == NOTHING


def test_the_products_of_a_rule_are_none_of_its_other_conditions(tmp_path):
    when = "when: {os.version: '4.0', os.service_pack: 2}\nunobservable: [it rained]"
    rules = rules_of(tmp_path, {"selection": "{Provider_Name: Dhcp, EventID: 1008}", "more": when})
    (meaning,) = known(rules, "Dhcp/1008").meanings[0].found
    assert meaning.conditions == ("os.service_pack is 2", "it rained (no evidence shows it)")


def test_each_name_of_a_source_will_do(tmp_path):
    row = next(row for row in rows() if len(row) > 2)
    rules = rules_of(tmp_path, {"selection": f"{{Provider_Name: {row[0]}, EventID: 7}}"})
    for name in row:
        answer = known(rules, f"{name}/7")
        assert [item.rule.info.title for item in answer.meanings[0].found] == ["Rule 1"]
        assert len(answer.meanings) == 1
        assert set(answer.meanings[0].providers) == set(row)


def test_a_source_whose_instances_have_names(tmp_path):
    rules = rules_of(tmp_path, {"selection": "{Provider_Name: [MSSQLSERVER, MSSQL$*], EventID: 833}"})
    assert told(known(rules, "833")) == [("MSSQL$* 833", [("Rule 1", "")]), ("MSSQLSERVER 833", [("Rule 1", "")])]
    assert told(known(rules, "mssql$sales/833")) == [("MSSQL$* 833", [("Rule 1", "")])]
    assert known(rules, "SQLAgent$SALES/833") == NOTHING
    assert events_of(rules[0]) == ["MSSQL$* or MSSQLSERVER 833"]


def test_names_that_differ_in_case_are_one_source(tmp_path):
    rules = rules_of(
        tmp_path,
        {"selection": "{Provider_Name: [Disk, disk], EventID: 7}"},
        {"selection": "{Provider_Name: DISK, EventID: 7}"},
        {"selection": "{Provider_Name: kdc, EventID: 7}"},
    )
    assert [(heading, len(found)) for heading, found in told(known(rules, "7"))] == [
        ("Disk 7", 2),
        ("KDC or Kdcsvc or Microsoft-Windows-Kerberos-Key-Distribution-Center 7", 1),
    ]
    assert events_of(rules[2]) == ["KDC or Kdcsvc or Microsoft-Windows-Kerberos-Key-Distribution-Center 7"]


def test_a_class_of_sources_stands_together(tmp_path):
    sources = ", ".join(f"port{number}" for number in range(9))
    rules = rules_of(tmp_path, {"selection": f"{{Provider_Name: [{sources}], EventID: 129, Data1: x}}"})
    assert told(known(rules, "129")) == [("port0 or port1 or port2 or port3 or 5 more 129", [("Rule 1", "")])]
    assert told(known(rules, "port7/129")) == [("port7 129", [("Rule 1", "")])]
    assert events_of(rules[0]) == ["port0 or port1 or port2 or port3 or 5 more 129"]


def test_a_rule_for_any_number_of_a_source_counts_where_the_source_is_named(tmp_path):
    rules = rules_of(tmp_path, {"selection": "{Provider_Name: Dhcp, Data1: x}"})
    assert told(known(rules, "Dhcp/1008")) == [("Dhcp 1008", [("Rule 1", "")])]
    assert known(rules, "1008") == NOTHING
    assert events_of(rules[0]) == ["Dhcp"]


def test_what_rules_say_of_an_event_in_passing(tmp_path):
    texts = "lookalikes: [Dhcp 1008 is a client, 'KDC 1008.', DhcpServer 11008 or 1.1008 is not, Event 7]"
    rules = rules_of(
        tmp_path, {"selection": "{Provider_Name: Perflib, EventID: 2}", "more": texts, "article": "Q100000"}
    )
    assert [item.text for item in known(rules, "1008").mentions] == ["Dhcp 1008 is a client", "KDC 1008."]
    assert [item.text for item in known(rules, "dhcp/1008").mentions] == ["Dhcp 1008 is a client"]
    assert [item.text for item in known(rules, "Kdcsvc/1008").mentions] == ["KDC 1008."]
    assert known(rules, "1009") == NOTHING


def test_events_of_a_rule_stand_by_source(tmp_path):
    rules = rules_of(
        tmp_path,
        {"selection": "[{Provider_Name: Dhcp, EventID: [1007, 1006]}, {Provider_Name: [Disk, Cdrom], EventID: 7}]"},
    )
    assert events_of(rules[0]) == ["Cdrom or Disk 7", "Dhcp 1006, 1007"]


# --------------------------------------------------------------------------------------------------- conditions


def test_conditions_in_words(tmp_path):
    when = """\
when:
    os.version: '4.0'
    any:
        - {os.service_pack: '<=3'}
        - component.ras: true
          not: {hotfix: Q1}
unobservable: [who did it]
elsewhere: [the log of the server]
"""
    (rule,) = rules_of(tmp_path, {"selection": "{Provider_Name: Dhcp, EventID: 1008}", "more": when})
    assert list(words_of(rule.known_issue.when)) == [
        "os.version is 4.0",
        "any of:",
        "  - os.service_pack is at most 3",
        "  - component.ras is true",
        "    not:",
        "        hotfix is Q1",
        "who did it (no evidence shows it)",
        "the log of the server (see the other host)",
    ]


DETAILED = """\
derive:
    Status: {of: Binary, dword: 0x14}
    Percent: {of: Data2, capture: '(.*) percent'}
    Length: {size: Data3}
    Step: {difference: [NewTime, 5]}
    Text: {of: Binary, utf16: 2}
context: [{followed_by: t}]
doubts:
    - {when: {os.service_pack: 3}, about: os.version, reason: it lies}
"""


def test_what_a_rule_asks_of_its_events_besides(tmp_path):
    (rule,) = rules_of(
        tmp_path,
        {
            "selection": "{Provider_Name: Dhcp, EventID: 1008, Status: 0xC0000184, Data1|contains: [a, b]}\n"
            "    t: {Provider_Name: Dhcp, EventID: 1, Data1: x}",
            "more": DETAILED,
        },
    )
    assert details_of(rule) == ["Status is 0xC0000184", "Data1 contains a or b"]
    assert derived_of(rule) == [
        "Status: the dword at 0x14 of Binary",
        "Percent: what (.*) percent captures in Data2",
        "Length: the size of Data3",
        "Step: difference of NewTime and 5",
        "Text: the text at 0x2 of Binary",
    ]
    assert doubts_of(rule) == ["os.version: it lies"]
    assert around_of(rule) == ["followed by t (Dhcp 1, Data1 is x)"]
    assert known([rule], "1008").meanings[0].found[0].conditions == (*details_of(rule), *around_of(rule))


def test_alternatives_keep_their_events(tmp_path):
    (rule,) = rules_of(
        tmp_path, {"selection": "[{Provider_Name: A, EventID: 1, Data1: x}, {Provider_Name: B, EventID: 2}]"}
    )
    assert details_of(rule) == [
        "any of:",
        "  - Provider_Name is A",
        "    EventID is 1",
        "    Data1 is x",
        "  - Provider_Name is B",
        "    EventID is 2",
    ]


CORRELATED = """\
title: A reset
id: 00000000-0000-4000-8000-000000000101
name: reset
logsource: {product: windows, service: system}
detection:
    s: {Provider_Name: Disk, EventID: 129}
    condition: s
---
title: Many resets
id: 00000000-0000-4000-8000-000000000102
correlation:
    type: event_count
    rules: [reset]
    group-by: [Data1]
    timespan: 1h
    condition: {gte: 3}
known_issue:
    kind: failure
"""


def test_a_correlation_stands_for_the_rules_that_it_is_about(tmp_path):
    (tmp_path / "resets.yml").write_text(CORRELATED)
    loaded = load_rules([tmp_path], fact_known=is_known)
    assert loaded.problems == ()
    (rule,) = rules_called(loaded.rules, "resets")
    assert rule.info.title == "Many resets"
    assert events_of(rule) == ["Disk 129"]
    assert around_of(rule) == ["at least 3 events within 1 hour, each with the same Data1"]
    assert told(known(loaded.rules, "129")) == [("Disk 129", [("Many resets", "")])]


def test_what_must_stand_around_an_event(tmp_path):
    (rule,) = rules_of(
        tmp_path,
        {
            "selection": "{Provider_Name: Dhcp, EventID: 1008}\n    t: {Provider_Name: Dhcp, EventID: 1}",
            "more": "context: [{followed_by: t, within: 24h}]\ncleared_by: {event: t}",
        },
    )
    assert around_of(rule) == ["followed by t within 24h (Dhcp 1)", "cleared by t (Dhcp 1)"]
    assert events_of(rule) == ["Dhcp 1008"]
