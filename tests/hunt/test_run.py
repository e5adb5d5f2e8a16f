from hunting import Rows, process

from evtscan.base.model.query import Query, Selector
from evtscan.base.model.source import Source
from evtscan.base.wintypes import parse_time
from evtscan.hunt import work
from evtscan.hunt.detection import COLUMNS
from evtscan.hunt.options import HuntOptions
from evtscan.hunt.run import hunt

SHELL = r"C:\Windows\cmd.exe"
EVENTS = [
    process(SHELL, 5, command="cmd /c whoami"),
    process(r"C:\a\notepad.exe", 3, computer="PC-02"),
    process("/bin/sh", 9),
]


def found(sources, rules, **options):
    rows = Rows()
    hunt(sources, rules, HuntOptions(**options), sinks=[rows])
    return rows


def cells(rows, *names):
    return [tuple(COLUMNS[name](row) for name in names) for row in rows]


def test_a_row_for_each_rule_of_a_record(rules, log):
    rows = found([log(EVENTS)], rules())
    assert cells(rows, "Timestamp", "Computer", "Level", "RuleTitle", "EventID", "RecordID", "SourceFile") == [
        ("2024-05-01T10:00:05.0000000Z", "PC-01", "high", "Command shell", 1, 1, "Sysmon.evtx"),
        ("2024-05-01T10:00:05.0000000Z", "PC-01", "low", "Any process", 1, 1, "Sysmon.evtx"),
        ("2024-05-01T10:00:03.0000000Z", "PC-02", "low", "Any process", 1, 2, "Sysmon.evtx"),
    ]
    assert cells(rows[:1], "Tags", "RuleID", "RuleFile", "Channel", "Provider") == [
        (
            "attack.execution; attack.t1059.003",
            "00000000-0000-4000-8000-000000000001",
            "rules.yml",
            "Microsoft-Windows-Sysmon/Operational",
            "Microsoft-Windows-Sysmon",
        )
    ]


def test_details_are_whole_and_begin_with_the_fields_that_the_rule_tests(rules, log):
    long = "cmd /c whoami " + "x" * 5000
    rows = found([log([process(SHELL, command=long)])], rules())
    assert cells(rows, "Details") == [
        (f"CommandLine={long}; Image={SHELL}; UtcTime=2024-05-01",),
        (f"Image={SHELL}; UtcTime=2024-05-01; CommandLine={long}",),
    ]


def test_the_rules_of_a_record_can_share_a_row(rules, log):
    rows = found([log(EVENTS)], rules(), group_record=True)
    assert cells(rows, "Level", "RuleTitle", "Tags", "RecordID") == [
        ("high", "Command shell; Any process", "attack.execution; attack.t1059.003; attack.discovery", 1),
        ("low", "Any process", "attack.discovery", 2),
    ]


def test_order_of_time_over_several_logs(rules, log):
    sources = [log(EVENTS, "a.evtx"), log([process(SHELL, 4)], "b.evtx")]
    rows = found(sources, rules(), by_time=True)
    assert [(row.hit.time[17:19], row.hit.source) for row in rows] == [
        ("03", "a.evtx"),
        ("04", "b.evtx"),
        ("05", "a.evtx"),
        ("05", "a.evtx"),
    ]


def test_filters_say_which_events_may_match(rules, log):
    source = log([*EVENTS, process(SHELL, 60)])
    late = found([source], rules(), query=Query(start=parse_time("2024-05-01T10:01:00Z")))
    assert [row.hit.record_id for row in late] == [4]
    other = frozenset({Selector(channel="System")})
    assert found([source], rules(), query=Query(selectors=other)) == []
    assert found([source], rules(), query=Query(exclude_ids=(range(1, 2),))) == []
    newest = found([source], rules(), newest=30 * 10_000_000)
    assert [row.hit.record_id for row in newest] == [4]


