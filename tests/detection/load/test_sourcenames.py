"""Names under which one source is printed."""

from example_rules import event, load_one, match

from evtscan.base.logic import Truth
from evtscan.detection.load.sourcenames import names_of, rows

KDC = {"KDC", "Kdcsvc", "Microsoft-Windows-Kerberos-Key-Distribution-Center"}


def test_every_name_of_a_source_is_found_by_any_of_them():
    for row in rows():
        assert len(row) > 1
        for name in row:
            found = names_of(name.upper())
            assert found[0] == name.upper()
            assert {one.casefold() for one in found} == {one.casefold() for one in row}


def test_no_name_stands_twice():
    names = [name.casefold() for row in rows() for name in row]
    assert len(names) == len(set(names)) > 20


def test_a_source_that_the_table_does_not_know_stands_for_itself():
    assert names_of("Disk") == ("Disk",)
    assert names_of("Dhcp") == ("Dhcp",)


def test_a_rule_asks_for_every_name_and_matches_each(tmp_path):
    rule = load_one(tmp_path, "s: {EventID: 7, Provider_Name: kdc}\ncondition: s")
    assert {one.provider.casefold() for one in rule.query().selectors} == {name.casefold() for name in KDC}
    events = [event(provider=name) for name in [*sorted(KDC), "Kerberos"]]
    assert [found.event.provider for found in match([rule], events)] == sorted(KDC)
    (leaf,) = (test for test in rule.detection.children if test.field == "Provider_Name")
    assert leaf.text == "Provider_Name is kdc"


def test_a_negated_name_means_none_of_them(tmp_path):
    rule = load_one(tmp_path, "s: {EventID: 7}\nf: {Provider_Name: KDC}\ncondition: s and not f")
    events = [event(provider=name) for name in [*sorted(KDC), "Disk"]]
    assert [found.event.provider for found in match([rule], events)] == ["Disk"]


def test_patterns_and_the_event_source_name_are_as_before(tmp_path):
    rule = load_one(tmp_path, "s: {EventID: 7, Provider_Name: 'KD*'}\ncondition: s")
    assert [found.truth for found in match([rule], [event(provider="Kdcsvc"), event(provider="KDC")])] == [
        Truth.TRUE
    ] * 2
    rule = load_one(tmp_path, "s: {EventID: 7, Provider_Name: [Disk, KDC]}\ncondition: s")
    logged = event(provider="X", event_source_name="Kdcsvc")
    assert [found.truth for found in match([rule], [logged])] == [Truth.TRUE]
