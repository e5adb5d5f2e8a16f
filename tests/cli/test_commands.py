import re
import subprocess
import sys
from pathlib import Path

from typer.main import get_command

from evtscan import __version__
from evtscan.cli import app

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")


def test_every_command_is_in_the_readme_and_has_help():
    for name, command in get_command(app).commands.items():
        assert f"`evtscan {name}" in README, name
        for child in getattr(command, "commands", {}).values() or [command]:
            assert child.help, name
            for parameter in child.params:
                assert parameter.help or parameter.name == "help", f"{name}: {parameter.name}"


def test_long_options_are_lower_case():
    for command in get_command(app).commands.values():
        for parameter in command.params:
            assert all(re.fullmatch(r"-\w|--[a-z0-9-]+|[a-z_]+", option) for option in parameter.opts)


def test_version(evtscan):
    assert evtscan("--version").out == f"evtscan {__version__}\n"


def test_version_loads_nothing_heavy():
    code = (
        "import sys; from evtscan.cli import app; "
        "print([name for name in ('pandas', 'numpy', 'lxml', 'sigma', 'regipy', 'Evtx') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
