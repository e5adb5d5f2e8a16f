import re

import pytest


@pytest.mark.parametrize("word", ["Q162396", "q162396", "dhcp-decline-fails-with-ras"])
def test_a_rule_as_a_page(evtscan, word):
    result = evtscan("explain", word)
    assert result.code == 0
    assert "Remedy" in result.out
    assert "Fixed in" in result.out


def test_a_rule_on_evidence_shows_each_condition(evtscan, affected):
    result = evtscan("explain", "Q162396", affected)
    assert "CONFIRMED" in result.out
    for fact in ("os.version", "os.service_pack", "component.ras"):
        assert fact in result.out
    assert "facts.yaml" in result.out


def test_a_rule_that_did_not_apply_says_why(evtscan, tmp_path):
    (tmp_path / "facts.yaml").write_text("os.version: '5.0'\n")
    result = evtscan("explain", "Q162396", tmp_path / "facts.yaml")
    assert result.code == 0
    assert "5.0" in result.out


def test_no_such_rule(evtscan):
    result = evtscan("explain", "Q000000")
    assert result.code == 2
    assert "Q000000" in result.err


@pytest.mark.parametrize("word", ["Q241840", "241840"])
def test_an_article_without_a_rule_of_its_own_shows_who_names_it(evtscan, word):
    result = evtscan("explain", word)
    assert result.code == 0
    assert f"No rule of its own; {word} is named by" in result.out
    assert "(Q236949, defect, low, stable)" in result.out


def test_a_rule_shows_its_event_its_conditions_and_products(evtscan):
    result = evtscan("explain", "162396")
    for text in ("Logged as\n  Dhcp 1008", "On hosts where\n  os.version is 4.0", "Products\n  Windows NT 4.0"):
        assert text in re.sub(r" +\n", "\n", result.out)


@pytest.mark.parametrize("words", [["Dhcp/1008"], ["dhcp 1008"], ["Dhcp", "1008"]])
def test_an_event_shows_what_it_means_and_on_which_products(evtscan, words):
    result = evtscan("explain", *words)
    assert result.code == 0
    assert result.out.startswith("Dhcp 1008")
    assert "On Windows NT 4.0:" in result.out
    assert "Q162396, defect, medium, stable" in result.out
    assert "if component.ras is true" in result.out
    assert "What rules say of this number" in result.out
    assert "a network interface could not be initialised [Q162396]" in result.out


def test_a_number_alone_shows_every_source(evtscan):
    result = evtscan("explain", "1008")
    assert "Dhcp 1008" in result.out
    assert "Perflib 1008 is a performance library that cannot be opened" in result.out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["Dhcp/9"], "Dhcp 9: no rule is about this event, and none mentions it"),
        (["999999"], "999999: no rule is about this event, and none mentions it, nor is it the number of an article"),
        (["nonsense"], "nonsense: no rule has this article, id, title or file name"),
    ],
)
def test_what_nobody_knows_is_said_in_a_sentence(evtscan, words, sentence):
    result = evtscan("explain", *words)
    assert (result.code, result.out) == (2, "")
    assert sentence in result.err


def test_an_event_on_evidence_is_explained_by_its_rules(evtscan, affected):
    result = evtscan("explain", "Dhcp/1008", affected)
    assert result.code == 0
    assert "CONFIRMED" in result.out
    assert "facts.yaml" in result.out
