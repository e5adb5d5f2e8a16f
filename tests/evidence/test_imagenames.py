"""Names that only an installation image carries."""

import pytest
from host_builder import event

from evtscan.evidence.imagenames import image_end, is_image_name


@pytest.mark.parametrize(
    "name", ["37L4247F27-26", "37L4247D28-05", "26L2233B1-02", "MINWINPC", "minwinpc", "MACHINENAME"]
)
def test_names_of_images(name):
    assert is_image_name(name)
    assert is_image_name(f"{name}.example.com")


@pytest.mark.parametrize(
    "name", ["WIN-NBRJP24VCHB", "DESKTOP-CH5HROD", "MININT-AEA0ADI", "MINWINPC2", "37L4247F27", ""]
)
def test_names_of_hosts(name):
    assert not is_image_name(name)


CHAINS = {
    "image, then host": (["37L4247F27-26", "37L4247F27-26", "DC1", "DC1"], 3),
    "two images": (["MINWINPC", "37L4247F27-26", "DC1"], 3),
    "the host's own names alone": (["WIN-X", "DC1"], None),
    "no other name": (["MINWINPC", "MINWINPC"], None),
    "a host that took the name later": (["DC1", "MINWINPC", "DC2"], None),
    "records without a name say nothing": ([None, "MINWINPC", None, "DC1"], 4),
    "nothing": ([], None),
}


@pytest.mark.parametrize(("names", "expected"), CHAINS.values(), ids=CHAINS)
def test_where_the_records_of_an_image_end(names, expected):
    assert image_end([event(place, computer=name) for place, name in enumerate(names, 1)]) == expected
