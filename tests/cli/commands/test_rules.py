import os
import subprocess
import sys
from pathlib import Path

import pytest

RULE = Path(__file__).parents[3] / "rules/nt/dhcp/dhcp-decline-fails-with-ras.yml"


def test_list_shows_the_founding_rule(evtscan):
    result = evtscan("rules", "list")
    assert result.code == 0
    assert "Q162396" in result.out


def test_a_list_that_is_no_screen_has_a_line_for_each_rule(evtscan):
    result = evtscan("rules", "list", "--article", "Q162396")
    lines = [line.rstrip() for line in result.out.splitlines()]
    assert len(lines) == 2
    assert lines[1].endswith(
        "DHCP decline fails with RAS on Windows NT 4.0 Service Pack 2  nt/dhcp/dhcp-decline-fails-with-ras.yml"
    )


def test_check_of_the_catalogue_finds_nothing(evtscan):
    result = evtscan("rules", "check")
    assert (result.code, result.out) == (0, "")
    assert "0 problems" in result.err
    assert "installed catalogue" in result.err


def test_check_counts_one_rule_as_one(evtscan):
    assert evtscan("rules", "check", RULE).err.startswith("1 rule, ")


def test_check_says_which_rules_it_read(evtscan, tmp_path, monkeypatch):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / RULE.name).write_text(RULE.read_text("utf-8"), "utf-8")
    monkeypatch.chdir(tmp_path)
    assert "installed catalogue" not in evtscan("rules", "check", "own").err
    assert "read from own)" in evtscan("rules", "check", "own").err
    assert str(tmp_path) not in evtscan("rules", "check", "own").err


def test_the_ledger_of_a_scan_counts_warnings_of_rules_that_loaded(evtscan, tmp_path, affected):
    (tmp_path / "own").mkdir()
    text = RULE.read_text("utf-8")
    (tmp_path / "own" / RULE.name).write_text(text.replace("status: stable", "status: done", 1), "utf-8")
    short = evtscan("scan", affected, "-r", tmp_path / "own")
    assert "1 loaded, 0 refused, 1 warning " in short.err
    assert "metadata " not in short.err
    detailed = evtscan("scan", affected, "-r", tmp_path / "own", "-v")
    (line,) = [line for line in detailed.err.splitlines() if line.startswith("metadata ")]
    assert RULE.name in line


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


def test_check_of_a_folder_without_rules(evtscan, tmp_path):
    result = evtscan("rules", "check", tmp_path)
    assert result.code == 2
    assert "there is no rule file (.yml, .yaml) in it" in result.err


def test_check_of_a_pipe_is_refused(evtscan, tmp_path):
    if not hasattr(os, "mkfifo"):
        pytest.skip("there are no named pipes here")
    os.mkfifo(tmp_path / "pipe.yml")
    result = evtscan("rules", "check", tmp_path / "pipe.yml")
    assert result.code == 2
    assert "neither a file nor a folder" in result.err


def test_named_files_of_one_name_must_load_both(evtscan, tmp_path):
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / RULE.name).write_text("title: [", "utf-8")
    result = evtscan("rules", "list", "-r", RULE, "-r", tmp_path / "more" / RULE.name)
    assert result.code == 2
    assert f"{RULE.name}:2: " in result.err


def test_check_prints_the_name_of_each_lint(evtscan, tmp_path):
    path = tmp_path / RULE.name
    text = RULE.read_text("utf-8").replace("kind: defect", "kind: bug", 1)
    path.write_text(text, "utf-8")
    line = text[: text.index("kind: bug")].count("\n") + 1
    result = evtscan("rules", "check", path)
    assert result.code == 2
    assert f"{RULE.name}:{line}:known_issue.kind: 'bug' is no kind: choose one of defect" in result.out
    assert {told.rpartition(" ")[2] for told in result.out.splitlines()} == {"[kind]", "[same-id]", "[same-title]"}


def test_check_lists_its_lints_with_reason_and_remedy(evtscan):
    result = evtscan("rules", "check", "--lints")
    assert result.code == 0
    assert "confirmed-twice" in result.out
    assert "Sources share event ids" in result.out
    assert "add the Provider_Name" in result.out


@pytest.mark.parametrize(
    ("options", "count"),
    [
        (["--article", "Q162396"], 1),
        (["--article", "q16239"], 1),
        (["--article", "Q162396", "--area", "nt/dhcp"], 1),
        (["--article", "Q162396", "--area", "nt/dhc"], 0),
        (["--article", "Q162396", "--kind", "defect", "--kind", "benign", "--level", "medium"], 1),
        (["--article", "Q162396", "--kind", "benign"], 0),
        (["--article", "Q162396", "--level", "high"], 0),
    ],
)
def test_list_can_be_narrowed_down_and_counts(evtscan, options, count):
    result = evtscan("rules", "list", *options)
    assert result.code == 0
    assert result.out.count("Q162396") == count
    assert result.err.startswith(f"{count} of ")
    assert ("1 defect; 1 medium" in result.err) is (count == 1)


