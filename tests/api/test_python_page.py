"""The examples of docs/python.md run, in their order, and print nothing."""

import re
import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "python.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_all_examples_run(tmp_path, monkeypatch, capsys):
    shutil.copytree(ROOT / "samples" / "hosts", tmp_path / "samples" / "hosts")
    (tmp_path / "rules").mkdir()
    rule = next((ROOT / "rules").rglob("*dhcp*.yml"))
    shutil.copy(rule, tmp_path / "rules" / rule.name)
    monkeypatch.chdir(tmp_path)
    names = {}
    for number, example in enumerate(EXAMPLES):
        exec(compile(example, f"example {number + 1}", "exec"), names)
    assert capsys.readouterr() == ("", "")
    assert len(names["restarts"]) > 10
    assert names["events"].height == names["logs"].num_rows == names["rows"] > 100
    assert "Data" not in names["dhcp"].column_names
    assert {row.verdict for row in names["report"].findings} >= {"confirmed"}
    assert len(names["fleet"].hosts) >= len(list((ROOT / "samples" / "hosts").iterdir()))
    assert (tmp_path / "report.json").exists()
