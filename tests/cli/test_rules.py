from pathlib import Path

RULE = Path(__file__).parents[2] / "rules/nt/dhcp/dhcp-decline-fails-with-ras.yml"


def test_list_shows_the_founding_rule(evtscan):
    result = evtscan("rules", "list")
    assert result.code == 0
    assert "Q162396" in result.out


def test_check_of_the_catalogue_finds_nothing(evtscan):
    result = evtscan("rules", "check")
    assert (result.code, result.out) == (0, "")
    assert "0 problems" in result.err


def test_check_names_file_line_and_key_of_every_problem(evtscan, tmp_path):
    text = RULE.read_text("utf-8")
    broken = text.replace("Provider_Name: Dhcp\n        EventID: 1008", "EventID: 1008", 1)
    broken = broken.replace("component.ras: true\n    cause", "component.rsa.x: true\n    cause", 1)
    path = tmp_path / RULE.name
    path.write_text(broken, "utf-8")
    result = evtscan("rules", "check", path)
    assert result.code == 2
    assert all(line.startswith(f"{RULE.name}:") for line in result.out.splitlines())


def test_check_runs_the_cases(evtscan, tmp_path):
    text = RULE.read_text("utf-8")
    path = tmp_path / RULE.name
    path.write_text(text.replace("verdict: confirmed", "verdict: excluded", 1), "utf-8")
    result = evtscan("rules", "check", path)
    assert result.code == 2
    assert "the case expects excluded, but the rule says confirmed" in result.out


def test_check_of_a_path_that_does_not_exist(evtscan):
    assert evtscan("rules", "check", "nowhere.yml").code == 2
