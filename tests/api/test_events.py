import zipfile
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pandas as pd
import pytest
from sample_writer.event import SampleEvent
from sample_writer.evt import saved_log
from sample_writer.evtx import evtx_log

import evtscan
from evtscan.base.errors import EvidenceError
from evtscan.dump.columns import COLUMNS

EVENTS = [
    SampleEvent(provider="Dhcp", event_id=1008, time="1997-03-01T08:00:00.1234567Z", strings=("a",)),
    SampleEvent(provider="EventLog", event_id=6009, time="1997-03-01T09:00:00Z", strings=("4.0", "1381")),
]


@pytest.fixture(params=["log.evtx", "log.evt"])
def log(request, tmp_path: Path) -> Path:
    path = tmp_path / request.param
    path.write_bytes((evtx_log if path.suffix == ".evtx" else saved_log)(EVENTS))
    return path


def test_frame_has_the_columns_of_a_dump_with_proper_types(log):
    frame = evtscan.read_events(log)
    assert tuple(frame.columns) == tuple(COLUMNS)
    assert str(frame.dtypes["TimeCreated"]) == "datetime64[ns, UTC]"
    assert str(frame.dtypes["TimeWritten"]) == "datetime64[ns, UTC]"
    assert frame.dtypes["EventID"] == pd.Int32Dtype()
    assert isinstance(frame.dtypes["Provider"], pd.CategoricalDtype)
    assert str(frame.dtypes["Recovered"]) == "bool"
    assert frame["EventID"].tolist() == [1008, 6009]
    assert frame["Data"].tolist() == ['{"Data1":"a"}', '{"Data1":"4.0","Data2":"1381"}']
    assert frame["TimeCreated"].iloc[1] == pd.Timestamp("1997-03-01T09:00:00Z")


def test_hundred_nanoseconds_are_kept(tmp_path):
    path = tmp_path / "log.evtx"
    path.write_bytes(evtx_log(EVENTS))
    assert evtscan.read_events(path)["TimeCreated"].iloc[0].isoformat() == "1997-03-01T08:00:00.123456700+00:00"


def test_categories_are_texts_where_there_are_none(tmp_path):
    path = tmp_path / "log.evtx"
    path.write_bytes(evtx_log(EVENTS))
    types = [evtscan.read_events(path, event_ids=ids).dtypes for ids in (None, [1])]
    found = {str(some[name].categories.dtype) for some in types for name in ("Provider", "EventType")}
    assert found in ({"str"}, {"object"})  # as pandas is new or old


def test_numbers_too_large_for_their_column_are_missing(tmp_path):
    path = tmp_path / "log.evtx"
    path.write_bytes(evtx_log([replace(EVENTS[0], record_number=(1 << 64) - 1), EVENTS[1]]))
    assert evtscan.read_events(path)["RecordID"].tolist() == [pd.NA, 2]


def test_a_number_beyond_its_type_is_missing(tmp_path):
    system = '{"Provider": {"Name": "Dhcp"}, "EventID": %d, "Level": 2, "EventRecordID": %d}'
    rows = [system % (1008, 1 << 63), system % (70_000 << 20, 7)]
    (tmp_path / "x.json").write_text("".join(f'{{"Event": {{"System": {row}}}}}\n' for row in rows))
    frame = evtscan.read_events(tmp_path / "x.json")
    assert frame["RecordID"].isna().tolist() == [True, False]
    assert frame["EventID"].isna().tolist() == [False, True]


def test_selection(log):
    assert evtscan.read_events(log, event_ids=[6009])["Provider"].tolist() == ["EventLog"]
    assert evtscan.read_events(log, provider="dhcp")["EventID"].tolist() == [1008]
    assert len(evtscan.read_events(log, event_ids=[])) == 0


def test_two_selections_at_once_are_refused(log):
    query = evtscan.Query(levels=frozenset({2}))
    with pytest.raises(ValueError, match="cannot be combined"):
        evtscan.read_events(log, query, event_ids=[6009])
    assert len(evtscan.read_events(log, query)) == 0


def test_events_one_by_one(log):
    assert [(event.provider, event.event_id) for event in evtscan.iter_events(log)] == [
        ("Dhcp", 1008),
        ("EventLog", 6009),
    ]


