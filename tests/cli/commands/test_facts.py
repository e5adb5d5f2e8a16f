import json
from pathlib import Path

import pytest
from sample_writer.event import SampleEvent
from sample_writer.evt import saved_log

from evtscan.detection.load import catalogue
from evtscan.intake.hostname import default_name

FOUNDING_RULE = catalogue.folder() / "nt" / "dhcp" / "dhcp-decline-fails-with-ras.yml"


def test_facts_with_their_sources(evtscan, affected):
    result = evtscan("facts", affected)
    assert result.code == 0
    assert "os.service_pack" in result.out
    assert "facts.yaml" in result.out


def test_times_in_a_zone(evtscan, affected):
    """On the console; JSON stays UTC."""
    (affected / "facts.yaml").write_text("os.service_pack: [{value: 2, from: 1997-03-01T09:00:00Z}]\n")
    text = evtscan("facts", affected, "--timezone", "+02:00").out
    assert "1997-03-01T11:00:00+02:00" in text
    assert (
        "at 1997-03-01T14:00:00+02:00 (boot session 1 of 1)"
        in evtscan(*("facts", affected, "--at", "1997-03-01T12:00:00Z", "--timezone", "+02:00")).out
    )
    assert "T09:00:00Z" in evtscan("facts", affected, "--timezone", "+02:00", "-t", "json").out
    assert evtscan("facts", affected, "--timezone", "Atlantis").code == 2


def test_facts_as_json(evtscan, affected):
    document = json.loads(evtscan("facts", affected, "-t", "json").out)
    now = {row["name"]: row["value"] for row in document["facts"] if not row["history"]}
    assert now == {"os.version": "4.0", "os.service_pack": "2", "component.ras": "true"}


def test_facts_of_nothing(evtscan, tmp_path):
    (tmp_path / "readme.txt").write_text("hello")
    assert evtscan("facts", tmp_path / "readme.txt").code == 1


@pytest.mark.parametrize("more", [("--at", "2001-01-01"), ("--record", "1"), ("-t", "json")])
def test_a_template_is_of_now(evtscan, affected, more):
    result = evtscan("facts", affected, "--template", *more)
    assert (result.code, "--template" in result.err) == (2, True)


@pytest.mark.parametrize(("name", "called"), [("a.b/", "a.b"), ("case.tar.gz", "case"), ("SysEvent.Evt", "SysEvent")])
def test_what_a_host_is_called_without_a_name(tmp_path, name, called):
    place = tmp_path / name
    place.mkdir() if name.endswith("/") else place.touch()
    assert default_name(str(place)) == called


def test_template_has_the_blanks_and_nothing_else(evtscan, affected):
    (affected / "facts.yaml").write_text("os.version: '4.0'\n")
    result = evtscan("facts", affected, "--template")
    assert result.code == 0
    entries = [line for line in result.out.splitlines() if line and not line.startswith("#")]
    assert entries[:2] == ["os.service_pack:", "component.ras:"]  # what the open finding lacks goes first
    assert len(entries) > 10
    assert "os.version:" not in entries
    assert "file.rasarp.sys.date:" in entries
    assert "NTWS07" in result.out


def test_template_of_a_host_that_no_rule_is_about(evtscan, affected):
    (affected / "facts.yaml").write_text("os.version: '5.0'\n")
    result = evtscan("facts", affected, "--template", "-r", FOUNDING_RULE)
    assert result.out == "# NTWS07: no rule asks for a fact that is not known.\n"


def test_template_filled_in_decides(evtscan, affected):
    (affected / "facts.yaml").unlink()
    text = evtscan("facts", affected, "--template").out
    for fact, value in (("os.version", "4.0"), ("os.service_pack", "2"), ("component.ras", "true")):
        text = text.replace(f"\n{fact}:\n", f"\n{fact}: {value}\n")
    (affected / "facts.yaml").write_text(text)
    assert "CONFIRMED" in evtscan("scan", affected).out


def at(evtscan, host, *options):
    """The facts at a moment by name, and where that moment lies."""
    document = json.loads(evtscan("facts", host, *options, "-t", "json").out)
    return {row["name"]: (row["value"], row["basis"]) for row in document["facts"]}, document


def dhcp_log(*, count, hour=8):
    days = range(1, count + 1)
    times = [f"1997-03-0{day}T{hour:02}:00:00Z" for day in days]
    return saved_log([SampleEvent(provider="Dhcp", event_id=1008, time=time, computer="NTWS07") for time in times])


