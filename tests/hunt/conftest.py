"""Small logs and rules for the tests of a hunt."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from example_rules import knows
from hunting import RULES
from sample_writer.event import SampleEvent
from sample_writer.evtx import evtx_log

from evtscan.base.model.source import Source
from evtscan.detection.load.loader import load_rules
from evtscan.detection.model.rule import Rule


@pytest.fixture
def rules(tmp_path: Path) -> Callable[[str], tuple[Rule, ...]]:
    """Load rules from text."""

    def load(text: str = RULES) -> tuple[Rule, ...]:
        folder = tmp_path / "rules"
        folder.mkdir(exist_ok=True)
        (folder / "rules.yml").write_text(text, "utf-8")
        loaded = load_rules([folder], fact_known=knows)
        assert loaded.problems == ()
        return loaded.rules

    return load


@pytest.fixture
def log(tmp_path: Path) -> Callable[..., Source]:
    """Write a log and give its source."""

    def write(events: Iterable[SampleEvent], name: str = "Sysmon.evtx") -> Source:
        path = tmp_path / name
        path.write_bytes(evtx_log(list(events)))
        return Source(path, name)

    return write
