"""A few hostile inputs of every kind, and whether the machine that makes and judges them notices what is wrong."""

import json
import subprocess
import sys
from random import Random

import pytest

from tests.fuzz import mutators
from tests.fuzz.targets import TARGETS, Target
from tests.fuzz.worker import judge

SEED, INPUTS = "tests", 4


@pytest.mark.filterwarnings("ignore")  # zipfile warns of members with one name, which a mutator wants
@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name.replace(" ", "-"))
def test_a_few_inputs_of_each_kind(tmp_path, monkeypatch, target):
    monkeypatch.setenv("NO_COLOR", "1")
    pool = target.seeds()
    if not pool:
        pytest.skip("the package that makes such inputs is not installed")
    for number in range(INPUTS):
        folder, out = tmp_path / f"in{number}", tmp_path / f"out{number}"
        folder.mkdir()
        out.mkdir()
        data, dice = target.input(number, SEED, pool)
        (folder / target.file_name).write_bytes(data)
        assert judge(target, folder / target.file_name, out, dice) is None, f"input {number}"


def test_an_input_is_made_again_from_its_seed_and_number():
    target = TARGETS[0]
    pool = target.seeds()
    first, second, other = (target.input(number, SEED, pool)[0] for number in (5, 5, 6))
    assert first == second != other


def test_mutators_bound_their_inputs():
    grown, dice = b"a", Random(SEED)
    for _ in range(300):
        grown = mutators.any_bytes(grown or b"a", dice, [grown])
        assert len(grown) <= mutators.LONGEST


def running(run) -> Target:
    return Target("x", "x.bin", lambda: [b"x"], mutators.any_bytes, run)


def test_the_judge_names_the_place_of_a_defect(tmp_path):
    (tmp_path / "x.bin").write_bytes(b"x")

    def defective(*given):
        raise IndexError("boom")

    failure = judge(running(defective), tmp_path / "x.bin", tmp_path, None)
    assert failure is not None
    assert failure.signature == "IndexError-test_fuzz-defective"
    assert "boom" in failure.text


@pytest.mark.skipif(sys.platform == "win32", reason="needs a timer of processor time")
def test_the_judge_ends_what_takes_too_long(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.fuzz.worker.LEAST_SECONDS", 0.1)
    (tmp_path / "x.bin").write_bytes(b"x")

    def endless(*given):
        while True:
            try:
                sum(range(1000))
            except Exception:
                continue

    failure = judge(running(endless), tmp_path / "x.bin", tmp_path, None)
    assert failure is not None
    assert failure.signature.startswith("TooSlowError-")


def test_the_command_ends_with_figures_by_kind(tmp_path):
    command = [sys.executable, "-m", "tests.fuzz", "--minutes", "0.02", "--kind", "ver", "--out", str(tmp_path)]
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (refused.returncode, "no such kind: ver" in refused.stderr) == (2, True)
    command[command.index("ver")] = "accept csv"
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "no defect found")
    assert json.loads((tmp_path / "current.json").read_text())["kind"] == "accept csv"
    assert "accept csv" in (tmp_path / "figures.txt").read_text()
