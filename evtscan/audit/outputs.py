"""The output folder of an audit: what of it may be replaced, and whether there is anything to write at all."""

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from evtscan import __version__
from evtscan.audit.changes import Known
from evtscan.audit.plan import RUN_FOLDER
from evtscan.audit.run import temporary_folder
from evtscan.audit.runfolder import FileMark, RunFolder, RunState
from evtscan.base.errors import OutputError
from evtscan.base.outfiles import refuse_existing, refuse_open, remove_temporaries


@dataclass(slots=True)
class OutputFolder:
    """Where an audit keeps what it has finished, and what an earlier one left there.

    ``run`` is the run folder, ``earlier`` what the last finished audit of the same evidence found. ``paths`` are the
    files to write. ``other_version`` is that of the evtscan that was here before, if it was another one.
    """

    run: RunFolder
    paths: tuple[Path, ...]
    state: RunState
    other_version: str = ""
    is_lasting: bool = True

    @property
    def earlier(self) -> Known:
        """The findings up to the last audit that was finished here."""
        return self.state.findings

    @property
    def had_run(self) -> bool:
        """Whether an audit was finished here before."""
        return bool(self.state.finished)

    def is_current(self, run: str) -> bool:
        """Whether the files are there as an audit made of the same wrote them."""
        return self.state.finished == run and all(
            (mark := self.state.outputs.get(_key(path))) is not None and mark == _mark(path) for path in self.paths
        )

    def begin_writing(self) -> None:
        """Note that the files are about to be written, so that whatever becomes of that, they are known as ours.

        What an audit left half written that was killed at it goes away; no other one is at work here.
        """
        if self.is_lasting:
            remove_temporaries(self.run.path.parent)
            self._keep(replace(self.state, outputs={**self.state.outputs, **dict.fromkeys(map(_key, self.paths))}))

    def finish(self, run: str, findings: Known) -> None:
        """Note that the files are written, what they are made of, and what was found."""
        if self.is_lasting:
            marks = {_key(path): _mark(path) for path in self.paths}
            outputs = {**self.state.outputs, **marks}
            self._keep(replace(self.state, finished=run, findings=findings, outputs=outputs))

    def _keep(self, state: RunState) -> None:
        self.run.write_state(state)
        self.state = state


@contextmanager
def opened(home: Path | None, paths: Iterable[Path], evidence: str, *, clobber: bool) -> Iterator[OutputFolder]:
    """Open the output folder ``home`` for an audit of the evidence that the digest stands for, and keep others out.

    Without one the audit is kept in a temporary folder. ``paths`` are all files to write, wherever they lie.

    Raises:
        OutputError: if a file exists that is not of an earlier audit of the same evidence, and ``clobber`` does not
            allow to replace it; if another audit is at work in the folder; if a later evtscan was.
    """
    paths = tuple(paths)
    if home is None:
        refuse_existing(paths, clobber=clobber)
        with temporary_folder() as run:
            yield OutputFolder(run, paths, RunState(evidence=evidence), is_lasting=False)
        return
    run = RunFolder(home / RUN_FOLDER)
    known = run.state()
    if known is not None and known.evidence != evidence:
        if not clobber and not run.is_blank(known):
            raise OutputError(
                f"{home}: holds an audit of other evidence; give another folder with -o, or replace it with -C"
            )
        known = None
    ours = known.outputs if known is not None else {}
    refuse_existing([path for path in paths if not _may_replace(path, ours)], clobber=clobber)
    refuse_open(paths)
    with run.locked():
        state = run.state() if known is not None else None  # an audit may have ended since
        other_version = state.evtscan if state is not None and state.evtscan != __version__ else ""
        folder = OutputFolder(
            run, paths, replace(state, evtscan=__version__) if state else RunState(evidence=evidence), other_version
        )
        if state != folder.state:
            run.write_state(folder.state)
        yield folder


def digest_of_place(place: str) -> str:
    """What stands for the place of the evidence; reports and run folders say no absolute path."""
    return hashlib.blake2b(place.encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()


def _may_replace(path: Path, ours: Mapping[str, FileMark | None]) -> bool:
    """Whether a file is one that an audit here wrote, as it wrote it, or was about to write."""
    key = _key(path)
    return key in ours and (ours[key] is None or ours[key] == _mark(path))


def _key(path: Path) -> str:
    return digest_of_place(os.path.normcase(path.absolute()))


def _mark(path: Path) -> FileMark | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return FileMark(status.st_size, status.st_mtime_ns)
