"""What the tests of the ``.evt`` parser share."""

from collections.abc import Callable

import pytest
from evt_reading import Reading, read_file

from evtscan.base.model.query import Query


@pytest.fixture(scope="session")
def read(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Reading]:
    """Reads bytes as if they were a file of some name."""
    folder = tmp_path_factory.mktemp("evt")

    def read_bytes(
        data: bytes, query: Query | None = None, *, recover: bool = False, name: str = "SysEvent.Evt"
    ) -> Reading:
        path = folder / name
        path.write_bytes(data)
        return read_file(path, query, recover=recover)

    return read_bytes
