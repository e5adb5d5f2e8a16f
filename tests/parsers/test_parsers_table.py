"""The table of formats."""

import pkgutil
from importlib import import_module
from inspect import signature

from evtscan import parsers


def test_every_module_that_reads_a_format_is_in_the_table():
    tabled = {row.module for row in parsers.PARSERS}
    for module in pkgutil.iter_modules(parsers.__path__):
        loaded = import_module(f"evtscan.parsers.{module.name}")
        readers = [
            name
            for name in ("read_log", "read_registry", "read_facts")
            if getattr(getattr(loaded, name, None), "__module__", "").startswith(loaded.__name__)
        ]
        assert not readers or loaded.__name__ in tabled, module.name


def test_declared_abilities_are_those_of_the_module():
    for row in parsers.PARSERS:
        module = import_module(row.module)
        assert row.has_parts == hasattr(module, "open_parts"), row.name
        takes_ranges = row.kind is parsers.Kind.LOG and "chunk_range" in signature(module.read_log).parameters
        assert bool(row.part_size) == takes_ranges, row.name
