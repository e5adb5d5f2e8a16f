"""Facts that name a place in the registry: one value, those of many keys, sizes and counts."""

import pytest
from host_builder import FakeRegistry, at, booted, evidence, facts_file, log

from evtscan.base.logic import Truth
from evtscan.base.model.fact import Basis, FactEntry, FactsFile
from evtscan.base.model.source import Location
from evtscan.detection.model.condition import Operator, Test
from evtscan.facts.catalogue.names import find, is_known, say
from evtscan.facts.collectors.registryvalues import MAX_KEYS, count, look_up, size
from evtscan.facts.host import Host
from evtscan.verdicts.conditions import decide

ZONES = r"SYSTEM\CurrentControlSet\Services\DNS\Zones"
NOTIFY = rf"registry.{ZONES}\*\Notify"


def stated(keys, name, whole=()):
    return [
        (item.value, item.listing.name, item.location.key)
        for item in look_up(FakeRegistry(keys, whole, taken=at(1)), name)
    ]


@pytest.mark.parametrize(
    ("data", "bytes_", "members"),
    [
        ("", 2, 1),
        ("ab", 6, 1),
        ("\U0001f600", 6, 1),
        ((), 2, 0),
        (("a", "bc"), 12, 2),
        (b"\x00\x01\x02", 3, 1),
        (5, 4, 1),
        (0xFFFFFFFF, 4, 1),
        (0x100000000, 8, 1),
    ],
)
def test_size_and_count(data, bytes_, members):
    assert (size(data), count(data)) == (bytes_, members)


def test_a_size_is_of_what_is_stored():
    keys = {rf"{ZONES}\a": {"List": ("x", "y"), "Raw": b"\x01\xff"}}
    assert stated(keys, rf"size(registry.{ZONES}\a\List)") == [(10, "WHOLE", rf"{ZONES}\a")]
    assert stated(keys, rf"count(registry.{ZONES}\a\List)") == [(2, "WHOLE", rf"{ZONES}\a")]
    assert stated(keys, rf"size(registry.{ZONES}\a\Raw)") == [(2, "WHOLE", rf"{ZONES}\a")]
    assert stated(keys, rf"registry.{ZONES}\a\Raw") == [("01FF", "WHOLE", rf"{ZONES}\a")]
    assert stated(keys, rf"size(registry.{ZONES}\a\None)") == []
    assert stated(keys, rf"size(registry.{ZONES}\a\None)", (ZONES,)) == [(None, "WHOLE", rf"{ZONES}\a")]
    assert stated(keys, "size(os.version)") == []


KEYS = {
    ZONES: {},
    rf"{ZONES}\127.in-addr.arpa": {"Notify": 1},
    rf"{ZONES}\example.org": {"Notify": 0},
    rf"{ZONES}\example.com": {"Other": 1},
}


def test_the_values_of_all_keys_and_where_each_stands():
    assert stated(KEYS, NOTIFY, (ZONES,)) == [
        (("1", "0"), "WHOLE", ZONES),
        (("1",), "PART", rf"{ZONES}\127.in-addr.arpa"),
        (("0",), "PART", rf"{ZONES}\example.org"),
    ]


def test_what_is_not_held_in_full_leaves_others_open():
    assert stated(KEYS, NOTIFY) == [
        (("1",), "PART", rf"{ZONES}\127.in-addr.arpa"),
        (("0",), "PART", rf"{ZONES}\example.org"),
    ]
    assert stated({}, NOTIFY) == []
    assert stated({}, NOTIFY, (ZONES,)) == [((), "WHOLE", ZONES)]


def test_a_key_below_the_open_level():
    keys = {ZONES: {}, rf"{ZONES}\a": {}, rf"{ZONES}\a\Sub": {"V": ("x", "y")}, rf"{ZONES}\b": {}}
    assert stated(keys, rf"registry.{ZONES}\*\Sub\V", (ZONES,)) == [
        (("x", "y"), "WHOLE", ZONES),
        (("x", "y"), "PART", rf"{ZONES}\a\Sub"),
    ]


