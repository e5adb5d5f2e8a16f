import re

import pytest
from evidence_files import evt

from evtscan.detection.authoring.manifests import provider_of
from evtscan.detection.load import catalogue

OTHER = """\
title: Another rule in a file of this name
logsource: {product: windows, service: system}
detection: {s: {Provider_Name: Dhcp, EventID: 1008}, condition: s}
"""


@pytest.mark.parametrize("word", ["Q162396", "q162396", "dhcp-decline-fails-with-ras"])
def test_a_rule_as_a_page(evtscan, word):
    result = evtscan("explain", word)
    assert result.code == 0
    assert "Remedy" in result.out
    assert "Fixed in" in result.out
    assert "installed catalogue" in result.err
    assert str(catalogue.folder()) not in result.err


def test_the_rules_of_a_folder_are_named_as_they_were_given(evtscan, tmp_path, monkeypatch):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "other.yml").write_text(OTHER)
    monkeypatch.chdir(tmp_path)
    result = evtscan("explain", "Dhcp/1008", "-r", "own")
    assert (result.code, result.err.split()) == (0, ["rules", "1", "loaded", "from", "own"])


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
    assert f"Rules that mention {word}" in result.out
    assert "(Q236949, defect, low, stable)" in " ".join(result.out.split())


def test_a_rule_shows_its_event_its_conditions_and_products(evtscan):
    result = evtscan("explain", "162396")
    for text in ("Logged as\n  Dhcp 1008", "On hosts where\n  os.version is 4.0", "Products\n  Windows NT 4.0"):
        assert text in re.sub(r" +\n", "\n", result.out)


def test_a_rule_is_found_by_its_file_wherever_that_is(evtscan, tmp_path):
    file = catalogue.folder() / "nt" / "dhcp" / "dhcp-decline-fails-with-ras.yml"
    assert evtscan("explain", file).out == evtscan("explain", "Q162396").out
    copy = tmp_path / "my-rule.yml"
    copy.write_text(file.read_text(encoding="utf-8").replace("title: DHCP", "title: My DHCP", 1), encoding="utf-8")
    assert evtscan("explain", copy).out.startswith("My DHCP decline fails")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / copy.name).write_text(OTHER, encoding="utf-8")
    assert evtscan("explain", copy, "-r", tmp_path / "more").out == evtscan("explain", copy).out


def test_an_article_that_rules_only_mention(evtscan):
    result = evtscan("explain", "Q224792")
    assert result.code == 0
    assert result.out.startswith("Rules that mention Q224792\n  DHCP decline fails")


def test_a_page_has_all_that_a_rule_asks(evtscan):
    page = re.sub(r" +\n", "\n", evtscan("explain", "Q162396").out)
    assert "Facts that are doubtful\n  os.service_pack: Rasarp.sys is older than Service Pack 3" in page
    page = re.sub(r" +\n", "\n", evtscan("explain", "srv-2012-from-smb1-clients").out)
    assert "Logged as\n  Srv or Svr 2012\nAnd in it\n  Status is 0xC0000184\n" in page
    assert "Fields worked out of it\n  Status: the dword at 0x14 of Binary\n" in page


@pytest.mark.parametrize("words", [["Dhcp/1008"], ["dhcp 1008"], ["Dhcp", "1008"]])
def test_an_event_shows_what_it_means_and_on_which_products(evtscan, words):
    result = evtscan("explain", *words)
    assert result.code == 0
    assert result.out.startswith("Dhcp 1008")
    assert "On Windows NT 4.0:" in result.out
    assert "Q162396, defect, medium, stable" in result.out
    assert "if component.ras is true" in result.out
    assert "What rules say of this number" in result.out
    assert "a network interface could not be initialised [Q162396]" in " ".join(result.out.split())


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
        (["decline fails"], "(did you mean “DHCP decline fails with RAS on Windows NT 4.0 Service Pack 2” (Q162396)"),
    ],
)
def test_what_nobody_knows_is_said_in_a_sentence(evtscan, words, sentence):
    result = evtscan("explain", *words)
    assert (result.code, result.out) == (2, "")
    assert sentence in result.err


def test_an_event_on_evidence_is_explained_by_its_rules(evtscan, affected):
    result = evtscan("explain", "Dhcp/1008", affected)
    assert evtscan("explain", "Dhcp", "1008", affected).out == result.out
    assert result.code == 0
    assert "CONFIRMED" in result.out
    assert "facts.yaml" in result.out


def test_of_several_rules_each_is_named_and_long_lines_go_on_below_their_beginning(evtscan, affected):
    result = evtscan("explain", "1008", affected)
    assert "CONFIRMED on " in result.out
    assert re.search(r"^CONFIRMED on \S+: DHCP decline fails with RAS", result.out, re.MULTILINE)
    assert "all of (stated)\n\n" not in re.sub(r" +\n", "\n", result.out)
    starts = {len(line) - len(line.lstrip()) for line in result.out.splitlines() if "facts.yaml" in line}
    assert min(starts) > 10


def test_evidence_that_is_not_there_is_said_at_once(evtscan, tmp_path):
    result = evtscan("explain", "Q162396", tmp_path / "nowhere")
    assert (result.code, result.out) == (2, "")


def test_evidence_of_which_nothing_can_be_read(evtscan, tmp_path):
    (tmp_path / "random.evtx").write_bytes(bytes(range(256)) * 20)
    result = evtscan("explain", "Q162396", tmp_path / "random.evtx")
    assert (result.code, "NOT_ASSESSED" in result.out) == (1, False)
    assert "nothing could be read: random.evtx: unsupported file type" in result.err


def test_what_could_not_be_read_of_the_evidence_is_said(evtscan, affected):
    log = affected / "SysEvent.Evt"
    log.write_bytes(log.read_bytes()[:-150])
    result = evtscan("explain", "Q162396", affected)
    assert result.code == 0
    assert "SysEvent.Evt, offset" in result.err
    assert "copy the log again" in result.err


def test_an_event_that_no_rule_is_about_on_evidence(evtscan, tmp_path):
    log = tmp_path / "SysEvent.Evt"
    log.write_bytes(evt(("Contoso", 7), ("Other", 8), ("Contoso", 7)))
    result = evtscan("explain", "Contoso/7", log)
    assert result.code == 0
    text = " ".join(result.out.split())
    assert "Logged 2 times" in text
    assert "1998-03-01T00:00:00Z to 1998-03-01T02:00:00Z" in text
    assert "By Contoso on NTBOX" in text
    assert "Other 8" in text
    assert "It was not logged." in evtscan("explain", "Contoso/9", log).out


def test_an_event_that_no_rule_is_about_but_a_manifest_defines(evtscan):
    provider = provider_of("Microsoft-Windows-Time-Service")
    unused = min(provider.event_ids - provider.versions.keys())
    result = evtscan("explain", f"{provider.name}/{unused}")
    assert result.code == 0
    assert "no rule is about this event" in result.out


def test_an_event_that_is_not_known_at_all(evtscan):
    result = evtscan("explain", "Contoso/7")
    assert (result.code, result.out) == (2, "")
