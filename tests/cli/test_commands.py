import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from evtscan import __version__
from evtscan.__main__ import main
from evtscan.cli import COMMANDS, asked_for, build

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
    assert loaded_by(f"import evtscan.cli.{command}", OF_RULES) == "[]"


def test_a_run_loads_the_one_command_it_is_asked_for():
    assert asked_for(["dump", "System.evtx"]) == ["dump"]
    for arguments in ([], ["--help"], ["dmup"]):
        assert tuple(asked_for(arguments)) == tuple(COMMANDS)


def test_a_command_that_does_not_exist(evtscan):
    assert evtscan("dmup").code == 2
