r"""The kind of product in ``Control\ProductOptions`` × the version known at its time → the product of NT and 2000.

Windows NT does not state its product, and all editions of Windows 2000 state the same one. The product follows from
ProductType and ProductSuite of SYSTEM (Microsoft, "OSVERSIONINFOEX"; G. Chappell, "The Product Suite") and from the
version, which is in SOFTWARE or in the log.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from evtscan.base.model.fact import Basis
from evtscan.facts.history.timeline import FactTimeline, Placed, Point

FACT: Final = "os.product"
_OPTIONS: Final = r"registry.SYSTEM\CurrentControlSet\Control\ProductOptions"
PRODUCT_TYPE: Final = rf"{_OPTIONS}\ProductType"
PRODUCT_SUITE: Final = rf"{_OPTIONS}\ProductSuite"

_WINDOWS_2000 = "Microsoft Windows 2000"
_SERVERS = ("servernt", "lanmannt")
_SUITES_OF_NT: Mapping[str, str] = {"terminal server": "Terminal Server Edition", "enterprise": "Enterprise Edition"}
_SUITES_OF_2000: Mapping[str, str] = {"datacenter": "Datacenter Server", "enterprise": "Advanced Server"}


def told_by_options(
    stated: Sequence[Placed], kinds: Sequence[Placed], suites: Sequence[Placed], version: FactTimeline
) -> list[Placed]:
    """Return all statements of ``os.product``: stated ones, with the edition for Windows 2000, and derived ones.

    ``kinds`` and ``suites`` are the statements of ``PRODUCT_TYPE`` and ``PRODUCT_SUITE``.
    """
    suite_in = {item.statement.location.source: item.statement.value for item in suites}
    editions: dict[int, str] = {}
    found: list[Placed] = []
    sources = {item.statement.location.source for item in stated}
    for item in kinds:
        source = item.statement.location.source
        kind, suite = _word(item.statement.value), _names(suite_in.get(source))
        known = version.at(Point(item.session, item.sequence, item.ticks))
        release = known.value if known.basis is not Basis.UNKNOWN and isinstance(known.value, str) else ""
        if release.startswith(("3.", "4.")) and source not in sources and (name := _of_nt(kind, suite)):
            found.append(replace(item, statement=replace(item.statement, name=FACT, value=name)))
        elif release == "5.0" and (name := _of_2000(kind, suite)):
            editions[item.session] = name
    return [*(_by_edition(item, editions) for item in stated), *found]


def _by_edition(item: Placed, editions: Mapping[int, str]) -> Placed:
    edition = editions.get(item.session)
    if edition is None or _word(item.statement.value) != _WINDOWS_2000.lower():
        return item
    note = "the edition by ProductOptions"
    return replace(item, statement=replace(item.statement, value=f"{_WINDOWS_2000} {edition}", note=note))


def _of_nt(kind: str, suite: Sequence[str]) -> str:
    if kind not in _SERVERS:
        return "Windows NT Workstation" if kind == "winnt" else ""
    return ", ".join(("Windows NT Server", *_first(suite, _SUITES_OF_NT)))


def _of_2000(kind: str, suite: Sequence[str]) -> str:
    if kind not in _SERVERS:
        return "Professional" if kind == "winnt" else ""
    return next(_first(suite, _SUITES_OF_2000), "Server")


def _first(suite: Sequence[str], names: Mapping[str, str]) -> Iterator[str]:
    """The edition of the first suite that has one, or None."""
    yield from [name for word, name in names.items() if word in suite][:1]


def _word(value: object) -> str:
    return value.strip(" \0").lower() if isinstance(value, str) else ""


def _names(value: object) -> list[str]:
    return [name.lower() for name in value] if isinstance(value, tuple) else []
