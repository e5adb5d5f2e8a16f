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
