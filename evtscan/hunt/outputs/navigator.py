"""The techniques of the detections as a layer for the ATT&CK Navigator (layer file format 4.5)."""

from typing import Any, BinaryIO

import msgspec

from evtscan.hunt.attack import name_of
from evtscan.hunt.detection import Detection
from evtscan.hunt.run import Hunted
from evtscan.hunt.summary import Summary
from evtscan.reporters.tables.csv import Dialect

RULES_LISTED = 20
"""Maximum number of rules in the comment of a technique."""


class NavigatorSink:
    """Write the layer at the end, from the counts."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def add(self, row: Detection) -> None:
        """Do nothing: the layer needs only the counts."""

    def close(self, hunted: Hunted) -> None:
        """Write the layer."""
        self._stream.write(msgspec.json.format(msgspec.json.encode(layer(hunted.summary)), indent=2) + b"\n")


def sink(stream: BinaryIO, dialect: Dialect) -> NavigatorSink:
    """Return a sink that writes a layer."""
    return NavigatorSink(stream)


def layer(summary: Summary) -> dict[str, Any]:
    """Return the layer; the score of a technique is the number of its detections."""
    counts = {technique: tally.count for technique, tally in sorted(summary.techniques.items())}
    unfolded = {technique.partition(".")[0] for technique in counts if "." in technique}
    return {
        "name": "evtscan hunt",
        "versions": {"layer": "4.5"},
        "domain": "enterprise-attack",
        "description": f"Detections by technique: {summary.total.count:,} in all",
        "sorting": 3,
        "hideDisabled": False,
        "gradient": {
            "colors": ["#fff7b3", "#f4a261", "#c9303a"],
            "minValue": 0,
            "maxValue": max([1, *counts.values()]),
        },
        "techniques": [
            *(_technique(summary, technique, count, technique in unfolded) for technique, count in counts.items()),
            *({"techniqueID": name, "showSubtechniques": True} for name in sorted(unfolded - counts.keys())),
        ],
    }


def _technique(summary: Summary, technique: str, count: int, unfolded: bool) -> dict[str, Any]:
    return {
        "techniqueID": technique,
        "score": count,
        "comment": _rules(summary, technique),
        "enabled": True,
        "showSubtechniques": unfolded,
        "metadata": [{"name": "Technique", "value": name_of(technique) or technique}],
    }


def _rules(summary: Summary, technique: str) -> str:
    tag = f"attack.{technique.lower()}"
    found = [f"{rule.title} ({tally.count:,})" for rule, tally in summary.by_rule() if tag in rule.tags]
    more = f" and {len(found) - RULES_LISTED:,} more" if len(found) > RULES_LISTED else ""
    return "; ".join(found[:RULES_LISTED]) + more
