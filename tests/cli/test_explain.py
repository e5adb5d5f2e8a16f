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
