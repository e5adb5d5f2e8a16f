import csv
import io
import json
import zipfile
from pathlib import Path

import pytest
from hunting import RULES, process
from sample_writer.evtx import evtx_log

from evtscan.hunt.detection import COLUMNS

SHELL = r"C:\Windows\cmd.exe"
EVENTS = [process(SHELL, 5, command="cmd /c whoami"), process(r"C:\a\notepad.exe", 3, computer="PC-02")]


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "Sysmon.evtx").write_bytes(evtx_log(EVENTS))
    (tmp_path / "rules.yml").write_text(RULES, "utf-8")
    return folder


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_time_line_has_the_columns_of_the_contract(evtscan, logs):
    ran = evtscan("hunt", logs, "-r", "rules.yml", "-t", "csv")
    assert ran.code == 0
    assert ran.out.splitlines()[0] == (
        "Timestamp,Computer,Level,RuleTitle,Tags,Channel,Provider,EventID,RecordID,Details,RuleID,RuleFile,"
        "SourceFile,Offset"
    )
    rows = table(ran.out)
    assert [(row["Level"], row["RuleTitle"], row["RecordID"]) for row in rows] == [
        ("high", "Command shell", "1"),
        ("low", "Any process", "1"),
        ("low", "Any process", "2"),
    ]
    assert rows[0]["Details"].startswith("CommandLine=cmd /c whoami; Image=")


def test_json_lines_have_the_same_names(evtscan, logs):
    assert evtscan("hunt", logs, "-r", "rules.yml", "-o", "t.jsonl", "--sort", "time").code == 0
    rows = [json.loads(line) for line in Path("t.jsonl").read_text("utf-8").splitlines()]
    assert all(list(row) == list(COLUMNS) for row in rows)
    assert [row["RecordID"] for row in rows] == [2, 1, 1]
    assert rows[1]["Tags"] == ["attack.execution", "attack.t1059.003"]
    assert rows[1]["Details"]["CommandLine"] == "cmd /c whoami"


def test_without_an_output_the_counts_are_printed(evtscan, logs):
    ran = evtscan("hunt", logs, "-r", "rules.yml")
    assert (ran.code, ran.out.splitlines()[0]) == (
        0,
        "3 detections by 2 rules on 2 computers, 2024-05-01T10:00:03 to 2024-05-01T10:00:05",
    )
    assert "1 high" in ran.out
    assert "rules     2 loaded, 2 matched" in ran.err
    assert evtscan("hunt", logs, "-r", "rules.yml", "-q").out == ""


@pytest.mark.parametrize(
    ("options", "titles"),
    [
        (["--min-level", "high"], {"Command shell"}),
        (["--exclude-rule", "Command shell"], {"Any process"}),
        (["--tags", "attack.t1059"], {"Command shell"}),
        (["--tags", "T1059.003", "--tags", "discovery"], {"Command shell", "Any process"}),
        (["--include-eid", "2-9"], set()),
        (["--channel", "System"], set()),
        (["--provider", "Microsoft-Windows-Sysmon"], {"Command shell", "Any process"}),
        (["--to", "2024-05-01T10:00:04"], {"Any process"}),
        (["--since", "1h"], {"Command shell", "Any process"}),
    ],
)
def test_options_choose_rules_and_events(evtscan, logs, options, titles):
    ran = evtscan("hunt", logs, "-r", "rules.yml", "-o", "-", *options)
    assert ran.code == 0
    assert {row["RuleTitle"] for row in table(ran.out)} == titles


def test_a_folder_gets_the_full_set_and_nothing_is_replaced(evtscan, logs):
    assert evtscan("hunt", logs, "-r", "rules.yml", "-o", "out/").code == 0
    assert "timeline.csv" in {path.name for path in Path("out").iterdir()}
    refused = evtscan("hunt", logs, "-r", "rules.yml", "-o", "out/")
    assert refused.code == 1
    assert evtscan("hunt", logs, "-r", "rules.yml", "-o", "out/", "-C").code == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["logs"], 2),
        (["logs", "-r", "missing.yml"], 2),
        (["missing", "-r", "rules.yml"], 2),
        (["logs", "-r", "rules.yml", "-o", "x.txt"], 2),
        (["logs", "-r", "rules.yml", "-o", "a.csv", "-o", "a.csv"], 2),
        (["logs", "-r", "rules.yml", "--tags", "t9999"], 2),
        (["logs", "-r", "rules.yml", "--raw", "-o", "a.jsonl"], 2),
        (["rules.yml", "-r", "rules.yml"], 1),
        (["logs", "-r", "rules.yml", "-o", "logs/Sysmon.evtx", "-t", "csv", "-C"], 1),
    ],
)
def test_exit_codes(evtscan, logs, arguments, code):
    assert evtscan("hunt", *arguments).code == code


