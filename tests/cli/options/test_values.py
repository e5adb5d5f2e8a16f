import pytest

from evtscan.base.errors import UsageError
from evtscan.cli.options import values as options


@pytest.mark.parametrize(
    ("text", "ids"),
    [("1008", {1008}), ("1000-1003", {1000, 1001, 1002, 1003}), ("7, 9-10", {7, 9, 10})],
)
def test_event_ids(text, ids):
    assert options.numbers(text, "--include-eid") == ids


@pytest.mark.parametrize("text", ["", "x", "1-", "1,,2", "999999", "-5", "5-4"])
def test_what_is_no_event_id(text):
    with pytest.raises(UsageError, match="--include-eid"):
        options.numbers(text, "--include-eid")


@pytest.mark.parametrize(
    ("text", "found"),
    [("error", {2}), ("Error,warning", {2, 3}), ("critical, 3-4", {1, 3, 4}), ("0", {0}), ("info", {4})],
)
def test_event_levels(text, found):
    assert options.levels(text, "--level") == found


@pytest.mark.parametrize("text", ["", "errors", "2,", "x-y"])
def test_invalid_event_levels(text):
    with pytest.raises(UsageError, match="--level"):
        options.levels(text, "--level")


PERIODS = {
    "both": ("2001-03-14", "2001-03-15"),
    "neither": (None, None),
    "no end": ("2001-03-14", None),
    "no beginning": (None, "2001-03-14"),
}


@pytest.mark.parametrize(("since", "until"), PERIODS.values(), ids=PERIODS)
def test_a_period(since, until):
    found = options.period(since, until)
    assert found == (options.time(since, "--from"), options.time(until, "--to"))


@pytest.mark.parametrize("since", ["2001-03-15", "2001-03-14T00:00:00Z", "2001-03-14T02:00:00+02:00"])
def test_a_period_without_any_time(since):
    with pytest.raises(UsageError, match=r"--from .* --to 2001-03-14"):
        options.period(since, "2001-03-14")


def test_stars_in_paths_are_expanded(tmp_path):
    for name in ("b.evt", "a.evt", "c.txt"):
        (tmp_path / name).touch()
    assert [path.name for path in options.expand([str(tmp_path / "*.evt")])] == ["a.evt", "b.evt"]
    with pytest.raises(UsageError, match=r"\*\.zip"):
        options.expand([str(tmp_path / "*.zip")])


def test_a_path_with_a_star_in_its_name_is_itself(tmp_path):
    odd = tmp_path / "a[1].evt"
    odd.touch()
    assert options.expand([str(odd)]) == [odd]
