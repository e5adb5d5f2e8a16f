"""A command line to call, and small hosts to call it on."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from evidence_files import dhcp_log
from typer.testing import CliRunner

from evtscan.cli import build

AFFECTED = "os.version: '4.0'\nos.service_pack: 2\ncomponent.ras: true\n"


@dataclass(frozen=True)
class Outcome:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def evtscan(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Outcome]:
    """Run the command line in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: object) -> Outcome:
        texts = [str(argument) for argument in arguments]
        result = CliRunner().invoke(build(), texts)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Outcome(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture
def affected(tmp_path: Path) -> Path:
    """A host that the founding rule confirms."""
    folder = tmp_path / "NTWS07"
    folder.mkdir()
    (folder / "SysEvent.Evt").write_bytes(dhcp_log())
    (folder / "facts.yaml").write_text(AFFECTED)
    return folder


@pytest.fixture
def fleet(tmp_path: Path, affected: Path) -> Path:
    """A folder with that host, one that needs more facts, and one without evidence."""
    folder = tmp_path / "fleet"
    folder.mkdir()
    affected.rename(folder / "NTWS07")
    (folder / "NTWS08").mkdir()
    (folder / "NTWS08" / "SysEvent.Evt").write_bytes(dhcp_log(computer="NTWS08", count=1))
    (folder / "EMPTY").mkdir()
    (folder / "EMPTY" / "readme.txt").write_text("nothing to see")
    return folder
