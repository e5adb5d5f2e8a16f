import errno
import io
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from evidence_files import dhcp_log

from evtscan import __version__
from evtscan.__main__ import main
from evtscan.cli import all_commands
from evtscan.cli.options.helptext import EXAMPLES

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")


def test_every_command_is_in_the_readme_and_has_help():
    for name, command in all_commands().items():
        assert f"`evtscan {name}" in README, name
        for child in getattr(command, "commands", {}).values() or [command]:
            assert child.help, name
            for parameter in child.params:
                assert parameter.help or parameter.name == "help", f"{name}: {parameter.name}"


def test_long_options_are_lower_case():
    for command in all_commands().values():
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
    assert (ran.code, ran.err) == (1, "evtscan: not enough memory\n")


HEAVY = ("pandas", "numpy", "lxml", "sigma", "regipy", "Evtx")
OF_RULES = ("evtscan.detection", "evtscan.facts", "evtscan.verdicts", "evtscan.reporters")


def loaded_by(code: str, heavy: tuple[str, ...] = HEAVY) -> str:
    """Which of the heavy modules a piece of code loads."""
    code = f"import sys; {code}; print([name for name in {heavy!r} if name in sys.modules])"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_the_command_line_alone_loads_nothing_heavy():
    assert loaded_by("import evtscan.__main__, evtscan.cli") == "[]"
    assert loaded_by("from evtscan.cli import build; build()") == "[]"


@pytest.mark.parametrize("command", ["dump", "metrics"])
def test_commands_about_logs_alone_load_nothing_of_rules(command):
    assert loaded_by(f"import evtscan.cli.commands.{command}", OF_RULES) == "[]"


def test_a_run_loads_only_its_own_command():
    code = "import sys; from typer.main import get_command; from evtscan.cli import build; "
    code += "get_command(build()).get_command(None, 'collect'); "
    code += "print([name for name in sys.modules if name.startswith('evtscan.cli.commands.')])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == (
        "['evtscan.cli.commands.collect']\n"
    )


def test_a_command_that_does_not_exist(evtscan):
    result = evtscan("dmup")
    assert result.code == 2
    assert "'dump'" in result.err


def test_evidence_without_a_command_says_which_one_to_use(evtscan, tmp_path):
    (tmp_path / "NTWS07").mkdir()
    result = evtscan("NTWS07")
    assert result.code == 2
    assert result.err.endswith(" scan NTWS07\n")


