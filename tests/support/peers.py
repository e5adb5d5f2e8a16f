"""Peers that are not installed everywhere: a test that needs one is skipped where it is missing."""

from typing import Any

import pytest


def rust_evtx() -> Any:
    """The module of the Rust decoder ``evtx``.

    It is installed on Linux only: elsewhere file names ignore case, and its folder ``evtx`` is ``Evtx`` of python-evtx.
    """
    return pytest.importorskip("evtx", reason="the package evtx is a peer on Linux only", exc_type=ImportError)
