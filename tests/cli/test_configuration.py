"""``evtscan.toml`` and ``--log-file``."""

import csv
import io

import pytest


def titles(result) -> set[str]:
    return {row["Article"] for row in csv.DictReader(io.StringIO(result.out))}


def test_defaults_of_options_come_from_the_file(evtscan, affected, tmp_path):
    assert "Q162396" in titles(evtscan("scan", affected, "-t", "csv"))
    (tmp_path / "evtscan.toml").write_text('exclude-rule = ["Q162396"]\nno-color = true\n')
    left_out = evtscan("scan", affected, "-t", "csv")
    assert "Q162396" not in titles(left_out)
    assert "defaults  evtscan.toml: exclude-rule, no-color" in left_out.err  # a run never hides them
    shown = evtscan("config")
    assert (shown.code, "exclude-rule     Q162396" in shown.out) == (0, True)
    (tmp_path / "evtscan.toml").unlink()
    assert "defaults" not in evtscan("scan", affected, "-t", "csv").err
    assert evtscan("config").code == 0


def test_the_command_line_replaces_a_default(evtscan, affected, tmp_path):
    (tmp_path / "evtscan.toml").write_text('min-level = "critical"\n')
    assert "Q162396" not in titles(evtscan("scan", affected, "-t", "csv"))
    assert "Q162396" in titles(evtscan("scan", affected, "-t", "csv", "-m", "low"))


def test_paths_are_relative_to_the_file(evtscan, affected, tmp_path, monkeypatch):
    settings = tmp_path / "settings"
    settings.mkdir()
    (settings / "accepted.yaml").write_text(
        "- {host: NTWS07, article: Q162396, until: 2999-12-31, reason: replaced in January}\n"
    )
    (settings / "own.toml").write_text('accept = "accepted.yaml"\n')
    monkeypatch.setenv("EVTSCAN_CONFIG", str(settings / "own.toml"))
    rows = list(csv.DictReader(io.StringIO(evtscan("scan", affected, "-t", "csv").out)))
    assert {row["Status"] for row in rows if row["Article"] == "Q162396"} == {"accepted"}


@pytest.mark.parametrize(
    "text",
    [
        "acept = 'x'",
        "jobs = 'many'",
        "jobs = true",
        "strict = 1",
        "rules = [1]",
        "timezone = []",
        "[scan]",
        "= ",
        "a\x00",
    ],
)
def test_an_invalid_file_is_an_error_of_usage(evtscan, affected, tmp_path, text):
    (tmp_path / "evtscan.toml").write_text(text)
    for arguments in (("scan", affected), ("config",)):
        result = evtscan(*arguments)
        assert (result.code, result.err.startswith("evtscan: evtscan.toml: ")) == (2, True)


def test_a_named_file_has_to_exist(evtscan, affected, monkeypatch):
    monkeypatch.setenv("EVTSCAN_CONFIG", "nowhere.toml")
    result = evtscan("scan", affected)
    assert (result.code, "nowhere.toml" in result.err) == (2, True)


def test_a_log_file_has_the_run_with_its_ledger_and_errors(evtscan, affected, tmp_path):
    log = tmp_path / "logs" / "run.log"
    assert evtscan("scan", affected, "--log-file", log, "-q").code == 0
    assert evtscan("scan", "nowhere", "--log-file", log).code == 2
    lines = log.read_text("utf-8").splitlines()
    assert [line.split()[2] for line in lines if "ended with exit code" in line] == ["INFO", "INFO"]
    assert lines[-1].endswith("ended with exit code 2")
    assert any(" ERROR " in line and "nowhere" in line for line in lines)
    assert evtscan("scan", affected, "--log-file", affected).code == 1
