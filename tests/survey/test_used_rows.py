"""Which records a scan reads at all, by their columns."""

from dataclasses import dataclass, field

import pytest
from example_rules import load_one

from evtscan.base.model.source import Source
from evtscan.detection.match.engine import Engine
from evtscan.survey.recordfilter import RecordFilter

DETECTION = "s: {Provider_Name: Disk, EventID: 7, Data1|contains: bad}\ncondition: s"


@dataclass
class Columns:
    """Records of one structure with one string."""

    texts: list[str]
    system: dict[str, object] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.texts)

    def column(self, name):
        return [self.system.get(name)] * len(self)

    @property
    def data_names(self):
        return ("Data1",)

    def data_texts(self, name):
        assert name == "Data1"
        return self.texts


DISK = {"event_id": 7, "provider": "Disk", "channel": "System"}
START = {"event_id": 6005, "provider": "EventLog", "channel": "System"}
TEXTS = ["a bad block", "good", "BAD"]


@pytest.fixture
def logs(tmp_path):
    def of(*names):
        sources = []
        for name in names:
            content = b"ElfFile\0" + bytes(4088) if name.endswith("x") else b"\x30\0\0\0LfLe" + bytes(40)
            (tmp_path / name).write_bytes(content)
            sources.append(Source(tmp_path / name, name))
        return sources

    return of


def test_records_that_no_rule_can_match_are_discarded(tmp_path, logs):
    records = RecordFilter(Engine([load_one(tmp_path, DETECTION)]), logs("System.evtx"))
    assert list(records.used_rows(Columns(TEXTS, DISK))) == [0, 2]
    assert list(records.used_rows(Columns(TEXTS, DISK | {"event_id": 8}))) == []
    assert list(records.used_rows(Columns([], DISK))) == []


def test_records_that_facts_may_use_are_all_read(tmp_path, logs):
    records = RecordFilter(Engine([load_one(tmp_path, DETECTION)]), logs("System.evtx"))
    assert list(records.used_rows(Columns(TEXTS, START))) == [0, 1, 2]


def test_logs_of_several_formats_are_read_as_the_rules_select(tmp_path, logs):
    records = RecordFilter(Engine([load_one(tmp_path, DETECTION)]), logs("System.evtx", "System.evt"))
    assert list(records.used_rows(Columns(TEXTS, DISK))) == [0, 1, 2]
