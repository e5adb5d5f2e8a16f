import csv
import io
import json
import re
import zlib
from base64 import b64decode

import pytest
from hunting import Rows, process

from evtscan.base.errors import UsageError
from evtscan.dump.lines import csv_cell
from evtscan.hunt.attack import TACTICS, has_tag, matrix, name_of, places_of, tactics_of, techniques_of
from evtscan.hunt.detection import COLUMNS
from evtscan.hunt.options import HuntOptions
from evtscan.hunt.outputs import FORMATS, html, plan_targets
from evtscan.hunt.run import hunt
from evtscan.reporters.tables.csv import Dialect

SHELL = r"C:\Windows\cmd.exe"
HOSTILE = '</script><img src=x onerror="alert(1)">'
EVENTS = [process(SHELL, 5, command=f"whoami {HOSTILE}\nsecond line"), process("=cmd.exe", 3, computer="PC-02")]


def written(name, sources, rules, dialect=Dialect()):  # noqa: B008
    stream = io.BytesIO()
    row = next(row for row in FORMATS if row.name == name)
    hunt(sources, rules, sinks=[row.sink(stream, dialect)])
    return stream.getvalue().decode("utf-8")


@pytest.mark.parametrize("row", FORMATS, ids=lambda row: row.name)
def test_every_format_writes_a_run_without_detections(row, rules, log):
    text = written(row.name, [log([process("/bin/sh")])], rules())
    if row.suffix == ".json":
        assert json.loads(text)["techniques"] == []
    elif row.suffix == ".jsonl":
        assert text == ""
    else:
        assert text


def test_csv_is_a_line_a_row_and_runs_nothing(rules, log):
    text = written("csv", [log(EVENTS)], rules())
    assert text.count("\r\n") == len(text.splitlines()) == 4
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert rows[0]["Details"].startswith(f"CommandLine=whoami {HOSTILE}\\nsecond line; ")
    formula = log([process("a.exe", computer="=1+1")])
    assert ",'=1+1," in written("csv", [formula], rules())
    assert ",=1+1," in written("csv", [formula], rules(), Dialect(raw=True))


def test_csv_is_made_of_the_columns(rules, log):
    events = [
        *EVENTS,
        process(SHELL, 7, "a,b", 'whoami "x"\t\x07\u202e'),
        process("cmd.exe", 8, "", "whoami", "Sysmon"),
    ]
    rows = Rows()
    sources = [log(events)]
    for grouped in (False, True):
        rows.clear()
        text = io.BytesIO()
        options = HuntOptions(group_record=grouped)
        hunt(sources, rules(), options, sinks=[rows, FORMATS[0].sink(text, Dialect())])
        cells = [[csv_cell(read(row)) for read in COLUMNS.values()] for row in rows]
        assert text.getvalue().decode() == "".join(f"{','.join(line)}\r\n" for line in [list(COLUMNS), *cells])


def test_timesketch_has_its_required_fields(rules, log):
    rows = [json.loads(line) for line in written("timesketch", [log(EVENTS)], rules()).splitlines()]
    assert len(rows) == 3
    first = rows[0]
    assert first["datetime"] == "2024-05-01T10:00:05.000000+00:00"
    assert (first["timestamp"], first["timestamp_desc"]) == (1714557605000000, "Event Logged")
    assert first["message"].startswith("[high] Command shell: Microsoft-Windows-Sysmon 1 CommandLine=whoami")
    assert first["tag"] == ["high", "attack.execution", "attack.t1059.003"]
    assert (first["EventID"], first["Computer"]) == (1, "PC-01")


def test_a_layer_scores_techniques_by_their_detections(rules, log):
    layer = json.loads(written("navigator", [log([*EVENTS, EVENTS[0]])], rules()))
    assert (layer["domain"], layer["versions"]["layer"]) == ("enterprise-attack", "4.5")
    technique, parent = layer["techniques"]
    assert (technique["techniqueID"], technique["score"]) == ("T1059.003", 2)
    assert parent == {"techniqueID": "T1059", "showSubtechniques": True}
    assert technique["comment"] == "Command shell (2)"
    assert layer["gradient"]["maxValue"] == 2


