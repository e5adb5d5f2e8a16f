"""``python -m tests.fuzz --minutes N --seed S``: hostile inputs of every kind against the real entry points.

The inputs are run in a process of their own, which is started again when it ends or hangs. The first input that meets a
defect is kept in the folder of ``--out`` with its traceback; ``--replay FILE --kind KIND`` runs it again, and
``--number N`` makes an input again by its number. ``--coverage`` guides the mutations by the code that they reach
(needs ``atheris``; binary formats).
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from queue import Empty, Queue
from random import Random
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "samples"), str(ROOT / "tests" / "support")]

PATIENCE = 150
"""Seconds without a word after which a process counts as hanging."""
_LIFE = 3000
"""Inputs of each kind that one process runs: what it caches must not hide what an input costs."""


def main() -> int:
    """Parse the arguments and run; 1 if a defect was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", default="0")
    parser.add_argument("--out", type=Path, default=Path("fuzz-out"), help="folder for crashes and figures")
    parser.add_argument("--kind", action="append", default=[], help="only this kind of input (repeatable)")
    parser.add_argument("--list", action="store_true", help="list the kinds of input")
    parser.add_argument("--replay", type=Path, help="run this file as an input of --kind")
    parser.add_argument("--number", type=int, help="make and run the input of this number of --kind and --seed")
    parser.add_argument("--coverage", action="store_true", help="guided by coverage, with atheris")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    given = parser.parse_args()
    from tests.fuzz.targets import TARGETS

    kinds = given.kind or [target.name for target in TARGETS]
    if unknown := set(kinds) - {target.name for target in TARGETS}:
        parser.error(f"no such kind: {', '.join(sorted(unknown))} (see --list)")
    if given.list:
        print("\n".join(target.name for target in TARGETS))
        return 0
    if given.worker:
        from tests.fuzz.worker import work

        work(**{**json.loads(given.worker), "folder": given.out})
        return 0
    if given.replay or given.number is not None:
        return _again(given, kinds)
    given.out.mkdir(parents=True, exist_ok=True)
    if given.coverage:
        from tests.fuzz.coverage import guided

        return guided(kinds, given.out, given.minutes)
    return _Campaign(given.out, kinds, given.seed).run(given.minutes)


def _again(given: argparse.Namespace, kinds: list[str]) -> int:
    from tests.fuzz.targets import TARGETS
    from tests.fuzz.worker import judge

    target = next(target for target in TARGETS if target.name == kinds[0])
    folder = given.out / "again"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "in").mkdir(parents=True)
    (folder / "out").mkdir()
    dice = Random(given.seed)
    if given.replay:
        data = given.replay.read_bytes()
    else:
        data, dice = target.input(given.number, given.seed, target.seeds())
    path = folder / "in" / target.file_name
    path.write_bytes(data)
    failures = []
    for _ in range(40 if given.replay else 1):  # what a run does with an input is drawn by lot
        failures += [failure] if (failure := judge(target, path, folder / "out", dice)) else []
    print(failures[0].text if failures else f"{target.name}: no failure")
    return bool(failures)


class _Campaign:
    """Starts processes until the time is over, and keeps what they find."""

    def __init__(self, out: Path, kinds: list[str], seed: str) -> None:
        self._out, self._kinds, self._seed = out, kinds, seed
        self._crashes = out / "crashes"
        self._crashes.mkdir(exist_ok=True)
        self._found: Counter[str] = Counter()
        self._done: Counter[str] = Counter()
        self._cpu: Counter[str] = Counter()

    def run(self, minutes: float) -> int:
        until, first = time.monotonic() + 60 * minutes, 0
        while (left := until - time.monotonic()) > 0:
            first = self._life(first, left)
            self._write_figures()
        print(self._figures())
        return bool(self._found)

    def _life(self, first: int, seconds: float) -> int:
        """Run one process to its end; returns the number to go on with."""
        arguments = {"kinds": self._kinds, "seed": self._seed, "first": first, "count": _LIFE, "seconds": seconds}
        command = [sys.executable, "-m", "tests.fuzz", "--out", str(self._out), "--worker", json.dumps(arguments)]
        with (self._out / "worker.err").open("wb") as errors:
            process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True)
        lines: Queue[str | None] = Queue()
        reader = threading.Thread(target=self._read, args=(process, lines), daemon=True)
        reader.start()
        counted: dict[str, list[float]] = {}
        following = first
        while True:
            try:
                line = lines.get(timeout=PATIENCE)
            except Empty:
                process.kill()
                self._keep_current("hang", f"nothing for {PATIENCE} s")
                following = self._current()["number"] + 1
                break
            if line is None:
                if process.wait():
                    tail = (self._out / "worker.err").read_text(errors="replace")[-3000:]
                    if not (self._out / "current.json").exists():
                        sys.exit(f"the process that runs inputs does not start:\n{tail}")
                    self._keep_current(f"process-{process.returncode}", tail)
                    following = self._current()["number"] + 1
                break
            said = json.loads(line)
            if "signature" in said:
                self._keep(said)
            else:
                following, counted = said["next"], said["done"]
        for kind, (count, cpu) in counted.items():
            self._done[kind] += int(count)
            self._cpu[kind] += cpu
        return following

    @staticmethod
    def _read(process: "subprocess.Popen[str]", lines: "Queue[str | None]") -> None:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("{"):
                lines.put(line)
        lines.put(None)

    def _current(self) -> dict[str, Any]:
        return dict(json.loads((self._out / "current.json").read_text()))

    def _keep_current(self, signature: str, text: str) -> None:
        self._keep({**self._current(), "signature": signature, "text": text})

    def _keep(self, said: dict[str, Any]) -> None:
        """Keep the first input of each defect."""
        name = re.sub(r"[^\w-]+", "-", f"{said['kind']}-{said['signature']}")
        self._found[name] += 1
        print(f"{name}: input {said['number']} of seed {self._seed}", flush=True)
        place = self._crashes / name
        if place.exists():
            return
        if "-process-" in name or "-hang" in name:
            shutil.copytree(self._out / "current", place, dirs_exist_ok=True)
        place.mkdir(exist_ok=True)
        head = f"{said['kind']}, seed {self._seed}, number {said['number']}\n\n"
        (place / "failure.txt").write_text(head + said["text"], errors="replace")

    def _figures(self) -> str:
        rows = [f"{kind:<18} {self._done[kind]:>9,} inputs {self._cpu[kind]:>9,.0f} s" for kind in self._kinds]
        total = f"{'all':<18} {sum(self._done.values()):>9,} inputs {sum(self._cpu.values()):>9,.0f} s"
        found = [f"{name}: {count:,}" for name, count in self._found.most_common()]
        return "\n".join([*rows, total, *(found or ["no defect found"])])

    def _write_figures(self) -> None:
        (self._out / "figures.txt").write_text(self._figures() + "\n")


if __name__ == "__main__":
    sys.exit(main())
