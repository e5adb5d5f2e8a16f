"""Conditions of a rule → the products on which they can hold, in words: “Windows NT 3.51 to 2000”."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from evtscan.base.logic import Truth, truth
from evtscan.detection.model.condition import Condition, Operator, Test, tests_in, truth_of
from evtscan.detection.model.modifiers import holds


@dataclass(frozen=True, slots=True)
class Release:
    """One release of Windows: its version and build, as hosts state them, and its common name."""

    version: str
    build: int
    name: str


RELEASES: Final[tuple[Release, ...]] = (
    Release("3.1", 511, "Windows NT 3.1"),
    Release("3.5", 807, "Windows NT 3.5"),
    Release("3.51", 1057, "Windows NT 3.51"),
    Release("4.0", 1381, "Windows NT 4.0"),
    Release("5.0", 2195, "Windows 2000"),
    Release("5.1", 2600, "Windows XP"),
    Release("5.2", 3790, "Windows Server 2003"),
    Release("6.0", 6002, "Windows Vista, Server 2008"),
    Release("6.1", 7601, "Windows 7, Server 2008 R2"),
    Release("6.2", 9200, "Windows 8, Server 2012"),
    Release("6.3", 9600, "Windows 8.1, Server 2012 R2"),
    Release("10.0", 10240, "Windows 10 1507"),
    Release("10.0", 10586, "Windows 10 1511"),
    Release("10.0", 14393, "Windows 10 1607, Server 2016"),
    Release("10.0", 15063, "Windows 10 1703"),
    Release("10.0", 16299, "Windows 10 1709"),
    Release("10.0", 17134, "Windows 10 1803"),
    Release("10.0", 17763, "Windows 10 1809, Server 2019"),
    Release("10.0", 18362, "Windows 10 1903"),
    Release("10.0", 18363, "Windows 10 1909"),
    Release("10.0", 19041, "Windows 10 2004"),
    Release("10.0", 19042, "Windows 10 20H2"),
    Release("10.0", 19043, "Windows 10 21H1"),
    Release("10.0", 19044, "Windows 10 21H2"),
    Release("10.0", 19045, "Windows 10 22H2"),
    Release("10.0", 20348, "Windows Server 2022"),
    Release("10.0", 22000, "Windows 11 21H2"),
    Release("10.0", 22621, "Windows 11 22H2"),
    Release("10.0", 22631, "Windows 11 23H2"),
    Release("10.0", 26100, "Windows 11 24H2, Server 2025"),
    Release("10.0", 26200, "Windows 11 25H2"),
    Release("10.0", 26300, "Windows 11 26H2"),
    Release("10.0", 28000, "Windows 11 26H1"),
)
"""Releases in the order of their builds. A release with several builds stands with the one of its last service pack."""


@dataclass(frozen=True, slots=True)
class Products:
    """The releases on which a condition can hold, as indexes into ``RELEASES``; None if it does not restrict them."""

    places: tuple[int, ...] | None

    @property
    def first(self) -> int:
        """The index of the first release; products without a restriction sort last."""
        return min(self.places) if self.places else len(RELEASES)

    def __str__(self) -> str:
        """The products in words; empty if the condition does not restrict them."""
        if self.places is None:
            return ""
        return ", ".join(_words(self.places)) or "no release that is known"


def products_of(condition: Condition) -> Products:
    """The products on which a condition can hold, as far as it tests version and build."""
    if FACTS.keys().isdisjoint(test.field for test in tests_in(condition)):
        return Products(None)
    return Products(tuple(place for place, release in enumerate(RELEASES) if may_hold(condition, release)))


FACTS: Final[Mapping[str, Callable[[Release], str | int]]] = {
    "os.version": lambda release: release.version,
    "os.build": lambda release: release.build,
}
"""The facts that tell releases apart, and what a host of a release says of them."""


def may_hold(condition: Condition, release: Release) -> bool:
    """Whether a condition can hold on a release, as far as it tests version and build."""

    def leaf(test: Test) -> Truth:
        read = FACTS.get(test.field)
        refers = test.operator is Operator.IN_RANGE and any("{" in str(value) for value in test.values)
        return Truth.UNKNOWN if read is None or refers else truth(holds(test, read(release)))

    return truth_of(condition, leaf) is not Truth.FALSE


def _words(places: Sequence[int]) -> Iterator[str]:
    """Yield runs of releases in words, such as “FIRST to LAST” or “FIRST and later”, and single releases by name."""
    for _, run in groupby(enumerate(places), key=lambda item: item[1] - item[0]):
        found = [place for _, place in run]
        first, last = RELEASES[found[0]].name, RELEASES[found[-1]].name
        if len(found) == 1:
            yield first
        elif found[-1] == len(RELEASES) - 1:
            yield f"{first} and later"
        elif found[0] == 0:
            yield f"up to {last}"
        else:
            yield f"{first} to {last}"
