import pytest

from evtscan.base.errors import EvidenceError
from evtscan.base.model.source import Source
from evtscan.facts.catalogue.names import is_known
from evtscan.parsers.stated.fleetfile import read_fleet


def fleet(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "hosts.csv"
    path.write_bytes(text.encode(encoding))
    return read_fleet(Source(path, path.name), is_known)


@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_columns_are_facts(tmp_path, separator, encoding):
    text = "Host,Owner,os.version,os.service_pack,component.ras\nNTWS07,Lab,4.0,2,true\nntws08,,4.0,,FALSE\n"
    found = fleet(tmp_path, text.replace(",", separator), encoding)
    assert found.other_columns == ("Owner",)
    assert found.names == {"ntws07": "NTWS07", "ntws08": "ntws08"}
    facts = {host: {entry.name: entry.value for entry in file.entries} for host, file in found.facts.items()}
    assert facts == {
        "ntws07": {"os.version": "4.0", "os.service_pack": "2", "component.ras": True},
        "ntws08": {"os.version": "4.0", "component.ras": False},
    }
    assert found.facts["ntws08"].entries[0].location.line == 3


def test_absent_is_known_to_be_absent(tmp_path):
    (entry,) = fleet(tmp_path, "host,file.rasarp.sys.version\nA,absent\n").facts["a"].entries
    assert entry.value is None


@pytest.mark.parametrize("text", ["", "Computer,os.version\nA,4.0\n", 'Host,os.version\n"' + "a" * 200_000])
def test_what_is_no_table_of_hosts(tmp_path, text):
    with pytest.raises(EvidenceError, match=r"hosts\.csv"):
        fleet(tmp_path, text)
