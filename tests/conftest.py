"""Fixtures that many tests share."""

import os
from pathlib import Path

import pytest

from evtscan.base.errors import RAISE_DEFECTS

ROOT = Path(__file__).parents[1]
os.environ[RAISE_DEFECTS] = "1"  # a defect in a reader fails the test that meets it, also in worker processes


@pytest.fixture(scope="session", autouse=True)
def rule_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache of compiled rules for the tests, also for the processes that they start; never the user's own."""
    folder = tmp_path_factory.getbasetemp() / "cache"
    os.environ["EVTSCAN_CACHE_DIR"] = str(folder)
    return folder


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of real logs and hives, or a skip that says how to get one."""
    folder = Path(os.environ.get("EVTSCAN_CORPUS") or ROOT.parent / "shared" / "corpus")
    if not folder.is_dir():
        pytest.skip("no corpus here: set EVTSCAN_CORPUS to its folder (docs/corpus.md names the public sources)")
    return folder