def test_help_has_options_below_headings_and_examples(evtscan, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    text = evtscan("scan", "--help").out
    headings = re.findall(r"^(\w.*):$", text, re.MULTILINE)
    assert headings[:3] == ["Arguments", "Selecting hosts", "Selecting rules"]
    assert headings[-3:] == ["Performance", "Options", "Examples"]
    assert text.index("Selecting rules:") < text.index("--min-level LEVEL") < text.index("Filtering events:")
    assert "\nUsage: evtscan scan [OPTIONS] PATH...\n" in f"\n{text}"
    assert all(len(line) <= 80 for line in text[: text.index("Examples:")].splitlines())


def test_the_list_of_commands_cuts_no_sentence(evtscan, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert "each fact with its sources in order of" in evtscan("--help").out
    assert "..." not in evtscan("--help").out.replace("[ARGS]...", "")


def every_command():
    for name, command in all_commands().items():
        yield from getattr(command, "commands", {name: command}).items()


@pytest.mark.parametrize(("name", "command"), list(every_command()))
def test_examples_name_options_that_there_are(name, command):
    options = {option for parameter in command.params for option in parameter.opts}
    assert EXAMPLES[name], name
    for line in EXAMPLES[name]:
        assert name in line.split()[1:3], line
        assert {word for word in line.split()[1:] if re.match("-[-a-z]", word)} <= options, line


def run_main(monkeypatch: pytest.MonkeyPatch, *words: str) -> object:
    """Run the program with these words after its name, and return its exit code."""
    monkeypatch.setattr(sys, "argv", ["evtscan", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


@pytest.fixture
def as_on_windows(monkeypatch):
    """Typer expands arguments, and evtscan takes the precautions, as on Windows."""
    monkeypatch.setattr("typer.core.os", SimpleNamespace(name="nt", environ=os.environ, getenv=os.getenv))
    for module in ("evtscan.cli", "evtscan.base.streams"):
        monkeypatch.setattr(f"{module}.ON_WINDOWS", True)


def test_arguments_are_read_as_they_were_written(monkeypatch, tmp_path, capfdbinary, as_on_windows):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "System[1].evtx").write_bytes(dhcp_log())
    (tmp_path / "System1.evtx").write_bytes(b"not this one")
    assert run_main(monkeypatch, "dump", "System[1].evtx", "--contains", "*", "-q") == 0
    assert run_main(monkeypatch, "dump", "System[1].ev*", "-q", "--provider", "~") == 0  # a pattern in a path
    assert capfdbinary.readouterr().err == b""


def test_a_stray_quotation_mark_is_explained_on_windows(monkeypatch, tmp_path, capsys, as_on_windows):
    monkeypatch.chdir(tmp_path)
    assert run_main(monkeypatch, "scan", 'logs" -o out.csv') == 2
    assert "quotation mark" in capsys.readouterr().err


def test_patterns_in_rule_paths_are_expanded(evtscan, tmp_path):
    for name in ("a1.yml", "a2.yml", "b.yml"):
        (tmp_path / name).write_text(
            f"title: {name}\nlogsource: {{product: windows}}\ndetection: {{s: {{EventID: 1}}, condition: s}}\n"
        )
    listed = evtscan("rules", "list", "-r", "a*.yml", "-r", "b.yml")
    assert [name for name in ("a1.yml", "a2.yml", "b.yml") if name in listed.out] == ["a1.yml", "a2.yml", "b.yml"]
    assert evtscan("rules", "list", "-r", "c*.yml").code == 2


@pytest.mark.parametrize(
    ("error", "windows"),
    [(BrokenPipeError(), False), (OSError(errno.EINVAL, "Invalid argument"), True)],
)
@pytest.mark.parametrize(
    "words", ["rules list", "report report.json", "collect --for nt4", "facts host", "metrics host"]
)
def test_a_reader_that_ends_early_is_no_error(monkeypatch, tmp_path, capsys, words, error, windows):
    """``| more`` and ``| head``: no traceback, no message, exit code 1."""

    def refuse(*_: object) -> int:
        raise error

    (tmp_path / "host").mkdir()
    (tmp_path / "host" / "SysEvent.Evt").write_bytes(dhcp_log())
    monkeypatch.chdir(tmp_path)
    assert run_main(monkeypatch, "scan", "host", "-o", "report.json", "-q") == 0
    monkeypatch.setattr("evtscan.base.streams.ON_WINDOWS", windows)
    for module in ("evtscan.__main__", "evtscan.cli.output.exits"):
        monkeypatch.setattr(f"{module}.discard_stdout", lambda: None)
    stream = io.TextIOWrapper(io.BufferedWriter(FailingPipe(error)), "utf-8", write_through=True)
    monkeypatch.setattr(sys, "stdout", stream)
    code = run_main(monkeypatch, *words.split())
    monkeypatch.undo()
    assert (code, "Traceback" in capsys.readouterr().err) == (1, False)


class FailingPipe(io.RawIOBase):
    """A pipe whose reader has ended."""

    def __init__(self, error: OSError) -> None:
        self._error = error

        self._number = os.open(os.devnull, os.O_WRONLY)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._number

    def write(self, data: object) -> int:
        raise self._error


def test_rule_files_whose_names_no_encoding_can_carry(monkeypatch, affected, tmp_path, capfd):
    r"""A name of Windows may have a lone surrogate, one of Linux a byte that is not UTF-8."""
    name = "r\udcfe.yml"
    rule = "title: t\nlogsource: {product: windows}\ndetection: {s: {EventID: 1008}, condition: s}\n"
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / name).write_text(rule)
    monkeypatch.chdir(tmp_path)
    assert run_main(monkeypatch, "scan", "NTWS07", "-r", "rules", "-o", "out/", "-q") == 0
    assert (tmp_path / "out" / "findings.csv").read_text("utf-8").count("detected") == 1
    assert run_main(monkeypatch, "audit", ".", "-r", "rules", "-o", "fleet/", "-q") == 0
    assert run_main(monkeypatch, "rules", "list", "-r", "rules") == 0
    assert run_main(monkeypatch, "rules", "check", "rules") == 2  # without a provider
    assert "r\\udcfe.yml" in "".join(capfd.readouterr())
