from example_rules import event
from msgspec.structs import replace

from evtscan.base.model.source import Location
from evtscan.hunt.matching import Matching

SYSMON = {"provider": "Microsoft-Windows-Sysmon", "channel": "Microsoft-Windows-Sysmon/Operational"}


def test_records_whose_format_gives_no_place_stay_apart(rules):
    place = Location(source="a.json")
    events = [
        replace(event(1, sequence=number, data={"Image": "a.exe"}, **SYSMON), location=place) for number in (1, 2)
    ]
    found = list(Matching(rules()).of(events))
    assert [(matched.event.sequence, matched.rules) for matched in found] == [(1, [1]), (2, [1])]
