"""The published names, and that collectors keep to them."""

import pkgutil
from dataclasses import fields
from importlib import import_module

import pytest

from evtscan import facts
from evtscan.facts.catalogue.names import CATALOGUE, find, how_to_date, how_to_get, noun, say

WORDS = [
    ("os.service_pack", 2, "Service Pack 2"),
    ("os.service_pack", 0, "no service pack"),
    ("component.ras", True, "RAS is installed"),
    ("component.ras", False, "RAS is not installed"),
    ("component.ras", None, "component.ras is not there"),
    ("component.snmp", False, "component snmp is not installed"),
    ("file.rasarp.sys.date", "1997-05-01", "rasarp.sys is dated 1997-05-01"),
    ("file.rasarp.sys.date", None, "rasarp.sys is not there"),
    ("service.dhcp.start", None, "service dhcp is not installed"),
    ("hotfix", ("Q1", "Q2"), "hotfixes Q1, Q2"),
    (r"registry.SYSTEM\x", "a {b}", r"SYSTEM\x is a {b}"),
    ("no.such.fact", 1, "no.such.fact is 1"),
]


@pytest.mark.parametrize(("name", "value", "expected"), WORDS)
def test_words_for_values(name, value, expected):
    assert say(name, value) == expected


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("component.ras", "component.ras"),
        ("component.ras.leftovers", "component.ras.leftovers"),
        ("component.snmp", "component.NAME"),
        ("file.rasarp.sys.version", "file.NAME.version"),
        (r"registry.SOFTWARE\a.b", "registry.PATH"),
    ],
)
def test_names(name, pattern):
    assert find(name).pattern == pattern


@pytest.mark.parametrize(
    "name", ["os", "os.service_packs", "file.date", "service..start", "registry.", "Component.RAS"]
)
def test_no_names(name):
    assert find(name) is None


@pytest.mark.parametrize("kind", CATALOGUE, ids=lambda kind: kind.pattern)
def test_every_fact_says_how_to_get_it_and_what_it_is_called(kind):
    name = kind.pattern.replace("NAME", "thing").replace("PATH", r"SYSTEM\thing")
    for text in (how_to_get(name), how_to_date(name), noun(name)):
        assert "{" not in text.replace("{value", "")
        assert len(text) > 8
    assert "thing" in noun(name) or kind.pattern == name


def test_what_collectors_provide_is_in_the_catalogue():
    provided = [name for collector in facts.COLLECTORS for name in collector.provides]
    assert [name for name in provided if find(name) is None] == []


def test_every_module_that_collects_is_in_the_table():
    values = [getattr(row, field.name) for row in facts.COLLECTORS for field in fields(row)]
    read = {value for value in values if callable(value)}
    for module in pkgutil.iter_modules(facts.__path__):
        loaded = import_module(f"evtscan.facts.{module.name}")
        if hasattr(loaded, "PROVIDES"):
            functions = {value for name, value in vars(loaded).items() if name.startswith("collect")}
            assert functions, module.name
            assert functions <= read, module.name


def test_the_query_asks_for_what_collectors_read():
    wanted = facts.query().selectors
    assert all(collector.selectors <= wanted for collector in facts.COLLECTORS)
    assert facts.query().accepts("System", "RemoteAccess", None, 20050)
    assert not facts.query().accepts("Application", "RemoteAccess", None, 20050)
