"""The inputs of a host's result → a key: equal keys mean equal results, so the host is not read again."""

import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec

from evtscan import __version__
from evtscan.audit.plan import HostPlan, state_of
from evtscan.base.model.source import Source
from evtscan.intake.paths import find
from evtscan.scan import ScanOptions

_SIZE = 20


def key_of_work(rules: bytes, rule_ids: Iterable[str], options: ScanOptions, evidence: str) -> str:
    """Return a digest of the inputs that all hosts of an audit share.

    ``rules`` is the digest of the rule files and of the code (``rulecache.key_of``), ``rule_ids`` are the ids of the
    rules in use, ``evidence`` is the path or address of the hosts.
    """
    parts: list[Any] = [__version__, rules.hex(), list(rule_ids), _plain(options), evidence]
    if options.messages is not None:
        sources = find([options.messages.path]).sources
        parts.append([_state(source) for source in sources])
    return _digest(parts)


def key_of_host(work: str, plan: HostPlan) -> str:
    """Return a digest of all inputs of one host's result."""
    files = [(source.name, state.size, state.mark) for source, state in zip(plan.sources, plan.states, strict=True)]
    skipped = [(item.source_file, item.reason) for item in plan.skipped]
    return _digest([work, plan.name, files, skipped, _plain(plan.stated) if plan.stated else None])


def key_of_run(parts: Iterable[str]) -> str:
    """Return a digest of all inputs of a run."""
    return _digest(list(parts))


def _state(source: Source) -> tuple[str, int, str]:
    state = state_of(source)
    return source.name, state.size, state.mark


def _plain(value: object) -> Any:
    """Return dataclasses as plain data, with sets in a fixed order."""
    return msgspec.to_builtins(value, order="deterministic", enc_hook=str)


def _digest(parts: list[Any]) -> str:
    return hashlib.blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=_SIZE).hexdigest()
