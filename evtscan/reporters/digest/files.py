"""The files of a host that were read, and the damaged ones among them."""

from evtscan.base.ledger import DAMAGE
from evtscan.base.model.source import EvidenceRow
from evtscan.report.model import HostReport

NOT_READ = frozenset({"host_failed", "host_timeout", "unreadable"})
"""Kinds of warnings that say that a host or a file could not be read at all, so that it has no row of its own."""


def read_files(host: HostReport) -> list[EvidenceRow]:
    """Return the files of a host that were read, without the rows of archives that could not be unpacked."""
    skipped = {item.source_file for item in host.skipped}
    return [row for row in host.evidence if row.source_file not in skipped]


def damaged_files(host: HostReport) -> list[EvidenceRow]:
    """Return the damaged files of a host: records are lost, or a warning states that a part cannot be read."""
    told = {item.location.source for item in host.warnings if item.records_lost > 0 or item.kind in DAMAGE}
    return [row for row in host.evidence if row.lost > 0 or row.source_file in told]


def is_incomplete(host: HostReport) -> bool:
    """Return whether some of the files collected from a host are damaged or could not be read."""
    return any(warning.kind in NOT_READ for warning in host.warnings) or bool(damaged_files(host))
