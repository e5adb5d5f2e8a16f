import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from evtscan import __version__
from evtscan.__main__ import main
from evtscan.cli import COMMANDS, asked_for, build
from evtscan.cli.options.helptext import EXAMPLES

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")


def test_every_command_is_in_the_readme_and_has_help():
    for name, command in get_command(build()).commands.items():
        assert f"`evtscan {name}" in README, name
        for child in getattr(command, "commands", {}).values() or [command]:
            assert child.help, name
            for parameter in child.params:
                assert parameter.help or parameter.name == "help", f"{name}: {parameter.name}"


def test_long_options_are_lower_case():
    for command in get_command(build()).commands.values():
        for parameter in command.params:
            assert all(re.fullmatch(r"-\w|--[a-z0-9-]+|[a-z_]+", option) for option in parameter.opts)


def test_version(evtscan):
    assert evtscan("--version").out == f"evtscan {__version__}\n"


def test_an_interrupt_before_the_command_runs(monkeypatch, capsys):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr("evtscan.cli.main", interrupted)
    monkeypatch.setattr(sys, "argv", ["evtscan", "scan", "x"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 130
    assert capsys.readouterr().err == "evtscan: interrupted\n"


def in_a_shell(line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of a POSIX shell, in which ``evtscan`` is the program."""
    program = f'evtscan() {{ "{sys.executable}" -m evtscan "$@"; }}; '
    return subprocess.run(["sh", "-c", program + line], capture_output=True, text=True, check=False)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a full disk is asked for by its name on Linux")
@pytest.mark.parametrize("words", ["--version", "scan --help", "rules list", "collect --for nt4"])
def test_a_full_disk_behind_standard_output(words):
    ended = in_a_shell(f"evtscan {words} > /dev/full")
    assert (ended.returncode, ended.stderr) == (
        1,
        "evtscan: standard output: cannot be written (No space left on device)\n",
    )


@pytest.mark.skipif(sys.platform == "win32", reason="closes streams with a POSIX shell")
def test_streams_that_are_closed(tmp_path):
    (tmp_path / "notes.txt").write_text("no log")
    out = tmp_path / "out.csv"
    ended = in_a_shell(f"evtscan dump {tmp_path} > {out} 2>&-")
    assert (ended.returncode, ended.stderr, out.read_bytes().count(b"\n")) == (1, "", 0)  # no ledger in the table
    ended = in_a_shell("evtscan rules list >&- <&-")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == "evtscan: standard output: cannot be written (Bad file descriptor)\n"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not remove the folder of a process")
def test_the_current_folder_is_gone(tmp_path):
    ended = in_a_shell(f"mkdir {tmp_path}/x; cd {tmp_path}/x; rmdir {tmp_path}/x; evtscan scan .")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("evtscan: the current folder is gone, or cannot be entered (")
    assert ended.stderr.count("\n") == 1


def test_not_enough_memory(monkeypatch, evtscan, tmp_path):
    def too_much(*args, **kwargs):
        raise MemoryError

    (tmp_path / "report.json").write_text("{}")
    monkeypatch.setattr("evtscan.cli.output.session.saved_report", too_much)
    ran = evtscan("report", "report.json")
    assert (ran.code, ran.err) == (1, "evtscan: there is not enough memory for this\n")


HEAVY = ("pandas", "numpy", "lxml", "sigma", "regipy", "Evtx")
OF_RULES = ("evtscan.detection", "evtscan.facts", "evtscan.verdicts", "evtscan.reporters")


def loaded_by(code: str, heavy: tuple[str, ...] = HEAVY) -> str:
    """Which of the heavy modules a piece of code loads."""
    code = f"import sys; {code}; print([name for name in {heavy!r} if name in sys.modules])"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_the_command_line_alone_loads_nothing_heavy():
    assert loaded_by("import evtscan.__main__, evtscan.cli") == "[]"
    assert loaded_by("from evtscan.cli import build; build(['dump'])") == "[]"


@pytest.mark.parametrize("command", ["dump", "metrics"])
def test_commands_about_logs_alone_load_nothing_of_rules(command):
    assert loaded_by(f"import evtscan.cli.commands.{command}", OF_RULES) == "[]"


def test_a_run_loads_the_one_command_it_is_asked_for():
    assert asked_for(["dump", "System.evtx"]) == ["dump"]
    for arguments in ([], ["--help"], ["dmup"]):
        assert tuple(asked_for(arguments)) == tuple(COMMANDS)


def test_a_command_that_does_not_exist(evtscan):
    assert evtscan("dmup").code == 2


def test_evidence_without_a_command_says_which_one_to_use(evtscan, tmp_path):
    (tmp_path / "NTWS07").mkdir()
    result = evtscan("NTWS07")
    assert result.code == 2
    assert "Error: NTWS07 is evidence, and a command goes before it: evtscan scan NTWS07" in result.err


def test_help_has_options_below_headings_and_examples(evtscan, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    text = evtscan("scan", "--help").out
    headings = re.findall(r"^(\w.*):$", text, re.MULTILINE)
    assert headings[:3] == ["Arguments", "Which hosts", "Which rules"]
    assert headings[-3:] == ["Output", "Options", "Examples"]
    assert text.index("Which rules:") < text.index("--min-level LEVEL") < text.index("Which events:")
    assert "\nUsage: evtscan scan [OPTIONS] PATH...\n" in f"\n{text}"
    assert all(len(line) <= 80 for line in text[: text.index("Examples:")].splitlines())


def test_the_list_of_commands_cuts_no_sentence(evtscan, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert "each fact with its sources in order of" in evtscan("--help").out
    assert "..." not in evtscan("--help").out.replace("[ARGS]...", "")


def every_command():
    for name, command in get_command(build()).commands.items():
        yield from getattr(command, "commands", {name: command}).items()


@pytest.mark.parametrize(("name", "command"), list(every_command()))
def test_examples_name_options_that_there_are(name, command):
    options = {option for parameter in command.params for option in parameter.opts}
    assert EXAMPLES[name], name
    for line in EXAMPLES[name]:
        assert name in line.split()[1:3], line
        assert {word for word in line.split()[1:] if re.match("-[-a-z]", word)} <= options, line