def test_more_keys_than_are_read_leave_the_rest_open():
    keys = {ZONES: {}} | {rf"{ZONES}\{number}": {"Notify": 0} for number in range(3)}
    registry = FakeRegistry(keys, (ZONES,))
    many = registry.key(ZONES)
    object.__setattr__(many, "subkeys", many.subkeys * (MAX_KEYS // 3 + 1))
    registry.key = lambda path, look=registry.key: many if path == ZONES else look(path)
    assert all(item.listing.name == "PART" for item in look_up(registry, NOTIFY))


def test_the_catalogue_knows_these_names():
    assert find(NOTIFY).pattern == r"registry.PATH\*\PATH"
    assert find(NOTIFY).open_part(NOTIFY) == NOTIFY.removeprefix("registry.")
    assert find(r"size(registry.A\B)").pattern == "size(registry.PATH)"
    assert find(r"count(registry.A\B)").open_part(r"count(registry.A\B)") == r"A\B"
    assert find(r"registry.A\B").pattern == "registry.PATH"
    assert not is_known(r"registry.A\*\B\*\C")
    assert not is_known(r"size(registry.A\*\B)")
    assert say(r"size(registry.A\B)", 7) == r"A\B has 7 bytes"
    assert say(NOTIFY, ()) == rf"{ZONES}\*\Notify is set nowhere"


# ---------------------------------------------------------------------------------------------- conditions

IS_1 = Test(field=NOTIFY, values=(1,), text="one")
IS_2 = Test(field=NOTIFY, values=(2,), text="two")


def answer(test, *parts, positive=True):
    host = Host(evidence(log(booted(1)), *parts))
    return decide(test, host.known(test.field, host.now), positive)


def test_one_key_with_such_a_value_is_enough_and_is_named():
    found = answer(IS_1, FakeRegistry(KEYS))
    assert (found.truth, found.basis) == (Truth.TRUE, Basis.STATED)
    assert [place.key for place in found.locations] == [rf"{ZONES}\127.in-addr.arpa"]


def test_that_there_is_none_is_known_only_if_all_are():
    assert answer(IS_2, FakeRegistry(KEYS, (ZONES,))).truth is Truth.FALSE
    found = answer(IS_2, FakeRegistry(KEYS))
    assert found.truth is Truth.UNKNOWN
    assert found.says == (rf"the set of values {ZONES}\*\Notify is not known (no complete list was collected)")


def said(name, value):
    return FactsFile(source="facts.yaml", entries=(FactEntry(name=name, value=value, location=Location(source="f")),))


def test_one_value_that_somebody_stated_is_a_part_and_a_list_is_all():
    one = rf"registry.{ZONES}\example.org\Notify"
    assert answer(IS_1, said(one.upper().replace("REGISTRY", "registry"), 1)).truth is Truth.TRUE
    assert answer(IS_2, said(one, 1)).truth is Truth.UNKNOWN
    assert answer(IS_2, said(NOTIFY, ["0", "1"])).truth is Truth.FALSE
    assert answer(IS_1, said(rf"registry.{ZONES}\a\b\Notify", 1)).truth is Truth.UNKNOWN


def test_a_size_of_what_somebody_stated():
    path = rf"registry.{ZONES}\a\List"
    big = Test(field=f"size({path})", values=(">=10",), text="big", operator=Operator.IN_RANGE)
    many = Test(field=f"count({path})", values=(2,), text="two")
    assert answer(big, said(path, ["x", "y"])).truth is Truth.TRUE
    assert answer(many, said(path, ["x", "y"])).truth is Truth.TRUE
    assert answer(big, said(path, None)).truth is Truth.FALSE
    assert answer(big, said(f"size({path})", 9)).truth is Truth.FALSE
    assert answer(big, facts_file()).truth is Truth.UNKNOWN
