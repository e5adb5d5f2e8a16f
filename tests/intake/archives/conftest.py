"""Archives made in the test, and a folder to unpack them into."""

import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from evtscan.intake.archives import Limits, Unpacked, unpack

SMALL = Limits(entries=50, total=64 << 20, file=32 << 20)


@pytest.fixture
def take(tmp_path: Path) -> Callable[..., Unpacked]:
    """Write bytes as ``case.zip`` (whatever they are) and unpack that."""

    def run(data: bytes, name: str = "case.zip", limits: Limits = SMALL) -> Unpacked:
        archive = tmp_path / "archive"
        archive.write_bytes(data)
        into = tmp_path / "into"
        into.mkdir()
        result = unpack(archive, into, name=name, limits=limits)
        for source in result.sources:  # whatever the members are called
            assert source.path.resolve().is_relative_to(into.resolve())
            assert source.path.is_file()
        outside = [path for path in tmp_path.rglob("*") if not path.is_relative_to(into)]
        assert outside == [archive]
        return result

    return run


def zipped(members: dict[str, bytes] | list[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP of these members."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in members.items() if isinstance(members, dict) else members:
            archive.writestr(zipfile.ZipInfo(name, (1998, 3, 14, 9, 26, 52)), content, method)
    return stream.getvalue()


def tarred(members: dict[str, bytes] | list[tuple[str, bytes]], mode: str = "w") -> bytes:
    """A tar of these members."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:
        for name, content in members.items() if isinstance(members, dict) else members:
            header = tarfile.TarInfo(name)
            header.size = len(content)
            header.mtime = 889867612
            archive.addfile(header, io.BytesIO(content))
    return stream.getvalue()


def contents(result: Unpacked) -> dict[str, bytes]:
    """What was unpacked, by the names of reports."""
    return {source.name: source.path.read_bytes() for source in result.sources}


def reasons(result: Unpacked) -> dict[str, str]:
    """What was passed over and why."""
    return {item.source_file: item.reason for item in result.skipped}


def kinds(result: Unpacked) -> list[str]:
    """The kinds of the warnings."""
    return [warning.kind for warning in result.warnings]
