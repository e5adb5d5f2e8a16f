"""The two reports that every reporter must write."""

from dataclasses import replace

import pytest
from sample_reports import FULL

from evtscan.report.model import Report


@pytest.fixture
def empty() -> Report:
    return Report(hosts=())


@pytest.fixture
def full() -> Report:
    return FULL


@pytest.fixture
def one_host() -> Report:
    return replace(FULL, hosts=FULL.hosts[:1])


@pytest.fixture(params=["full", "empty"])
def report(request: pytest.FixtureRequest) -> Report:
    """Each of the two in turn."""
    made: Report = request.getfixturevalue(request.param)
    return made
