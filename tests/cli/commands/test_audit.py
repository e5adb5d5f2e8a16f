"""What ``audit`` refuses, and what it prints of a run."""

import pytest


@pytest.mark.parametrize(
    ("arguments", "subject"),
    [
        (("nowhere",), "nowhere"),
        (("FLEET", "--host", "GONE"), "--host GONE"),
        (("FLEET", "--inventory", "no.csv"), "no.csv"),
        (("FLEET", "-o", "FLEET"), "fleet"),
        (("FLEET", "-o", "x.xyz"), "x.xyz"),
        (("FLEET/NTWS07/SysEvent.Evt",), "SysEvent.Evt"),
    ],
)
def test_wrong_usage_names_its_subject(evtscan, fleet, arguments, subject):
    result = evtscan("audit", *(text.replace("FLEET", str(fleet)) for text in arguments))
    assert (result.code, result.out) == (2, "")
    assert subject in result.err


def test_one_host_of_a_folder(evtscan, fleet):
    result = evtscan("audit", fleet, "--host", "ntws08", "-t", "csv")
    assert {line.split(",")[0] for line in result.out.splitlines()[1:]} == {"NTWS08"}


def test_a_fact_of_the_inventory_decides(evtscan, fleet, tmp_path):
    (tmp_path / "fleet.csv").write_text("Host,os.version,os.service_pack,component.ras,Owner\nNTWS08,4.0,2,true,me\n")
    before = evtscan("audit", fleet, "-t", "jsonl", "--host", "NTWS08")
    after = evtscan("audit", fleet, "-t", "jsonl", "--host", "NTWS08", "--inventory", "fleet.csv")
    assert ('"possible"' in before.out, '"confirmed"' in after.out) == (True, True)
    assert "Owner" in after.err  # a column that is no fact is named


def test_the_ledger_has_at_most_eight_lines(evtscan, fleet):
    assert len(evtscan("audit", fleet, "-o", "out").err.splitlines()) <= 8
    assert len(evtscan("audit", fleet, "-o", "out").err.splitlines()) <= 8
