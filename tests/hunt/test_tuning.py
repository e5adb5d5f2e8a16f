import pytest
from hunting import Rows, process

from evtscan.base.errors import UsageError
from evtscan.hunt.run import hunt
from evtscan.hunt.tuning import read_tuning

SHELL, ANY = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"


def read(tmp_path, rules, text, name="tuning.yml"):
    (tmp_path / name).write_text(text, "utf-8")
    return read_tuning([tmp_path / name], rules)


def test_levels_and_rules_to_leave_out_go_by_id_or_title(rules, tmp_path):
    loaded = rules()
    tuning = read(tmp_path, loaded, f"levels: {{command shell: critical}}\nrules: [{ANY}, Nothing]\n")
    assert [(rule.info.id, rule.info.level) for rule in tuning.applied(loaded)] == [(SHELL, "critical")]
    assert tuning.unknown == ["Nothing"]


def test_plain_lists(rules, tmp_path):
    loaded = rules()
    assert read(tmp_path, loaded, f"# noisy\n{ANY} # often\n\n", "noisy.txt").left_out == {ANY}
    levels = read(tmp_path, loaded, f"id,new_level\n{ANY},Informational\n", "levels.txt")
    assert levels.levels == {ANY: "informational"}


@pytest.mark.parametrize(
    ("entry", "left"),
    [
        (r"fields: {Image|endswith: '\notepad.exe'}", [(SHELL, 1), (ANY, 1)]),
        (r"fields: {Image: '*\CMD.exe', CommandLine|contains: whoami}", [(ANY, 2)]),
        (f"rule: {ANY}\n    fields: {{Computer: PC-01}}", [(SHELL, 1), (ANY, 2)]),
        ("rule: Any process\n    reason: known\n    fields: {Computer: [PC-01, PC-02]}", [(SHELL, 1)]),
    ],
)
def test_detections_are_suppressed_by_their_values(rules, log, tmp_path, entry, left):
    loaded = rules()
    tuning = read(tmp_path, loaded, f"exclude:\n  - {entry}\n")
    events = [process(r"C:\cmd.exe", command="whoami"), process(r"C:\notepad.exe", computer="PC-02")]
    rows = Rows()
    hunted = hunt([log(events)], loaded, suppressions=tuning.suppressions, sinks=[rows])
    assert [(row.rules[0].id, row.hit.record_id) for row in rows] == left
    assert hunted.suppressed == 3 - len(left)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("levels: {Command shell: huge}", [1]),
        ("exclude:\n  - rule: Command shell", [2]),
        ("exclude:\n  - fields: {Image|endswit: x}\n  - fields: {a: b}\n    why: x", [2, 4]),
        ("- a", [1]),
        ("levels: [", [2]),
        ("what: {}", [1]),
    ],
)
def test_everything_wrong_is_named_with_its_line(rules, tmp_path, text, lines):
    with pytest.raises(UsageError) as raised:
        read(tmp_path, rules(), text)
    messages = str(raised.value).splitlines()
    assert [int(message.partition("line ")[2].partition(":")[0]) for message in messages] == lines


def test_a_wrong_level_in_a_list(rules, tmp_path):
    with pytest.raises(UsageError, match="line 2"):
        read(tmp_path, rules(), f"id,level\n{ANY},bad\n", "levels.txt")


def test_a_file_that_does_not_exist(rules, tmp_path):
    with pytest.raises(UsageError):
        read_tuning([tmp_path / "none.yml"], rules())
