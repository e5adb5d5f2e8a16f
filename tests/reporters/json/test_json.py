import json
from dataclasses import replace

import msgspec
import pytest
from sample_reports import SURROGATE, finding

from evtscan.base.errors import EvidenceError
from evtscan.base.logic import Truth
from evtscan.base.model.finding import Explanation, NodeKind, Verdict
from evtscan.report.model import HostReport, Report
from evtscan.reporters.json.report import SCHEMA, dump, host_from_json, host_to_json, load, without_surrogates


def test_a_report_loads_again_as_it_was(one_host: Report) -> None:
    (host,) = one_host.hosts
    clean = Report(
        hosts=(HostReport(host="NT4", findings=host.findings, facts=host.facts, warnings=host.warnings),),
        rules=one_host.rules,
        refused=one_host.refused,
        evtscan="0.1.0",
    )
    loaded = load(dump(clean), "report.json")
    assert loaded == clean
    explanation = loaded.hosts[0].findings[1].explanation
    assert explanation is not None
    assert explanation.children[0].truth is Truth.TRUE


def test_writing_what_was_loaded_gives_the_same_bytes(report: Report) -> None:
    first = dump(report)
    assert dump(load(first, "report.json")) == first


def test_the_form(empty: Report) -> None:
    fields = [
        '"schema": 2',
        '"evtscan": ""',
        '"hosts": []',
        '"rules": []',
        '"refused": []',
        '"narrowed": false',
        '"title": ""',
        '"date": ""',
        '"factors": []',
    ]
    text = "{\n  " + ",\n  ".join(fields) + "\n}\n"
    assert dump(empty) == text.encode()
    assert empty.schema == SCHEMA


def test_lone_surrogates_become_escapes() -> None:
    report = Report(hosts=(HostReport(host=SURROGATE, other_names=("\ude00x", "\U0001f600")),))
    loaded = load(dump(report), "report.json")
    assert (loaded.hosts[0].host, loaded.hosts[0].other_names) == (r"half\ud83d", (r"\ude00x", "\U0001f600"))


def test_control_characters_are_escaped(full: Report) -> None:
    data = dump(full)
    assert b"\x1b" not in data
    assert b"\x00" not in data


def test_host_by_host_is_as_all_at_once(report: Report) -> None:
    hosts = tuple(sorted(report.hosts, key=lambda host: host.host))
    plain = without_surrogates(msgspec.to_builtins(replace(report, hosts=hosts)))
    assert dump(report) == msgspec.json.format(msgspec.json.encode(plain), indent=2) + b"\n"


def test_one_host_by_itself(full: Report) -> None:
    for host in full.hosts:
        data = host_to_json(host)
        assert b"\n" not in data
        assert host_to_json(host_from_json(data, "x")) == data
    clean = HostReport(host="NT4", findings=full.hosts[0].findings[1:2])
    assert host_from_json(host_to_json(clean), "x") == clean
    with pytest.raises(EvidenceError, match=r"^x: damaged"):
        host_from_json(b"{", "x")
    with pytest.raises(EvidenceError, match=r"^x: not a verdict - at `\$\.findings\[0\]\.verdict`"):
        host_from_json(b'{"host": "h", "findings": [%b]}' % (FINDING % b"bad"), "x")


def test_a_byte_order_mark_and_unknown_fields_are_passed_over(empty: Report) -> None:
    document = json.loads(dump(empty)) | {"later": [1, {}]}
    assert load(b"\xef\xbb\xbf" + json.dumps(document).encode(), "report.json") == empty


FINDING = b'{"finding_id": "", "host": "", "computer": "", "verdict": "%s", "rule_id": ""}'


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "old.json: damaged, or not JSON"),
        (b'{"schema": 2, "hosts": [', "old.json: damaged, or not JSON"),
        (b"MZ\x90\x00\xff", "old.json: damaged, or not JSON"),
        (b'{"schema": 2, "hosts": [{"host": "\xff"}]}', "old.json: damaged, or not JSON"),
        (b'{"schema": 2, "x": ' + b"[" * 200_000, "old.json: damaged"),
        (b"[]", "old.json: not a saved report of evtscan"),
        (b"{}", "missing required field `schema`"),
        (b'{"schema": 2}', "missing required field `hosts`"),
        (b'{"schema": 2, "hosts": [{"host": 3}]}', "Expected `str`, got `int` - at `$.hosts[0].host`"),
        (b'{"schema": 3, "hosts": 1}', "old.json: a report of form 3, written by a later evtscan"),
        (
            b'{"schema": 2, "hosts": [{"host": "h", "findings": [%b, %b]}]}' % (FINDING % b"clear", FINDING % b"bad"),
            "old.json: not a verdict - at `$.hosts[0].findings[1].verdict`",
        ),
    ],
)
def test_bad_input_names_the_file_and_the_place(data: bytes, message: str) -> None:
    with pytest.raises(EvidenceError) as caught:
        load(data, "old.json")
    assert message in str(caught.value)
    assert str(caught.value).startswith("old.json: ")


def test_every_truncation_is_refused(one_host: Report) -> None:
    data = dump(one_host).rstrip()
    for end in range(0, len(data), 97):
        with pytest.raises(EvidenceError, match=r"^old\.json: "):
            load(data[:end], "old.json")


def test_a_deep_explanation_loads_again() -> None:
    explanation = Explanation(text="leaf", truth=Truth.TRUE)
    for _ in range(100):
        explanation = Explanation(text="not", kind=NodeKind.NOT, truth=~explanation.truth, children=(explanation,))
    deep = Report(hosts=(HostReport(host="h", findings=(finding(Verdict.CONFIRMED, explanation=explanation),)),))
    assert load(dump(deep), "report.json") == deep


def test_a_report_of_form_1_loads_with_its_missing_facts_and_kinds_of_conditions():
    leaf = '{"text": "os.version is 4.0", "truth": "unknown"}'
    tree = f'{{"text": "any of", "truth": "unknown", "children": [{leaf}, {leaf}]}}'
    found = '"finding_id": "f", "host": "h", "computer": "h", "verdict": "possible", "rule_id": "r"'
    lists = '"missing_facts": ["a and b", "c"], "how_to_get": ["a and b: look"]'
    data = f'{{"schema": 1, "hosts": [{{"host": "h", "findings": [{{{found}, {lists}, "explanation": {tree}}}]}}]}}'
    (item,) = load(data.encode(), "old.json").hosts[0].findings
    assert item.missing_facts == ("a and b", "c")
    assert item.how_to_get == ("a and b: look",)
    assert item.explanation.kind is NodeKind.ANY
    assert [child.kind for child in item.explanation.children] == [NodeKind.TEST] * 2


def test_a_damaged_report_of_form_1_is_refused():
    for findings in (b"3", b"[3]", b'[{"explanation": [3], "missing_facts": 3}]'):
        with pytest.raises(EvidenceError, match="not a saved report"):
            load(b'{"schema": 1, "hosts": [{"host": "h", "findings": %b}]}' % findings, "old.json")
