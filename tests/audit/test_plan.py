"""A folder of hosts: who is who, and what is no host."""

import time

import pytest
from archives_of_hosts import archive
from evidence_files import DHCP, NT4_SP2, OTHER, REG, evt, write
from links import link

from evtscan.audit.plan import LOOSE, RUN_FOLDER, STATE_FILE, HostsFrom, plan, with_inventory
from evtscan.base.errors import UsageError
from evtscan.parsers.stated.fleetfile import Fleet


def planned(folder, *args, **options):
    return {item.name: [source.name for source in item.sources] for item in plan(folder, *args, **options)}


def test_each_first_level_folder_is_a_host_with_the_name_of_the_folder(fleet):
    assert planned(fleet) == {"ALPHA": ["SysEvent.Evt", "facts.yaml"], "beta": ["deep/System.evt"], "gamma": []}


def test_loose_files_are_grouped_by_the_computer_that_they_name(fleet):
    write(
        fleet,
        a__evt=evt(DHCP, computer="NTBOX.example.com"),
        b__evt=evt(OTHER, computer="ntbox"),
        c__reg=REG.format(name="NtBox"),
        d__reg="REGEDIT4\n\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\x]\n",
        facts__yaml=NT4_SP2,
        readme__txt="x",
    )
    found = planned(fleet)
    assert found["NTBOX"] == ["a.evt", "b.evt", "c.reg"]
    assert found[LOOSE] == ["d.reg", "facts.yaml", "readme.txt"]


def test_a_loose_file_never_joins_a_folder(fleet):
    write(fleet, x__evt=evt(DHCP, computer="alpha"))
    assert planned(fleet)[f"alpha {LOOSE}"] == ["x.evt"]


def test_an_archive_is_a_host_named_without_suffix_unless_that_name_is_taken(fleet):
    write(fleet, DELTA__zip=archive(System__evt=evt(DHCP)), alpha__zip=archive(System__evt=evt(DHCP)))
    found = planned(fleet)
    assert found["DELTA"] == ["DELTA.zip"]
    assert found["alpha.zip"] == ["alpha.zip"]


def test_links_in_the_folder_are_passed_over(fleet, tmp_path_factory):
    outside = write(tmp_path_factory.mktemp("outside"), System__evt=evt(DHCP))
    try:
        link(fleet / "linked", outside, target_is_directory=True)
        link(fleet / "broken", fleet / "nothing")
        link(fleet / "ALPHA" / "loop", fleet / "ALPHA", target_is_directory=True)
        link(fleet / "ALPHA" / "out.evt", outside / "System.evt")
    except OSError:
        pytest.skip("this system does not let us make links")
    plans = {item.name: item for item in plan(fleet)}
    assert plans[LOOSE].sources == ()
    assert sorted(item.source_file for item in plans[LOOSE].skipped) == ["broken", "linked"]
    assert sorted(item.source_file for item in plans["ALPHA"].skipped) == ["loop", "out.evt"]
    assert [source.name for source in plans["ALPHA"].sources] == ["SysEvent.Evt", "facts.yaml"]


def test_a_folder_that_cannot_be_listed(tmp_path):
    with pytest.raises(UsageError, match="cannot be listed"):
        plan(tmp_path / "nothing")
    with pytest.raises(UsageError, match="cannot be listed"):
        plan(tmp_path / "nothing", HostsFrom(by="computer"))


def test_the_size_and_state_of_a_host_are_those_at_planning(fleet):
    alpha = plan(fleet)[0]
    log = fleet / "ALPHA" / "SysEvent.Evt"
    assert alpha.states[0].mark == str(log.stat().st_mtime_ns)
    assert alpha.size == log.stat().st_size + len(NT4_SP2)
    log.unlink()
    assert alpha.size > len(NT4_SP2)


def test_names_that_differ_in_case_only_are_hosts_of_their_own(tmp_path):
    write(tmp_path / "Alpha", a__evt=evt(DHCP))
    if (tmp_path / "ALPHA").exists():
        pytest.skip("this file system does not tell case apart")
    write(tmp_path / "ALPHA", a__evt=evt(OTHER))
    assert planned(tmp_path) == {"ALPHA": ["a.evt"], "Alpha": ["a.evt"]}


