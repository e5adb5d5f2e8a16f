import csv
import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evtscan.report.model import Report
from evtscan.reporters.digest.summary import feed
from evtscan.reporters.tables.columns import TABLES, Cell, Kind, Table, cell_text
from evtscan.reporters.tables.csv import Dialect, sink, write

FORMULA_CELL = re.compile(r"'+\s*[=+\-@＝＋－＠]")


def written(table: Table) -> bytes:
    stream = io.BytesIO()
    write(table, stream)
    return stream.getvalue()


def read(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8"), newline="")))


def original(cell: str) -> str:
    """Take back what protects from formulas."""
    return cell[1:] if FORMULA_CELL.match(cell) else cell


def test_the_bytes() -> None:
    table = Table("t", ("A", "B", "C"), (("x,y", 'say "hi"', None), ("Ü", True, -3)))
    assert written(table) == 'A,B,C\r\n"x,y","say ""hi""",\r\nÜ,true,-3\r\n'.encode()


def test_raw_leaves_formulas_and_excel_gets_times_that_it_can_count() -> None:
    cells = ("=1+1", "1997-03-01T08:00:00.1234567Z", "1997-03-01T08:00:00", "1601-01-01T00:00:00Z")
    table = Table("t", tuple("ABCD"), (cells,), dict.fromkeys("BCD", Kind.TIME))
    stream = io.BytesIO()
    write(table, stream, Dialect(raw=True, excel=True))
    text = stream.getvalue().decode("utf-8")
    assert text == "\ufeffA,B,C,D\r\n=1+1,1997-03-01 08:00:00,1997-03-01T08:00:00,1601-01-01T00:00:00Z\r\n"


def test_an_empty_table_is_its_header() -> None:
    assert written(Table("t", ("A", "B"), ())) == b"A,B\r\n"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("＝1+1", "'＝1+1"),
        ("  =1+1", "'  =1+1"),
        ("'=1+1", "''=1+1"),
        ("\t=1+1", r"\t=1+1"),
        ("\r=1+1", r"\n=1+1"),
        (-1, "-1"),
        ("a=1", "a=1"),
        ("'quoted'", "'quoted'"),
        ("nan", "nan"),
    ],
)
def test_formulas_are_neutralised_and_our_numbers_are_not(cell: Cell, text: str) -> None:
    assert read(written(Table("t", ("A", "B"), ((cell, "x"),))))[1] == [text, "x"]


cells = st.none() | st.booleans() | st.integers() | st.text(st.characters(codec=None), max_size=20)
hostile = st.sampled_from(["=", "+", "-", "@", "\t", "\r", "'", '"', ",", "\n", "\0", "＝", " "])
texts = st.lists(hostile | st.text(max_size=3), max_size=5).map("".join)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(cells | texts, cells | texts, texts), max_size=5))
def test_reads_back_cell_by_cell(rows: list[tuple[Cell, ...]]) -> None:
    data = written(Table("t", ("A", "B", "C"), tuple(rows)))
    header, *read_rows = read(data)
    assert header == ["A", "B", "C"]
    assert len(data.decode("utf-8").splitlines()) == len(rows) + 1
    unprotected = [
        [original(text) if isinstance(cell, str) else text for text, cell in zip(read_row, row, strict=True)]
        for read_row, row in zip(read_rows, rows, strict=True)
    ]
    assert unprotected == [[cell_text(cell) for cell in row] for row in rows]


@settings(deadline=None, max_examples=60)
@given(texts)
def test_no_text_begins_like_a_formula(text: str) -> None:
    cell = read(written(Table("t", ("A", "B"), ((text, "x"),))))[1][0]
    assert not re.match(r"\s*[=+\-@＝＋－＠\t\r]", cell)


@pytest.mark.parametrize("name", TABLES)
def test_every_table_of_a_report_reads_back(name: str, report: Report) -> None:
    table = TABLES[name].table(report)
    stream = io.BytesIO()
    feed(report, [sink(TABLES[name], report, stream)])
    assert stream.getvalue() == written(table)
    header, *rows = read(stream.getvalue())
    assert tuple(header) == table.columns
    assert [[original(text) for text in row] for row in rows] == [
        [cell_text(cell) for cell in row] for row in table.rows
    ]