def test_any_number_of_processes_gives_the_same_rows(rules, log, monkeypatch):
    monkeypatch.setattr(work, "SHARED_FROM", 0)
    monkeypatch.setattr(work, "TASK_CHUNKS", 1)
    events = [process(SHELL, second % 3600, command="whoami " * 20) for second in range(600)]
    sources = [log(events, "a.evtx"), log(EVENTS, "b.evtx")]
    tasks, _ = work.plan(sources)
    assert len(tasks) > 3
    alone = found(sources, rules(), jobs=1)
    shared = found(sources, rules(), jobs=2)
    assert [row.hit for row in alone] == [row.hit for row in shared]
    assert len(alone) == 1203
    assert alone.hunted.summary == shared.hunted.summary


def test_a_lost_worker_costs_nothing(rules, log, monkeypatch):
    sources = [log(EVENTS, "a.evtx"), log(EVENTS, "b.evtx")]
    monkeypatch.setattr(work, "run_in_worker", None)  # what a worker cannot call ends it
    assert len(found(sources, rules(), jobs=2)) == 6


def test_counts(rules, log):
    rows = found([log(EVENTS)], rules())
    summary = rows.hunted.summary
    assert (rows.hunted.rows, summary.total.count) == (3, 3)
    assert {level: tally.count for level, tally in summary.by_level()} == {
        "critical": 0,
        "high": 1,
        "medium": 0,
        "low": 2,
        "informational": 0,
    }
    counts = [(rule.title, tally.count) for rule, tally in summary.by_rule()]
    assert counts == [("Command shell", 1), ("Any process", 2)]
    assert {name: tally.count for name, tally in summary.computers.items()} == {"PC-01": 2, "PC-02": 1}
    assert {name: tally.count for name, tally in summary.tactics.items()} == {"execution": 1, "discovery": 2}
    assert list(summary.techniques) == ["T1059.003"]
    everything = summary.rules["00000000-0000-4000-8000-000000000002"]
    assert (everything.first[1][17:19], everything.last[1][17:19]) == ("03", "05")


def test_files_of_a_run_are_noted(rules, log, tmp_path):
    class Notes:
        def __init__(self):
            self.files, self.skipped, self.warnings = {}, [], []

        def read(self, name, records=0, lost=0):
            self.files[name] = self.files.get(name, 0) + records

        def skip(self, items):
            self.skipped += items

        def skip_rest(self, sources):
            self.skipped += [source.name for source in sources if source.name not in self.files]

        def warn(self, warning):
            self.warnings.append(warning.kind)

    (tmp_path / "notes.txt").write_text("no log")
    (tmp_path / "bad.evtx").write_bytes(b"ElfFile\0" + bytes(200))
    sources = [log(EVENTS), Source(tmp_path / "notes.txt", "notes.txt"), Source(tmp_path / "bad.evtx", "bad.evtx")]
    notes = Notes()
    hunt(sources, rules(), notes=notes)
    assert (notes.files, notes.skipped, notes.warnings) == (
        {"Sysmon.evtx": 3, "bad.evtx": 0},
        ["notes.txt"],
        ["unreadable"],
    )


def test_what_a_format_cannot_carry_is_counted_and_no_row(rules, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text(
        '"Message","Id","ProviderName","LogName","MachineName","TimeCreated","LevelDisplayName","RecordId"\n'
        '"Process Create","1","Microsoft-Windows-Sysmon","Microsoft-Windows-Sysmon/Operational","PC-01",'
        '"5/1/2024 10:00:05 AM","Information","1"\n'
    )
    rows = found([Source(path, "list.csv")], rules())
    assert rows == []
    assert sum(rows.hunted.unknown.values()) == 2


def test_progress_counts_the_pieces_of_work(rules, log):
    told = []
    sources = [log(EVENTS, "a.evtx"), log(EVENTS, "b.evtx")]
    hunt(sources, rules(), progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]


def test_only_asked_for_channels_and_providers_are_read(rules, log):
    source = log([process(SHELL), process(SHELL, channel="Other/Log")])
    for selector, numbers in (
        (Selector(channel="microsoft-windows-sysmon/operational"), [1]),
        (Selector(provider="MICROSOFT-WINDOWS-SYSMON"), [1]),
        (Selector(provider="Disk"), []),
    ):
        rows = found([source], rules(), query=Query(selectors=frozenset({selector})))
        assert [row.hit.record_id for row in rows] == numbers
