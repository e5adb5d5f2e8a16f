import json


def test_facts_with_their_sources(evtscan, affected):
    result = evtscan("facts", affected)
    assert result.code == 0
    assert "os.service_pack" in result.out
    assert "facts.yaml" in result.out


def test_facts_as_json(evtscan, affected):
    document = json.loads(evtscan("facts", affected, "-t", "json").out)
    now = {row["name"]: row["value"] for row in document["facts"] if not row["history"]}
    assert now == {"os.version": "4.0", "os.service_pack": "2", "component.ras": "true"}


def test_facts_of_nothing(evtscan, tmp_path):
    (tmp_path / "readme.txt").write_text("hello")
    assert evtscan("facts", tmp_path / "readme.txt").code == 1


def test_template_has_the_blanks_and_nothing_else(evtscan, affected):
    (affected / "facts.yaml").write_text("os.version: '4.0'\n")
    result = evtscan("facts", affected, "--template")
    assert result.code == 0
    entries = [line for line in result.out.splitlines() if line and not line.startswith("#")]
    assert entries[:2] == ["os.service_pack:", "component.ras:"]
    assert "os.version:" not in entries
    assert "file.rasarp.sys.date:" in entries
    assert "NTWS07" in result.out


def test_template_of_a_host_that_no_rule_is_about(evtscan, affected):
    (affected / "facts.yaml").write_text("os.version: '5.0'\n")
    result = evtscan("facts", affected, "--template")
    assert result.out == "# NTWS07: no rule asks for a fact that is not known.\n"


def test_template_filled_in_decides(evtscan, affected):
    (affected / "facts.yaml").unlink()
    text = evtscan("facts", affected, "--template").out
    for fact, value in (("os.version", "4.0"), ("os.service_pack", "2"), ("component.ras", "true")):
        text = text.replace(f"\n{fact}:\n", f"\n{fact}: {value}\n")
    (affected / "facts.yaml").write_text(text)
    assert "CONFIRMED" in evtscan("scan", affected).out
