"""Entries of a facts.yaml → statements."""

import pytest
from host_builder import at, facts_file

from evtscan.facts.catalogue.names import find
from evtscan.facts.collectors import stated

VALUES = [
    ("os.version", "4.0", "4.0"),
    ("os.version", "5.01.", "5.1"),
    ("os.service_pack", 2, 2),
    ("os.service_pack", "6a", 6),
    ("os.service_pack", "SP4", 4),
    ("os.service_pack", "Service Pack 3", 3),
    ("os.service_pack", "0", 0),
    ("component.ras", True, True),
    ("component.ras", None, None),
    ("hotfix", ("Q1", "Q2"), ("Q1", "Q2")),
    ("hotfix", "Q1", ("Q1",)),
    ("file.rasarp.sys.date", "1997-05-01", "1997-05-01"),
    ("file.rasarp.sys.date", "1997-05-01T10:00:00", "1997-05-01"),
    ("file.rasarp.sys.version", "4.0.1381.7117", "4.0.1381.7117"),
    ("os.build", "1381", 1381),
]


@pytest.mark.parametrize(("name", "raw", "expected"), VALUES)
def test_values(name, raw, expected):
    assert stated.value_of(find(name), raw) == expected


@pytest.mark.parametrize(
    ("name", "raw", "problem"),
    [
        ("os.version", "four", "is not a version"),
        ("os.service_pack", "5a", "is not a whole number"),
        ("os.service_pack", True, "is not a single integer"),
        ("os.build", "9" * 5000, "is not a whole number"),
        ("component.ras", "yes", "neither true nor false"),
        ("file.a.date", "01.05.1997", "is not a date"),
        ("file.a.version", "new", "is not a version"),
        ("os.product", ["a", "b"], "is not a single text"),
    ],
)
def test_values_of_the_wrong_type(name, raw, problem):
    with pytest.raises(ValueError, match=problem):
        stated.value_of(find(name), raw)


def test_dated_and_undated_entries():
    statements, warnings = stated.collect(facts_file(os_service__pack=[(2, 5), (3, 9)], os_version="4.0"))
    assert [(item.name, item.value, item.taken) for item in statements] == [
        ("os.service_pack", 2, at(5)),
        ("os.service_pack", 3, at(9)),
        ("os.version", "4.0", None),
    ]
    assert warnings == []


def test_an_unknown_name_is_a_warning_with_a_hint():
    statements, (warning,) = stated.collect(facts_file(os_servicepack=2))
    assert statements == []
    assert (warning.kind, warning.location.key) == ("unknown_fact", "os.servicepack")
    assert "did you mean os.service_pack?" in warning.message


def test_a_bad_value_is_a_warning_and_the_rest_counts():
    statements, (warning,) = stated.collect(facts_file(os_version="x", component_ras=True))
    assert [item.name for item in statements] == ["component.ras"]
    assert (warning.kind, warning.message) == ("bad_value", "os.version: 'x' is not a version such as '4.0'")
