"""Mutations guided by the code that they reach, with ``atheris``: for the readers of binary formats.

It needs the package ``atheris`` (Linux, macOS). Inputs that reach new code are kept in ``corpus/KIND`` of the output
folder, and are where the next run begins. Run by ``python -m tests.fuzz --coverage``; each kind gets its share of time.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import Random

ROOT = Path(__file__).parents[2]
_MEGABYTES = 2048
_SECONDS = 30
"""For one input, of a clock: libFuzzer ends the run there, and keeps the input."""


def guided(kinds: Sequence[str], out: Path, minutes: float) -> int:
    """Run each kind in a process of its own; 1 if an input met a defect."""
    out = out.resolve()
    codes = []
    for kind in kinds:
        command = [sys.executable, "-m", "tests.fuzz.coverage", kind, str(out), str(int(60 * minutes / len(kinds)))]
        codes.append(subprocess.run(command, cwd=ROOT, check=False).returncode)
    return int(any(codes))


def _run(kind: str, out: Path, seconds: int) -> None:
    import atheris

    os.environ["EVTSCAN_RAISE_DEFECTS"] = "1"
    os.environ["NO_COLOR"] = "1"
    with atheris.instrument_imports(include=["evtscan"]):
        from tests.fuzz.targets import TARGETS
        from tests.fuzz.worker import judge
    target = next(target for target in TARGETS if target.name == kind)
    corpus, crashes = out / "corpus" / kind, out / "crashes"
    corpus.mkdir(parents=True, exist_ok=True)
    crashes.mkdir(exist_ok=True)
    pool = target.seeds()
    for number, data in enumerate(pool):
        (corpus / f"seed-{number}").write_bytes(data)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "out").mkdir()
        (folder / "in").mkdir()

        def read(data: bytes) -> None:
            path = folder / "in" / target.file_name
            path.write_bytes(data)
            failure = judge(target, path, folder / "out", Random(len(data)))
            if failure is not None:
                raise AssertionError(f"{failure.signature}\n{failure.text}")

        def mutate(data: bytes, most: int, seed: int) -> bytes:
            """Half of the mutations keep the structure, the others are libFuzzer's own."""
            dice = Random(seed)
            if data and dice.random() < 0.5:
                return target.mutate(data, dice, pool)[:most]
            return bytes(atheris.Mutate(data, len(data)))[:most]

        limits = [f"-max_total_time={seconds}", f"-rss_limit_mb={_MEGABYTES}", f"-timeout={_SECONDS}"]
        options = [*limits, f"-max_len={1 << 18}", f"-artifact_prefix={crashes}/{kind}-", "-print_final_stats=1"]
        atheris.Setup([sys.argv[0], *options, str(corpus)], read, custom_mutator=mutate)
        atheris.Fuzz()


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "samples"), str(ROOT / "tests" / "support")]
    _run(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