def test_new_writes_a_rule_with_blanks_that_the_check_names(evtscan, tmp_path):
    result = evtscan("rules", "new", "--event", "Print/19", "--article", "Q123456", "-o", "print-stops.yml")
    assert result.code == 0
    check = evtscan("rules", "check", "print-stops.yml")
    assert check.code == 2
    assert "print-stops.yml:1:title: what the user sees, as a phrase: fill it in [blank]" in check.out
    assert all(line.endswith("[blank]") for line in check.out.splitlines())
    again = evtscan("rules", "new", "-o", "print-stops.yml")
    assert (again.code, "exists" in again.err) == (1, True)
    assert evtscan("rules", "new", "-o", "print-stops.yml", "-C", "--product", "windows").code == 0
    assert "os.build" in (tmp_path / "print-stops.yml").read_text("utf-8")


def test_new_goes_to_stdout(evtscan):
    result = evtscan("rules", "new", "--title", "A title", "--event", "Service Control Manager/7023")
    assert result.code == 0
    assert "title: A title\n" in result.out
    assert "Provider_Name: Service Control Manager\n" in result.out


@pytest.mark.parametrize("event", ["Dhcp", "1008", "Dhcp/x", "/1008", "Dhcp/65536"])
def test_new_wants_a_source_and_a_number(evtscan, event):
    assert evtscan("rules", "new", "--event", event).code == 2


def test_new_writes_the_number_of_an_article_as_rules_do(evtscan):
    assert "    article: Q123456\n" in evtscan("rules", "new", "--article", "q123456").out
    assert evtscan("rules", "new", "--article", "162396").code == 2


def test_the_cache_of_rules_is_used_unless_that_is_forbidden(evtscan, tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    monkeypatch.setenv("EVTSCAN_CACHE_DIR", str(cache))
    plain = evtscan("rules", "list", "-r", RULE, "--no-rule-cache")
    assert not cache.exists()
    first = evtscan("rules", "list", "-r", RULE)
    assert len(list(cache.iterdir())) == 1
    second = evtscan("rules", "list", "-r", RULE)
    assert plain == first == second


def test_a_rule_that_does_not_load_is_told_alike_with_and_without_the_cache(evtscan, tmp_path, monkeypatch, affected):
    monkeypatch.setenv("EVTSCAN_CACHE_DIR", str(tmp_path / "cache"))
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "good.yml").write_text(RULE.read_text("utf-8"), "utf-8")
    (rules / "bad.yml").write_text("title: x\n", "utf-8")
    runs = [evtscan("scan", affected, "-r", rules, *more) for more in (["--no-rule-cache"], [], [])]
    assert runs[0] == runs[1] == runs[2]
    assert "bad.yml" in runs[0].err
    named = [evtscan("scan", affected, "-r", rules / "bad.yml", *more) for more in (["--no-rule-cache"], [], [])]
    assert [run.code for run in named] == [2, 2, 2]
    assert named[0] == named[1] == named[2]


def test_only_a_check_loads_what_validates_schemas():
    code = """
import sys
import evtscan.cli.commands.explain, evtscan.cli.commands.rules, evtscan.cli.commands.scan
print([name for name in ("jsonschema", "sigma") if name in sys.modules])
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


def test_list_by_tags_and_tactics(evtscan, tmp_path):
    rules = tmp_path / "tagged"
    rules.mkdir()
    tags = {
        "One": "[attack.impact, attack.execution, attack.t1059.001]",
        "Two": "[attack.impact]",
        "Three": "[cve.2020-1]",
    }
    for number, (title, tagged) in enumerate(tags.items()):
        (rules / f"{title}.yml").write_text(
            f"title: {title}\nid: 00000000-0000-4000-8000-00000000000{number}\nstatus: test\ntags: {tagged}\n"
            "level: low\nlogsource: {product: windows}\ndetection: {s: {EventID: 7}, condition: s}\n"
        )
    listed = evtscan("rules", "list", "-r", rules, "--tags", "T1059", "--tags", "cve.2020-1")
    assert [line.split()[-2] for line in listed.out.splitlines()[1:]] == ["One", "Three"]
    grouped = evtscan("rules", "list", "-r", rules, "--by", "tactic")
    rows = [line.split() for line in grouped.out.splitlines()[1:]]
    assert [(row[0], row[-2]) for row in rows] == [
        ("execution", "One"),
        ("impact", "One"),
        ("impact", "Two"),
        ("-", "Three"),
    ]