def test_what_is_no_log(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("hello")
    with pytest.raises(EvidenceError, match=r"notes\.txt"):
        evtscan.read_events(path)


def test_exported_names_are_there():
    for name in evtscan.__all__:
        assert getattr(evtscan, name) is not None
    with pytest.raises(AttributeError, match="nothing"):
        getattr(evtscan, "nothing")  # noqa: B009 - the point is that it is not there


def test_the_logs_of_an_archive(log, tmp_path):
    archive = tmp_path / "case.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.write(log, f"A/{log.name}")
        packed.write(log, f"B/{log.name}")
        packed.writestr("notes.txt", "no log")
    assert [event.event_id for event in evtscan.iter_events(archive)] == [1008, 6009, 1008, 6009]
    frame = evtscan.read_events(archive, event_ids=[6009])
    assert frame["SourceFile"].tolist() == [f"case.zip!A/{log.name}", f"case.zip!B/{log.name}"]


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"PK\x03\x04" + b"x" * 60, "cut off or damaged"), (b"PK\x05\x06" + bytes(18), "nor an archive with one in it")],
)
def test_an_archive_without_a_log_is_an_error(tmp_path, content, message):
    path = tmp_path / "case.zip"
    path.write_bytes(content)
    with pytest.raises(EvidenceError, match=message):
        next(evtscan.iter_events(path))


def test_data_as_dicts(log):
    frame = evtscan.read_events(log, data="dict")
    assert frame["Data"].tolist() == [{"Data1": "a"}, {"Data1": "4.0", "Data2": "1381"}]
    with pytest.raises(ValueError, match="data="):
        evtscan.read_events(log, data="tree")


def test_several_paths_folders_and_patterns(tmp_path):
    for name, computer in (("a/one.evtx", "A"), ("a/two.evtx", "B"), ("b/three.evtx", "A")):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(evtx_log([replace(event, computer=computer) for event in EVENTS]))
    (tmp_path / "a" / "notes.txt").write_text("no log")
    frame = evtscan.read_events(tmp_path)
    assert frame["SourceFile"].unique().tolist() == ["a/one.evtx", "a/two.evtx", "b/three.evtx"]
    assert frame["Computer"].tolist() == ["A", "A", "B", "B", "A", "A"]
    assert frame["Computer"].cat.categories.tolist() == ["A", "B"]
    assert len(evtscan.read_events([tmp_path / "a", tmp_path / "b" / "three.evtx"], event_ids=[6009])) == 3
    assert len(evtscan.read_events(f"{tmp_path}/**/t*.evtx")) == 4
    with pytest.raises(evtscan.UsageError):
        evtscan.read_events(tmp_path / "c")


def test_levels_channels_and_times(tmp_path):
    path = tmp_path / "log.evtx"
    path.write_bytes(evtx_log([replace(EVENTS[0], level=2, channel="Application"), replace(EVENTS[1], level=4)]))

    def ids(**chosen):
        return evtscan.read_events(path, **chosen)["EventID"].tolist()

    assert ids(level="error") == ids(level=2) == ids(level=["critical", 2]) == [1008]
    assert ids(level=["information", "ERROR"]) == [1008, 6009]
    assert ids(channel="system") == ids(channel=["System"], provider=["eventlog", "x"]) == [6009]
    assert ids(start="1997-03-01T09:00") == ids(start=datetime(1997, 3, 1, 9)) == [6009]
    assert ids(end=datetime(1997, 3, 1, 10, tzinfo=timezone(timedelta(hours=1)))) == [1008]
    assert ids(start=date(1997, 3, 1), end="1997-03-02") == [1008, 6009]
    assert ids(start=date(1997, 3, 2)) == []
    for wrong in ({"level": "loud"}, {"start": "soon"}, {"start": "1998-01-01", "end": "1997-01-01"}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            ids(**wrong)


def test_warnings_are_handed_over_and_nothing_is_printed(tmp_path, capsys):
    (tmp_path / "broken.evtx").write_bytes(b"ElfFile\0" + bytes(100))
    (tmp_path / "log.evtx").write_bytes(evtx_log(EVENTS))
    with pytest.raises(EvidenceError, match=r"broken\.evtx"):
        evtscan.read_events(tmp_path)
    warnings = []
    assert len(evtscan.read_events(tmp_path, warnings=warnings)) == 2
    assert [(warning.kind, warning.location.source) for warning in warnings] == [("unreadable", "broken.evtx")]
    assert capsys.readouterr() == ("", "")


def test_the_package_lists_its_functions():
    assert set(evtscan.__all__) <= set(dir(evtscan))


def test_functions_hide_the_modules_of_their_names():
    import evtscan.audit.run
    import evtscan.hunt.run
    import evtscan.scan

    for name in ("scan", "audit", "hunt"):
        assert callable(getattr(evtscan, name)), name
