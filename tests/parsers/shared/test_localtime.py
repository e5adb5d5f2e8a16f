from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evtscan.base.wintypes import format_filetime
from evtscan.parsers.shared.localtime import DateOrder, PrintedTime, TimeSurvey, read_time, ticks_of

YEAR, DAY, MONTH = DateOrder.YEAR_FIRST, DateOrder.DAY_FIRST, DateOrder.MONTH_FIRST


def survey_of(*texts: str) -> TimeSurvey:
    survey = TimeSurvey()
    for text in texts:
        time = read_time(text)
        assert time is not None, text
        survey.add(time)
    return survey


def shown(text: str, order: DateOrder) -> str:
    time = read_time(text)
    assert time is not None
    ticks = ticks_of(time, [order])
    assert ticks is not None
    return format_filetime(ticks, time.digits).removesuffix("Z")


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("3/14/01 9:26:53 AM", MONTH, "2001-03-14T09:26:53"),
        ("3/14/2001 9:26:53 PM", MONTH, "2001-03-14T21:26:53"),
        ("3/14/2001 12:00:01 AM", MONTH, "2001-03-14T00:00:01"),
        ("3/14/2001 12:00:01 PM", MONTH, "2001-03-14T12:00:01"),
        ("14/03/2001 09:26:53", DAY, "2001-03-14T09:26:53"),
        ("14.3.01 9:26:53", DAY, "2001-03-14T09:26:53"),
        ("14. 3. 2001 9:26:53", DAY, "2001-03-14T09:26:53"),
        ("14.03.2001 9.26.53", DAY, "2001-03-14T09:26:53"),
        ("14-3-1999 9:26:53", DAY, "1999-03-14T09:26:53"),
        ("14-Mar-01 9:26", DAY, "2001-03-14T09:26:00"),
        ("2001-03-14T09:26:53", YEAR, "2001-03-14T09:26:53"),
        ("2001-03-14T09:26:53.1234567", YEAR, "2001-03-14T09:26:53.1234567"),
        ("2001-03-14 09:26:53.125", YEAR, "2001-03-14T09:26:53.125"),
        ("2001/03/14 上午 09:26:53", YEAR, "2001-03-14T09:26:53"),
        ("2001/3/14 下午 09:26:53", YEAR, "2001-03-14T21:26:53"),
        ("2001-03-14 오후 9:26:53", YEAR, "2001-03-14T21:26:53"),
        ("14/3/2001 9:26:53 μ.μ.", DAY, "2001-03-14T21:26:53"),
        ("14/03/2001 9:26:53 p. m.", DAY, "2001-03-14T21:26:53"),
        ("2001. 03. 14. 9:26:53", YEAR, "2001-03-14T09:26:53"),
        ("14.3.2001 г. 9:26:53", DAY, "2001-03-14T09:26:53"),
        ("14/03/2001 9:26:53 CH", DAY, "2001-03-14T21:26:53"),
        ("29/2/2547 9:26:53", DAY, "2004-02-29T09:26:53"),  # the calendar of Thai Windows
        ("98-03-14 9:26:53", YEAR, "1998-03-14T09:26:53"),
        ("01/01/70 9:26:53", MONTH, "1970-01-01T09:26:53"),
        ("01/01/69 9:26:53", MONTH, "2069-01-01T09:26:53"),
        ("\u200e3/\u200e14/\u200e2001 9:26:53\u202fAM", MONTH, "2001-03-14T09:26:53"),
    ],
)
def test_times_as_locales_print_them(text: str, order: DateOrder, expected: str) -> None:
    assert shown(text, order) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "3/14/2001",
        "9:26:53",
        "3/14/2001 24:00:00",
        "3/14/2001 9:60:00",
        "3/14/2001 9:26:53 XM",
        "31/31/2001 9:26:53",
        "30/2/2001x 9:26:53",
        "3/14/0001 9:26:53",
        "14-Foo-01 9:26:53",
        "3/14/2001 9:26:53 AM and more behind it",
    ],
)
def test_what_is_no_time(text: str) -> None:
    assert read_time(text) is None


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("2001-03-14T09:26:53Z", 0),
        ("2001-03-14T09:26:53+02:00", 7200),
        ("2001-03-14T09:26:53-0330", -12600),
        ("2001-03-14 09:26:53", None),
    ],
)
def test_a_zone_that_is_printed(text: str, offset: int | None) -> None:
    time = read_time(text)
    assert time is not None
    assert time.offset == offset


