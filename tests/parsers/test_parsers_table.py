"""The table of formats."""

import pkgutil
import subprocess
import sys
from importlib import import_module
from inspect import signature
from pathlib import Path

import pytest

from evtscan import parsers
from evtscan.parsers import reports
from evtscan.parsers.reports.programs import PROGRAMS

ROOT = Path(__file__).parents[2]


READERS = ("read_log", "read_registry", "read_inventory", "read_facts")


def modules_below(package):
    return [module.name for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]


def test_every_module_that_reads_a_format_is_in_the_table():
    tabled = {row.module for row in parsers.PARSERS}
    for name in modules_below(parsers):
        module = import_module(name)
        own = [reader for reader in READERS if getattr(getattr(module, reader, None), "__module__", "") == name]
        assert not own or {name, name.rpartition(".")[0]} & tabled, name  # a package hands its reader out


def test_every_program_with_a_text_report_is_in_the_table():
    tabled = {program.name for program in PROGRAMS}
    found = [
        module.PROGRAM.name for name in modules_below(reports) if hasattr(module := import_module(name), "PROGRAM")
    ]
    assert sorted(found) == sorted(tabled)
    assert tabled <= {row.name for row in parsers.PARSERS}


def test_names_are_unique_and_lead_to_the_row():
    names = [row.name for row in parsers.PARSERS]
    assert len(names) == len(set(names))
    assert [parsers.format_named(name) for name in names] == list(parsers.PARSERS)
    with pytest.raises(KeyError):
        parsers.format_named("none")


def test_recognising_a_log_imports_no_reader():
    """Start-up is for every run; what reads a format, and the packages that it needs, is imported when it is met."""
    code = (
        "import sys; from pathlib import Path; from evtscan.base.model.source import Source;"
        "from evtscan.parsers import recognise; recognise(Source(Path(sys.argv[1]), 'x.evt'));"
        "print(*(name for name in sys.modules if name in ('numpy', 'lxml', 'regipy', 'yaml', 'json', 'pefile')"
        " or name.startswith('evtscan.parsers.') and not name.endswith('formats')))"
    )
    log = ROOT / "samples" / "hosts" / "NTWS07" / "SysEvent.Evt"
    done = subprocess.run([sys.executable, "-c", code, str(log)], capture_output=True, text=True, check=True)
    packages = {"logs", "logs.csv", "logs.text", "registry", "stated", "shared", "shared.headtext"}
    assert set(done.stdout.split()) <= {f"evtscan.parsers.{name}" for name in packages}


def test_declared_abilities_are_those_of_the_module():
    for row in parsers.PARSERS:
        module = import_module(row.module)
        assert row.has_parts == hasattr(module, "open_parts"), row.name
        takes_ranges = row.kind is parsers.Kind.LOG and "chunk_range" in signature(module.read_log).parameters
        assert bool(row.part_size) == takes_ranges, row.name
