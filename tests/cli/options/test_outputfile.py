"""``-o`` of commands with one output; redirections of Windows PowerShell would write UTF-16."""

import json

import pytest


@pytest.mark.parametrize(
    ("words", "name", "begins"),
    [
        ("facts NTWS07", "facts.txt", b"Facts of NTWS07"),
        ("facts NTWS07", "facts.json", b"{\n"),
        ("facts NTWS07 -t json", "facts.txt", b"{\n"),
        ("facts NTWS07 --template", "facts.yaml", b"#"),
        ("timeline NTWS07", "history.txt", b"Time line of NTWS07"),
        ("timeline NTWS07", "history.csv", b"Host,Session,"),
        ("timeline NTWS07", "history.json", b"{\n"),
        ("explain Q162396 NTWS07", "why.txt", b"DHCP decline fails"),
        ("collect --for nt4", "collect.cmd", b"@echo off"),
    ],
)
def test_the_file_has_what_standard_output_would_have(evtscan, affected, tmp_path, words, name, begins):
    written = evtscan(*words.split(), "-o", name)
    assert (written.code, written.out) == (0, "")
    content = (tmp_path / name).read_bytes()
    assert content.startswith(begins)
    suffix = name.rpartition(".")[2]
    printed = evtscan(*words.split(), *(["-t", suffix] if suffix in ("json", "csv") else []))
    assert content.decode().replace("\r\n", "\n") == printed.out.replace("\r\n", "\n")


def test_an_existing_file_is_refused_before_any_work(evtscan, affected, tmp_path):
    (tmp_path / "facts.json").write_text("old")
    assert evtscan("facts", "NTWS07", "-o", "facts.json").code == 1
    assert (tmp_path / "facts.json").read_text() == "old"
    assert evtscan("facts", "NTWS07", "-o", "facts.json", "-C").code == 0
    assert json.loads((tmp_path / "facts.json").read_text("utf-8"))["host"] == "NTWS07"