@pytest.mark.parametrize(
    ("times", "orders", "assumed"),
    [
        # a field over 12 settles it for the whole file
        (["3/4/01 9:00:00", "3/14/01 9:00:00"], (MONTH,), None),
        (["3/4/01 9:00:00", "14/4/01 9:00:00"], (DAY,), None),
        # so does order in time: from the first to the second month, forwards and backwards
        (["3/11/01 9:00:00", "3/12/01 9:00:00", "4/1/01 9:00:00"], (MONTH,), None),
        (["4/1/01 9:00:00", "3/12/01 9:00:00", "3/11/01 9:00:00"], (MONTH,), None),
        (["11/3/01 9:00:00", "12/3/01 9:00:00", "1/4/01 9:00:00"], (DAY,), None),
        # dots and ISO
        (["3.4.01 9:00:00"], (DAY,), None),
        (["2001-03-04 9:00:00"], (YEAR,), None),
        (["2001-Mar-04 9:00:00"], (YEAR,), None),
        # years of two digits that can only stand first
        (["98-03-04 9:00:00"], (YEAR,), None),
        (["00/12/25 9:00:00"], (YEAR,), None),
        (["01/03/30 9:00:00", "01/03/31 9:00:00", "01/04/01 9:00:00"], (YEAR,), None),
        # nothing tells
        (["3/4/01 9:00:00", "3/5/01 9:00:00"], (DAY, MONTH), None),
        (["3/4/01 9:00:00 AM", "3/5/01 9:00:00 AM"], (DAY, MONTH), MONTH),
        # a British list of a few days is no list of years to come
        (["14/03/01 9:00:00", "15/03/01 9:00:00"], (DAY,), None),
        # one damaged field among many proves nothing
        (["3/14/01 9:00:00"] * 5 + ["14/3/01 9:00:00"], (MONTH,), None),
    ],
)
def test_day_and_month_are_told_apart_per_file(
    times: list[str], orders: tuple[DateOrder, ...], assumed: DateOrder | None
) -> None:
    survey = survey_of(*times)
    assert survey.orders == orders
    assert survey.assumed == assumed


def test_a_date_whose_day_is_its_month_needs_no_order() -> None:
    time = read_time("3/3/01 9:00:00")
    assert time is not None
    assert ticks_of(time, (DAY, MONTH)) == ticks_of(time, (DAY,))
    other = read_time("3/4/01 9:00:00")
    assert other is not None
    assert ticks_of(other, (DAY, MONTH)) is None


def test_a_clock_that_was_set_back_does_not_turn_the_order() -> None:
    hours = [f"3/{day}/01 {hour}:00:00" for day in range(1, 13) for hour in range(6)]
    hours[20:20] = ["3/1/01 3:30:00"]
    survey = survey_of(*hours, "4/1/01 1:00:00")
    assert survey.orders == (MONTH,)
    assert not survey.newest_first(default=True)[0]
    assert not survey.disordered


def test_newest_first_and_no_order_at_all() -> None:
    assert survey_of("3/15/01 9:00:00", "3/14/01 9:00:00").newest_first(default=False) == [True]
    assert survey_of("3/14/01 9:00:00", "3/15/01 9:00:00").newest_first(default=True) == [False]
    assert survey_of("3/14/01 9:00:00").newest_first(default=True) == [True]
    mixed = survey_of(*(f"3/{13 + day % 7}/01 9:00:00" for day in (3, 1, 6, 2, 5, 0, 4, 2, 6, 1)))
    assert mixed.disordered


def test_sections_have_orders_of_their_own() -> None:
    survey = survey_of("3/14/01 9:00:00", "3/15/01 9:00:00")
    survey.begin_section()
    for text in ("3/13/01 9:00:00", "3/12/01 9:00:00"):
        time = read_time(text)
        assert time is not None
        survey.add(time)
    assert survey.newest_first(default=False) == [False, True]
    assert not survey.disordered


def test_the_span_of_days() -> None:
    first = date(2001, 3, 14).toordinal() - date(1601, 1, 1).toordinal()
    assert survey_of("3/20/01 9:00:00", "3/14/01 9:00:00").span == (first, first + 6)
    assert TimeSurvey().span is None


@settings(deadline=None, max_examples=100)
@given(st.dates(date(1980, 1, 1), date(2069, 12, 31)), st.times(), st.booleans())
def test_every_date_comes_back(day: date, time: object, long_year: bool) -> None:
    assert hasattr(time, "hour")
    year = str(day.year) if long_year else f"{day.year % 100:02}"
    clock = f"{time.hour:02}:{time.minute:02}:{time.second:02}"
    expected = f"{day.isoformat()}T{clock}"
    assert shown(f"{day.month}/{day.day}/{year} {clock}", MONTH) == expected
    assert shown(f"{day.day}.{day.month}.{year} {clock}", DAY) == expected
    assert shown(f"{day.isoformat()} {clock}", YEAR) == expected


@settings(deadline=None, max_examples=100)
@given(st.text(alphabet="0123456789/.-: AMPTZ+午\u202f", max_size=40))
def test_any_text_is_a_time_or_none(text: str) -> None:
    time = read_time(text)
    assert time is None or isinstance(time, PrintedTime)
    assert time is None or 0 <= time.ticks < 86_400 * 10_000_000
