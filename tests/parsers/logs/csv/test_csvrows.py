from evtscan.parsers.logs.csv.csvrows import rows


def test_rows_know_their_lines() -> None:
    lines = enumerate(["a,b", "", '"c', 'd",e', "f"], 1)
    assert [(row.line, row.last, row.fields) for row in rows(lines, ",")] == [
        (1, 1, ["a", "b"]),
        (3, 4, ["c\nd", "e"]),
        (5, 5, ["f"]),
    ]


def test_a_field_that_never_ends_is_given_up() -> None:
    lines = [(1, '"' + "x" * 100_000), (2, "y" * 100_000), (3, "a,b")]
    first, second = rows(lines, ",")
    assert (first.line, first.last, first.fields) == (1, 2, [])
    assert "field limit" in first.error
    assert (second.line, second.fields) == (3, ["a", "b"])