def test_what_is_left_out_is_no_host(fleet):
    left_out = {str(fleet / "beta"), str(fleet / "ALPHA" / "facts.yaml")}
    assert planned(fleet, leave_out=left_out) == {"ALPHA": ["SysEvent.Evt"], "gamma": []}


def test_the_output_folder_of_an_earlier_audit_is_no_host(fleet):
    write(fleet / "out" / RUN_FOLDER, **{STATE_FILE: "{}"})
    (loose,) = [item for item in plan(fleet) if item.name == LOOSE]
    assert [(item.source_file, item.reason) for item in loose.skipped] == [("out", "output of an earlier audit")]
    assert "out" not in planned(fleet)


def test_hosts_that_lie_deeper(fleet, tmp_path):
    write(fleet / "beta", x__evt=evt(DHCP, computer="XRAY"))
    assert planned(fleet, HostsFrom(depth=2)) == {
        "beta/deep": ["System.evt"],
        "ALPHA": ["ALPHA/SysEvent.Evt"],
        "XRAY": ["beta/x.evt"],
        LOOSE: ["ALPHA/facts.yaml"],
    }


def test_hosts_by_computer_take_along_what_names_none(fleet):
    write(fleet / "beta" / "deep", notes__txt="x")
    write(fleet / "mixed", a__evt=evt(DHCP, computer="beta"), b__evt=evt(DHCP, computer="DELTA"), c__txt="x")
    assert planned(fleet, HostsFrom(by="computer")) == {
        "ALPHA": ["ALPHA/SysEvent.Evt", "ALPHA/facts.yaml"],
        "BETA": ["beta/deep/System.evt", "beta/deep/notes.txt", "mixed/a.evt"],
        "DELTA": ["mixed/b.evt"],
        LOOSE: ["mixed/c.txt"],
    }


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("{host}_*.evt", {"NT-01": ["NT-01_System.evt", "nt-01_Application.evt"], LOOSE: ["site/NT_02/System.evt"]}),
        ("site/{host}", {"NT_02": ["site/NT_02/System.evt"], LOOSE: ["NT-01_System.evt", "nt-01_Application.evt"]}),
        ("*/{host}_*", {"NT": ["site/NT_02/System.evt"], LOOSE: ["NT-01_System.evt", "nt-01_Application.evt"]}),
    ],
)
def test_hosts_by_a_pattern_of_paths(tmp_path, pattern, expected):
    write(tmp_path, **{"NT-01_System__evt": evt(DHCP), "nt-01_Application__evt": evt(OTHER)})
    write(tmp_path / "site" / "NT_02", System__evt=evt(DHCP))
    assert planned(tmp_path, HostsFrom(by=pattern)) == expected


def test_ways_to_name_hosts_that_make_no_sense():
    for by in ("hosts", "{host}/{host}", "*.evt"):
        with pytest.raises(UsageError, match="give folder, computer, or a pattern"):
            HostsFrom(by=by)
    with pytest.raises(UsageError, match="--depth"):
        HostsFrom(by="computer", depth=2)


def test_a_table_of_hosts_meets_them_by_name_last_part_and_first_label(fleet):
    (fleet / "site" / "NT.example.com").mkdir(parents=True)
    plans = [item for depth in (1, 2) for item in plan(fleet, HostsFrom(depth=depth))]
    rows = {"alpha": "A", "nt": "B", "zulu": "C"}
    result, unknown = with_inventory(plans, Fleet(rows, {key: key.upper() for key in rows}, ()))
    stated = {item.name: item.stated[0] for item in result if item.stated}
    assert stated == {"ALPHA": "A", "site/NT.example.com": "B"}
    assert unknown == ["ZULU"]


def test_a_hundred_thousand_files_that_are_no_evidence_are_planned_in_seconds(tmp_path):
    for number in range(10_000):  # a tenth of them here, in a tenth of the time that all of them may take
        (tmp_path / f"{number % 10}").mkdir(exist_ok=True)
        (tmp_path / f"{number % 10}" / f"{number}.tmp").touch()
    began = time.process_time()
    plans = plan(tmp_path)
    assert time.process_time() - began < 2
    assert sum(len(item.sources) for item in plans) == 10_000
