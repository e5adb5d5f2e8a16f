import zipfile
from pathlib import Path

import pytest
from example_rules import knows, rule_text

from evtscan.base.errors import EvidenceError
from evtscan.detection.load import rulearchive
from evtscan.detection.load.loader import load_rules
from evtscan.detection.load.rulearchive import unpacked_rules

DETECTION = "sel: {EventID: 7}\ncondition: sel"


def archive(folder: Path, members: dict[str, str], name: str = "sigma.zip") -> Path:
    path = folder / name
    with zipfile.ZipFile(path, "w") as written:
        for member, text in members.items():
            written.writestr(member, text)
    return path


def test_rules_of_an_archive_are_called_as_in_it(tmp_path):
    path = archive(
        tmp_path,
        {
            "sigma-1/rules/windows/a.yml": rule_text(DETECTION, number=1),
            "sigma-1/rules/windows/b.YAML": rule_text(DETECTION, number=2),
            "sigma-1/README.md": "no rule",
        },
    )
    plain = tmp_path / "plain"
    plain.mkdir()
    with unpacked_rules([path, plain]) as paths:
        loaded = load_rules(paths[:1], fact_known=knows)
        assert paths[1] == plain
        folder = paths[0].parent
    assert [rule.info.file for rule in loaded.rules] == ["sigma-1/rules/windows/a.yml", "sigma-1/rules/windows/b.YAML"]
    assert loaded.problems == ()
    assert not folder.exists()


def test_names_that_lead_out_or_that_a_system_refuses(tmp_path):
    names = ["../../up.yml", "/etc/top.yml", "C:\\x\\win.yml", "con.yml", f"{'deep/' * 60}long.yml", "a?.yml", "a*.yml"]
    path = archive(tmp_path, {name: rule_text(DETECTION, number=number) for number, name in enumerate(names)})
    with unpacked_rules([path]) as (folder,):
        files = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*.yml"))
        assert len(load_rules([folder], fact_known=knows).rules) == len(files)
    assert {"_con.yml", "a_.yml", "2 a_.yml", "etc/top.yml"} <= set(files)
    assert all(".." not in file and len(file) <= 150 for file in files)
    assert not (tmp_path.parent / "up.yml").exists()


def test_an_archive_that_holds_too_much(tmp_path, monkeypatch):
    monkeypatch.setattr(rulearchive, "LIMITS", rulearchive.Limits(entries=1))
    path = archive(tmp_path, {"a.yml": "x", "b.yml": "y"})
    with pytest.raises(EvidenceError, match=r"sigma\.zip"), unpacked_rules([path]):
        pass
