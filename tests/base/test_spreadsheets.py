import pytest

from evtscan.base.spreadsheets import excel_time, neutralised


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("'=1+1", "''=1+1"),
        (" \t@SUM(A1)", "' \t@SUM(A1)"),
        ("＝1", "'＝1"),
        ("-", "'-"),
        ("a=1", "a=1"),
        ("'quoted", "'quoted"),
        ("", ""),
    ],
)
def test_formulas_get_an_apostrophe(text: str, cell: str) -> None:
    assert neutralised(text) == cell


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("1997-03-14T08:09:10Z", "1997-03-14 08:09:10"),
        ("2021-01-02T03:04:05.1234567Z", "2021-01-02 03:04:05"),
        ("1601-01-01T00:00:00Z", "1601-01-01T00:00:00Z"),  # Excel counts from 1900 on
        ("1997-03-14T08:09:10", "1997-03-14T08:09:10"),  # local: it must not look like UTC
        ("", ""),
    ],
)
def test_times_that_excel_can_count(text: str, cell: str) -> None:
    assert excel_time(text) == cell
