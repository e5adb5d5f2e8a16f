"""What the kernel says at a start, and the description of the system in EventLog 6013."""

import pytest
from host_builder import event, event_log

from evtscan.facts.collectors import kernel
from evtscan.facts.history.statement import Undecided

KERNEL = "Microsoft-Windows-Kernel-General"
NAMES = ("os.version", "os.build", "os.ubr", "os.service_pack", "os.product", "os.kernel_type")


def stated(logged):
    return {item.name: item.value for item in kernel.collect([logged])}


def started(major, minor, build, revision, pack):
    fields = zip(
        ("MajorVersion", "MinorVersion", "BuildVersion", "QfeVersion", "ServiceVersion"),
        (major, minor, build, revision, pack),
        strict=True,
    )
    return event(4, KERNEL, 12, **{name: value for name, value in fields if value is not None})


STARTS = {
    "7": (("6", "1", "7601", "17514", "1"), ("6.1", 7601, None, 1)),
    "8.1": (("6", "3", "9600", "17415", "0"), ("6.3", 9600, None, 0)),
    "10": (("10", "0", "17134", "165", "0"), ("10.0", 17134, 165, 0)),
    "the first 10": (("10", "0", "10240", "16384", "0"), ("10.0", 10240, 16384, 0)),
    "no revision": (("10", "0", "17134", None, "0"), ("10.0", 17134, None, 0)),
    "no version": ((None, "0", "17134", "165", "0"), (None, None, None, None)),
    "not numbers": (("10", "0", "many", "²", "9" * 500), ("10.0", None, None, None)),
    "a pack beyond reason": (("6", "1", "7601", "1", "256"), ("6.1", 7601, None, None)),
}


@pytest.mark.parametrize(("fields", "expected"), STARTS.values(), ids=STARTS)
def test_a_start(fields, expected):
    found = stated(started(*fields))
    assert tuple(found.get(name) for name in NAMES[:4]) == expected
    assert set(found) <= {*NAMES[:4], "os.update_date"}


def test_a_start_dates_the_newest_update():
    assert stated(started("10", "0", "17134", "165", "0"))["os.update_date"] == "2018-07-10"
    (of_later,) = (
        one for one in kernel.collect([started("10", "0", "19041", "9999", "0")]) if one.name == "os.update_date"
    )
    assert isinstance(of_later.value, Undecided)
    assert "os.update_date" not in stated(started("6", "3", "9600", "17415", "0"))


@pytest.mark.parametrize(
    ("build", "revision", "builds"),
    [
        ("19041", "2364", (19041, 19042, 19043, 19044, 19045)),
        ("19041", "264", (19041,)),
        ("19041", None, (19041, 19042, 19043, 19044, 19045)),
        ("22621", "3007", (22621, 22631)),
        ("26100", "4061", (26100,)),
        ("26100", "6899", (26100, 26200, 26300)),
        ("17763", "1", (17763,)),
    ],
)
def test_the_kernel_of_a_base_is_that_of_what_a_package_makes_of_it(build, revision, builds):
    logged = started("10", "0", build, revision, "0")
    assert kernel.builds_at_start(logged) == builds
    assert stated(logged).get("os.build") == (builds[0] if len(builds) == 1 else None)


def test_before_windows_10_the_build_is_that_of_the_kernel():
    assert kernel.builds_at_start(started("6", "1", "7601", "17514", "1")) == (7601,)
    assert kernel.builds_at_start(started("6", "1", None, "17514", "1")) == ()


def described(*texts, data=None):
    raw = "\0".join(texts).encode("utf-16-le").hex().upper() if data is None else data
    return event_log(7, 6013, Data5="42", Binary=raw)


SEVEN = ("1.1", "0", "Windows 7 Ultimate", "6.1.7601 Build 7601 Service Pack 1", "Multiprocessor Free", "7601.win7")


def test_the_description_of_windows_7():
    assert stated(described(*SEVEN)) == {
        "os.version": "6.1",
        "os.build": 7601,
        "os.service_pack": 1,
        "os.product": "Windows 7 Ultimate",
        "os.kernel_type": "Multiprocessor Free",
    }


def test_two_blanks_after_the_build_say_that_there_is_no_service_pack():
    ten = ("1.1", "0", "Windows 10 Pro", "10.0.15063 Build 15063  ", "Multiprocessor Free", "15063.rs2")
    assert stated(described(*ten))["os.service_pack"] == 0
    cut = ("1.1", "0", "Windows 10 Pro", "10.0.15063 Build 15063", "Multiprocessor Free", "15063.rs2")
    assert "os.service_pack" not in stated(described(*cut))


NOTHING = {
    "another format": described("2.0", *SEVEN[1:]),
    "cut off": described(*SEVEN[:4]),
    "another system": described("1.1", "0", "x", "something else", "y", "z"),
    "an odd number of bytes": described(data="31002E"[:5]),
    "not UTF-16": described(data="00D8"),
    "no raw data": event_log(7, 6013, Data1="42"),
    "raw data of another type": event_log(7, 6013, Binary=["31"]),
    "another source": event(7, "Other", 6013, Binary=described(*SEVEN).data["Binary"]),
    "another event of the kernel": event(7, KERNEL, 13, MajorVersion="6", MinorVersion="1"),
}


@pytest.mark.parametrize("logged", NOTHING.values(), ids=NOTHING)
def test_what_states_nothing(logged):
    assert stated(logged) == {}


def test_every_statement_points_to_its_record_and_is_declared():
    logged = [started("10", "0", "17134", "165", "0"), described(*SEVEN)]
    statements = list(kernel.collect(logged))
    assert {item.name for item in statements} == set(kernel.PROVIDES)
    assert {item.location.record for item in statements} == {4, 7}
