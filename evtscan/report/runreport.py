"""The hosts and the rules of a run → its report."""

from collections.abc import Sequence
from dataclasses import replace

from evtscan import __version__
from evtscan.detection.load.loader import RuleSet
from evtscan.report.model import HostReport, Report


def report_of(hosts: Sequence[HostReport], rules: RuleSet, *, narrowed: bool = False) -> Report:
    """Return the report of a run, with the rules that report findings; ``narrowed`` as in ``Report``."""
    infos = tuple(replace(rule.info, channels=rule.channels()) for rule in rules.rules if not rule.silent)
    return Report(hosts=hosts, rules=infos, refused=rules.refused, evtscan=__version__, narrowed=narrowed)
