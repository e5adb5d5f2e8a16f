import pytest
from hypothesis import given
from hypothesis import strategies as st

from evtscan.base.versions import os_name, os_version, service_pack, version_key


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("4.0", "4.0"),
        ("4.0.", "4.0"),
        ("5.01.", "5.1"),
        ("5.00.", "5.0"),
        ("5.02.", "5.2"),
        ("6.01.", "6.1"),
        ("10.00.", "10.0"),
        ("10.0.19045", "10.0"),
        ("3.50", "3.5"),
        ("3.51", "3.51"),
        ("", None),
        ("4", None),
        ("four", None),
    ],
)
def test_normal_form_of_a_version(text, normal):
    assert os_version(text) == normal


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Service Pack 2", 2),
        ("Service Pack 6", 6),
        ("service pack 3, RC 1.76", 3),
        ("Service Pack 4 RC 1.2", 4),
        ("Service Pack 1, v.721", 1),
        ("", 0),
        ("\0", 0),
        ("Dienstpaket", None),
        ("Service Pack 99999", None),
    ],
)
def test_service_pack(text, number):
    assert service_pack(text) == number


@pytest.mark.parametrize(
    ("lower", "higher"), [("4.0", "4.0.1"), ("4.0.1381.7117", "4.0.1381.7159"), ("9.0", "10.0"), ("5.0", "5.01")]
)
def test_order_of_versions(lower, higher):
    assert version_key(lower) < version_key(higher)


def test_trailing_zeros_do_not_count():
    assert version_key("5.0") == version_key("5.0.0") == version_key("5")
    assert version_key("five") is None


@given(st.text(max_size=30))
def test_any_text_is_a_version_or_none(text):
    assert version_key(text) is None or all(part >= 0 for part in version_key(text))
    normal = os_version(text)
    assert normal is None or os_version(normal) == normal


def test_names():
    assert os_name("4.0") == "Windows NT 4.0"
    assert os_name("11.7") == "Windows 11.7"
