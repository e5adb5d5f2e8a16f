"""The output folder of an audit: which files may be replaced, and whether any must be written."""

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
    """The output files of an audit, and the state of earlier audits in the same folder.

    ``run`` is the run folder, ``paths`` are the files to write, ``state`` is what earlier audits stored.
    ``other_version`` is the version of evtscan that wrote the folder before, if it differs. ``is_lasting`` is false for
    a temporary run folder.
    """

    run: RunFolder
    paths: tuple[Path, ...]
    state: RunState
    other_version: str = ""
    is_lasting: bool = True

    @property
    def earlier(self) -> Known:
        """The findings up to the last finished audit in this folder."""
        return self.state.findings

    @property
    def had_run(self) -> bool:
        """Whether an earlier audit was finished in this folder."""
        return bool(self.state.finished)

    def is_current(self, run: str) -> bool:
        """Return whether all files exist unchanged since an audit with the same inputs (key ``run``) wrote them."""
        return self.state.finished == run and all(
            (mark := self.state.outputs.get(_key(path))) is not None and mark == _mark(path) for path in self.paths
        )

    def begin_writing(self) -> None:
        """Store that the files are about to be written, so that a later run may replace them if this one is killed.

        Partial files of a killed audit are deleted; the lock of the run folder excludes other audits.
        """
        if self.is_lasting:
            remove_temporaries(self.run.path.parent)
            self._keep(replace(self.state, outputs={**self.state.outputs, **dict.fromkeys(map(_key, self.paths))}))

    def finish(self, run: str, findings: Known, problems: Mapping[str, tuple[str, ...]]) -> None:
        """Store that the files are complete, the key of their inputs, the findings, and the problems by host."""
        if self.is_lasting:
            marks = {_key(path): _mark(path) for path in self.paths}
            outputs = {**self.state.outputs, **marks}
            self._keep(
                replace(
                    self.state,
                    finished=run,
                    findings=findings,
                    problems={**self.state.problems, **problems},
                    outputs=outputs,
                )
            )

    def _keep(self, state: RunState) -> None:
        self.run.write_state(state)
        self.state = state


@contextmanager
def opened(home: Path | None, paths: Iterable[Path], evidence: str, *, clobber: bool) -> Iterator[OutputFolder]:
    """Open and lock the output folder ``home`` for an audit of the evidence with this digest.

    If ``home`` is None, the run folder is temporary. ``paths`` are all files to write, in any folder.

    Raises:
        OutputError: if a file exists that no earlier audit of the same evidence wrote, and ``clobber`` does not allow
            replacing it; if a file is open in another program; if another audit uses the folder; if a later version
            of evtscan wrote it.
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
                f"{home}: contains an audit of other evidence; give another folder with -o, or replace it with -C"
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
    """Return a digest of a path: reports and run folders contain no absolute paths."""
    return hashlib.blake2b(place.encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()


def _may_replace(path: Path, ours: Mapping[str, FileMark | None]) -> bool:
    """Return whether an audit in this folder wrote the file and it is unchanged, or was about to write it."""
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