def test_damaged_logs_end_a_strict_run_with_3(evtscan, logs):
    whole = (logs / "Sysmon.evtx").read_bytes()
    (logs / "cut.evtx").write_bytes(whole[:6000])
    assert evtscan("hunt", logs, "-r", "rules.yml").code == 0
    assert evtscan("hunt", logs, "-r", "rules.yml", "--strict").code == 3


def test_refused_rules_are_counted_by_reason(evtscan, logs):
    folder = Path("many")
    folder.mkdir()
    (folder / "good.yml").write_text(RULES, "utf-8")
    for number in range(3):
        text = (
            f"title: R{number}\nlogsource: {{product: linux}}\ndetection: {{s: {{a: b}}, condition: s}}\nlevel: low\n"
        )
        (folder / f"linux{number}.yml").write_text(text, "utf-8")
    ran = evtscan("hunt", logs, "-r", folder)
    assert ran.code == 0
    line = next(line for line in ran.err.splitlines() if line.startswith("refused"))
    assert line.split()[1] == "3"
    assert "linux0.yml, linux1.yml, linux2.yml" in line


def test_the_output_for_excel(evtscan, logs):
    assert evtscan("hunt", logs, "-r", "rules.yml", "-o", "t.csv", "--excel").code == 0
    content = Path("t.csv").read_bytes().decode("utf-8")
    assert content.startswith("\ufeffTimestamp")
    assert "\n2024-05-01 10:00:05,PC-01" in content


def test_a_tuning_file_sets_levels_before_the_lowest_level_counts(evtscan, logs):
    Path("tuning.yml").write_text(
        "levels: {Any process: high}\nexclude:\n  - fields: {CommandLine|contains: whoami}\n", "utf-8"
    )
    ran = evtscan("hunt", logs, "-r", "rules.yml", "--exclude", "tuning.yml", "-m", "high", "-o", "-")
    assert [(row["RuleTitle"], row["RecordID"]) for row in table(ran.out)] == [("Any process", "2")]
    assert "2 suppressed" in ran.err


def test_the_ledger_says_which_rules_match_the_security_log_too(evtscan, logs):
    ran = evtscan("hunt", logs, "-r", "rules.yml")
    assert "mapped    Security 4688: 2 rules match it too" in ran.err
    assert "mapped" not in evtscan("hunt", logs, "-r", "rules.yml", "--no-mapping").err


def test_rules_from_the_archive_of_a_release(evtscan, logs):
    with zipfile.ZipFile("release.zip", "w") as archive:
        archive.writestr("sigma/rules/windows/r.yml", RULES)
        archive.writestr("sigma/rules/linux/x.yml", RULES.replace("windows", "linux"))
    ran = evtscan("hunt", logs, "-r", "release.zip", "-o", "-")
    assert ran.code == 0
    assert {row["RuleFile"] for row in table(ran.out)} == {"sigma/rules/windows/r.yml"}
    assert "product 'linux' is not Windows" in ran.err


def test_metadata_that_is_wrong_costs_no_rule_and_is_counted(evtscan, logs):
    Path("rules.yml").write_text(RULES.replace("attack.discovery", "no-namespace"), "utf-8")
    ran = evtscan("hunt", logs, "-r", "rules.yml", "-v")
    assert "2 loaded, 2 matched, 0 problems, 1 warning " in ran.err
    assert "metadata  1 tags" in ran.err
    short = evtscan("hunt", logs, "-r", "rules.yml")
    assert "1 warning " in short.err
    assert "metadata " not in short.err