@pytest.fixture
def patched(tmp_path):
    """A host that got a service pack between two records, and that has other logs with records of the same number."""
    folder = tmp_path / "NTWS07"
    folder.mkdir()
    (folder / "SysEvent.Evt").write_bytes(dhcp_log(count=3))
    (folder / "AppEvent.Evt").write_bytes(dhcp_log(count=4, hour=7))
    (folder / "facts.yaml").write_text(
        "os.service_pack:\n- {value: 2, from: 1997-01-01}\n- {value: 3, from: 1997-03-02T12:00:00Z}\n"
    )
    return folder


def test_facts_at_a_time(evtscan, patched):
    before, document = at(evtscan, patched, "--at", "1997-03-02T11:00:00Z")
    assert before == {"os.service_pack": ("2", "carried forward")}
    assert (document["at"], document["session"]) == ("1997-03-02T11:00:00Z", 1)
    assert at(evtscan, patched, "--at", "1997-03-02 12:30")[0] == {"os.service_pack": ("3", "stated")}


def test_facts_at_a_time_beyond_the_log(evtscan, patched):
    facts, document = at(evtscan, patched, "--at", "1998-01-01")
    assert (facts, document["session"]) == ({"os.service_pack": ("3", "carried forward")}, None)
    assert "(after the log)" in evtscan("facts", patched, "--at", "1998-01-01").out
    assert "(before the log)" in evtscan("facts", patched, "--at", "1996-01-01").out


def test_facts_before_a_snapshot_that_is_newer_than_the_log(evtscan, patched):
    """What only rises was no more than the snapshot says; how it came to be known, and from where, stands beside it."""
    (patched / "facts.yaml").write_text("os.service_pack: [{value: 3, from: 1999-01-01}]\n")
    facts, document = at(evtscan, patched, "--record", 2)
    assert facts == {"os.service_pack": ("3 at most", "carried back")}
    (row,) = document["facts"]
    assert (row["note"], row["location"]["source"]) == ("over 1 restart", "facts.yaml")
    assert json.loads(evtscan("facts", patched, "-t", "json").out)["facts"][1]["session"] == 2  # after the only one
    *_, told = evtscan("facts", patched).out.splitlines()
    assert told == "      3 · 1999-01-01T00:00:00Z, after the log · facts.yaml, os.service_pack, line 1"


def test_facts_at_a_record_of_the_system_log(evtscan, patched):
    facts, document = at(evtscan, patched, "--record", 2)
    assert facts == {"os.service_pack": ("2", "carried forward")}
    assert document["at"].startswith("SysEvent.Evt, record 2")
    assert at(evtscan, patched, "--record", 3)[0] == {"os.service_pack": ("3", "stated")}


def test_facts_at_a_record_of_another_log(evtscan, patched):
    facts, document = at(evtscan, patched, "--record", 4)
    assert document["at"].startswith("AppEvent.Evt, record 4")
    assert facts == {"os.service_pack": ("3", "stated")}


def test_a_record_that_no_log_has(evtscan, patched):
    result = evtscan("facts", patched, "--record", 99)
    assert result.code == 2
    assert "no log has a record of this number" in result.err


def test_a_record_that_two_logs_have_of_which_none_is_the_system_log(evtscan, tmp_path):
    (tmp_path / "AppEvent.Evt").write_bytes(dhcp_log(count=2))
    (tmp_path / "SecEvent.Evt").write_bytes(dhcp_log(count=2, hour=9))
    result = evtscan("facts", tmp_path, "--record", 2)
    assert result.code == 2
    assert "AppEvent.Evt, SecEvent.Evt have records of this number" in result.err


def test_a_moment_is_named_once(evtscan, patched):
    assert evtscan("facts", patched, "--record", 1, "--at", "1997-01-01").code == 2
    assert evtscan("facts", patched, "--at", "yesterday").code == 2


def test_why_nothing_could_be_read(evtscan, tmp_path):
    (tmp_path / "System.evtx").write_bytes(b"ElfFile\0" + bytes(5000))
    for command in ("facts", "timeline"):
        result = evtscan(command, tmp_path)
        assert (result.code, result.out) == (1, "")
        assert "nothing could be read: System.evtx: neither the header nor any chunk" in result.err


@pytest.mark.parametrize("more", [(), ("--at", "1997-03-12T16:50:00Z")])
def test_programs_have_their_versions(evtscan, more):
    host = Path(__file__).parents[3] / "samples" / "nt4" / "FILESRV2"
    told = {
        fact["name"]: fact["value"] for fact in json.loads(evtscan("facts", host, "-t", "json", *more).out)["facts"]
    }
    assert told["application"] == "Adobe Acrobat Reader 3.0; Tape Manager"
    assert told["application.Tape Manager.version"] == "2.1"
