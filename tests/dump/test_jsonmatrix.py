"""JSON Lines of whole columns are those that are written value by value."""

import random
from pathlib import Path

import pytest
from sample_writer.event import Data, SampleEvent, Value, ValueType
from sample_writer.evtx import evtx_log

from evtscan.base.model.query import EVERYTHING, ReadOptions
from evtscan.base.model.source import Source
from evtscan.dump import jsonmatrix
from evtscan.dump.blocks import of_batch
from evtscan.dump.lines import JsonLines
from evtscan.parsers.logs.evtx import cells, read_log

SAMPLES = Path(__file__).parents[2] / "samples"


def both(path, options=ReadOptions()):  # noqa: B008
    """Lines by column (None: not possible) and value by value, for each part of a log."""
    for batch in read_log(Source(path, path.name), EVERYTHING, options).batches():
        for part in batch.parts():
            lines = part.json_lines(jsonmatrix._layout(path.name))
            plain = [line.encode("utf-8", "replace") for line in JsonLines().lines(of_batch(part, path.name))]
            yield None if lines is None else list(map(bytes, lines)), plain


def an_event(number, text, time):
    if number % 3 == 0:
        return SampleEvent(provider="Dhcp", event_id=1000, time=time, strings=(text, "same", text[:3]))
    values = {
        "Text": Value(text),
        "Same": Value("same"),
        "Flag": Value(number % 4 == 0, ValueType.BOOL),
        "Small": Value(-number, ValueType.INT32),
        "Large": Value(number**5, ValueType.UINT64),
        "Mask": Value(number * 7, ValueType.HEX32),
        "When": Value(time, ValueType.FILETIME),
        "Raw": Value(bytes([number % 256]) * (number % 5), ValueType.BINARY),
        "Real": Value(number / 8, ValueType.DOUBLE),
        "Guid": Value(f"{{00000000-0000-0000-0000-{number:012X}}}", ValueType.GUID),
        "Owner": Value(f"S-1-5-21-{number % 7}", ValueType.SID),
    }
    data = tuple(Data(name, value) for name, value in values.items())
    guid = "{11111111-2222-3333-4444-555555555555}"
    return SampleEvent(
        provider="Maker", event_id=7, time=time, data=data, guid=guid, process_id=number, user_sid=f"S-1-5-{number % 9}"
    )


def made(folder, texts):
    path = folder / "Système.evtx"
    times = (f"2010-03-{1 + number // 1440:02}T{number // 60 % 24:02}:{number % 60:02}:00Z" for number in range(30_000))
    path.write_bytes(
        evtx_log(an_event(number, text, time) for number, (text, time) in enumerate(zip(texts, times, strict=False)))
    )
    return path


def agree(path, **options):
    for lines, plain in both(path, ReadOptions(**options)):
        assert lines == plain


@pytest.mark.parametrize("fewest", [1, 48, 10**9])
def test_texts_of_all_sorts(tmp_path, monkeypatch, fewest):
    monkeypatch.setattr(cells, "FEWEST", fewest)
    chosen = random.Random(fewest)
    alphabets = ["abc DEF", 'ab"\\\n\t', "äöüß", "日本\u202e\x9f", "a\x01\x7f"]
    texts = ["".join(chosen.choices(chosen.choice(alphabets), k=chosen.choice([0, 1, 5, 40, 60]))) for _ in range(600)]
    agree(made(tmp_path, texts))


def test_long_texts_among_short_ones(tmp_path, monkeypatch):
    texts = ["x" * (30 if number % 50 else 4000) for number in range(400)]
    agree(made(tmp_path, texts))
    monkeypatch.setattr(cells, "_ROWS", 64)
    agree(made(tmp_path, [f"text {number}" for number in range(400)]))
    agree(made(tmp_path, ["y" * 3000] * 200))


def test_long_texts_that_repeat(tmp_path):
    agree(made(tmp_path, [("privilege\n\t\t" * (20 + number % 3)) for number in range(300)]))


@pytest.mark.parametrize("path", sorted(SAMPLES.rglob("*.evtx")), ids=lambda path: path.parent.name)
def test_samples(path, monkeypatch):
    monkeypatch.setattr(cells, "FEWEST", 1)
    agree(path)


@pytest.mark.corpus
def test_real_logs(corpus):
    rows = by_value = 0
    for path in sorted(corpus.rglob("*.evtx")):
        if path.stat().st_size > 4 << 20 or path.stat().st_size < 69_632:
            continue
        for lines, plain in both(path, ReadOptions(recover=True)):
            rows += len(plain)
            if lines is None:
                by_value += len(plain)
            else:
                assert lines == plain, path.name
    assert rows > 10_000
    assert by_value * 5 < rows
