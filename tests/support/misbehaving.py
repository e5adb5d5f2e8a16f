"""Evidence files that do to the process that opens them what no evidence should be able to do."""

import os
import time
from dataclasses import dataclass, replace
from pathlib import Path

from evtscan.audit.plan import FileState, HostPlan
from evtscan.base.model.source import Source


@dataclass(frozen=True, slots=True)
class Deadly(Source):
    """Ends the process."""

    def open(self):
        os._exit(3)


@dataclass(frozen=True, slots=True)
class DeadlyOnce(Source):
    """Ends the process the first time."""

    def open(self):
        if not self.path.with_suffix(".seen").exists():
            self.path.with_suffix(".seen").touch()
            os._exit(3)
        return Source.open(self)


@dataclass(frozen=True, slots=True)
class Endless(Source):
    """Takes more time than anybody has."""

    def open(self):
        time.sleep(600)
        raise AssertionError("nobody waited so long")


@dataclass(frozen=True, slots=True)
class Faulty(Source):
    """Raises what nobody expects."""

    def open(self):
        raise RuntimeError("boom")


def having(plan: HostPlan, kind: type[Source], path: Path | None = None) -> HostPlan:
    """The same host with one file more, of that kind."""
    source = kind(path or Path("nowhere"), "zz.evt")
    return replace(plan, sources=(*plan.sources, source), states=(*plan.states, FileState(1, "1")))