def content_of(page):
    (packed,) = re.findall(r'id="index">([^<]*)</script>', page)
    return json.loads(zlib.decompress(b64decode(packed)))


def test_the_page_has_counts_matrix_and_rows_and_no_text_of_the_evidence_as_markup(rules, log):
    page = written("html", [log(EVENTS)], rules())
    assert HOSTILE not in page
    assert "default-src 'none'" in page
    content = content_of(page)
    assert (content["total"], content["levels"][1], content["levels"][3]) == (3, ["high", 1], ["low", 2])
    assert content["matrix"] == [
        ["execution", 1, [["T1059", "Command and Scripting Interpreter", 1]]],
        ["discovery", 2, []],
    ]
    assert [entry[:2] for entry in content["computers"]] == [["PC-01", 2], ["PC-02", 1]]
    assert [(row[2], row[3], row[8][:7]) for row in content["rows"]] == [
        ("PC-01", [0], "Command"),
        ("PC-01", [1], "Image=C"),
        ("PC-02", [1], "Image=="),
    ]


def test_the_page_keeps_the_rows_of_the_highest_levels(rules, log, monkeypatch):
    monkeypatch.setattr(html, "MOST_ROWS", 4)
    quiet = [process("a.exe", second) for second in range(5)]
    loud = [process(SHELL, second, command="whoami") for second in range(5, 8)]
    content = content_of(written("html", [log([*quiet, *loud])], rules()))
    assert (content["number"], content["total"]) == (11, 11)
    titles = [content["rules"][row[3][0]][0] for row in content["rows"]]
    assert titles == ["Any process", "Command shell", "Command shell", "Command shell"]


def test_outputs_of_a_folder_and_wrong_names(tmp_path):
    names = {target.path.name for target in plan_targets([f"{tmp_path}/out/"])}
    assert names == {"timeline.csv", "hunt.html", "navigator.json", "logons.csv", "pivots.csv"}
    assert [target.format.name for target in plan_targets(["a.jsonl", "-"])] == ["jsonl", "csv"]
    assert plan_targets(["x.json"], "navigator")[0].format.name == "navigator"
    for outputs in (["a.json"], [""], ["a.csv", "./a.csv"]):
        with pytest.raises(UsageError):
            plan_targets(outputs)


# ------------------------------------------------------------------------------------------------------ ATT&CK


def test_tags_to_tactics_and_techniques():
    tags = (
        "attack.defense_evasion",
        "attack.t1070.001",
        "attack.g0016",
        "attack.s0002",
        "cve.2021-1234",
        "attack.t1003",
    )
    assert list(tactics_of(tags)) == ["defense-evasion"]
    assert list(techniques_of(tags)) == ["T1070.001", "T1003"]
    assert has_tag(tags, "defense-evasion")
    assert has_tag(tags, "T1070")
    assert not has_tag(tags, "t107")


def test_a_technique_belongs_to_the_tactics_that_the_rule_means():
    assert places_of("T1053.005", ["attack.persistence"]) == ("persistence",)
    assert places_of("T1053", []) == ("execution", "persistence", "privilege-escalation")
    assert places_of("T1003.001", ["attack.impact"]) == ("credential-access",)
    assert places_of("T9999", ["attack.impact"]) == ("impact",)
    assert name_of("T1059.001") == "Command and Scripting Interpreter"
    assert name_of("T9999") == ""


def test_the_table_of_techniques():
    assert tuple(matrix()) == TACTICS
    assert all(re.fullmatch(r"T1\d{3}", technique) for names in matrix().values() for technique in names)
    names = {}
    for row in matrix().values():
        for technique, name in row.items():
            assert names.setdefault(technique, name) == name
