"""Measure how many small faults the tests notice: a random sample of mutations, made by cosmic-ray.

    python tools/mutants.py [--number 200] [--seed 1] [--module evtscan/verdicts ...] [--output survivors.txt]

Each mutation changes one operator, number or constant in a copy of the checkout. Then the tests of the module's own
folder run, and after them the rule cases and scan tests. A mutation that no test notices is a survivor: its diff is
printed. Some survivors are equivalent, which means that they change nothing that can be observed; judge them by hand.
The exit code is 1 if fewer than ``--least`` percent were noticed.
"""

import argparse
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cosmic_ray.plugins
from cosmic_ray.ast import ast_nodes, get_ast_from_path
from cosmic_ray.mutating import mutate_and_test
from cosmic_ray.work_item import MutationSpec, TestOutcome

ROOT = Path(__file__).parents[1]
MODULES = (
    "evtscan/verdicts",
    "evtscan/facts",
    "evtscan/detection",
    "evtscan/parsers/logs/evtx",
    "evtscan/parsers/logs/evt",
)
"""Folders whose faults are the gravest: a wrong verdict, or a lost event."""
COMPARISONS = (
    ("Eq", "NotEq"), ("NotEq", "Eq"), ("Lt", "LtE"), ("LtE", "Lt"), ("Gt", "GtE"), ("GtE", "Gt"),
    ("Lt", "GtE"), ("Gt", "LtE"), ("Is", "IsNot"), ("IsNot", "Is"),
)  # fmt: skip
OPERATORS = (
    *(f"core/ReplaceComparisonOperator_{before}_{after}" for before, after in COMPARISONS),
    "core/ReplaceBinaryOperator_Add_Sub",
    "core/ReplaceBinaryOperator_Sub_Add",
    "core/ReplaceBinaryOperator_FloorDiv_Mul",
    "core/ReplaceTrueWithFalse",
    "core/ReplaceFalseWithTrue",
    "core/ReplaceAndWithOr",
    "core/ReplaceOrWithAnd",
    "core/ReplaceContinueWithBreak",
    "core/ReplaceUnaryOperator_Delete_Not",
    "core/AddNot",
    "core/NumberReplacer",
    "core/ZeroIterationForLoop",
)
"""Mutations that a reader would call a fault. Those of ``|`` are left out: most of them change type hints only."""
TIMEOUT = 600
"""Seconds after which a test run counts as failed: the mutation made an endless loop."""


@dataclass(frozen=True, slots=True, order=True)
class Mutation:
    """One possible change: the file, relative to the checkout, the operator, and which of its places in the file."""

    path: str
    operator: str
    occurrence: int


def mutations_in(path: Path) -> Iterator[Mutation]:
    """Every mutation that the operators can make in a file."""
    tree = get_ast_from_path(path)
    nodes = list(ast_nodes(tree))
    for name in OPERATORS:
        operator = cosmic_ray.plugins.get_operator(name)()
        number = sum(1 for node in nodes for _ in operator.mutation_positions(node))
        for occurrence in range(number):
            yield Mutation(path.relative_to(ROOT).as_posix(), name, occurrence)


def sample(modules: Sequence[str], number: int, seed: int) -> list[Mutation]:
    """Draw mutations of some files and folders at random, the same ones for the same seed."""
    files = sorted(
        file
        for module in modules
        for file in ([ROOT / module] if module.endswith(".py") else (ROOT / module).rglob("*.py"))
    )
    found = sorted(mutation for file in files for mutation in mutations_in(file))
    return random.Random(seed).sample(found, min(number, len(found)))


def test_folder(path: str) -> str:
    """The test folder that mirrors a module's folder; the nearest one above that exists."""
    folder = Path("tests", *Path(path).parent.parts[1:])
    while not any((ROOT / folder).rglob("test_*.py")):
        folder = folder.parent
    return folder.as_posix()


def tried(mutation: Mutation, copy: Path) -> tuple[TestOutcome, str]:
    """Apply one mutation in the copy and run the tests: the outcome, and the change as a diff."""
    python = Path(sys.executable).as_posix()
    tests = [test_folder(mutation.path), "tests/test_scan.py", "tests/test_rule_cases.py"]
    command = f"{python} -m pytest -x -q -n 2 -p no:cacheprovider {' '.join(tests)}"
    spec = MutationSpec(
        module_path=copy / mutation.path,
        operator_name=mutation.operator,
        occurrence=mutation.occurrence,
        start_pos=(0, 0),
        end_pos=(0, 1),
    )
    result = mutate_and_test([spec], command, TIMEOUT)
    return result.test_outcome or TestOutcome.INCOMPETENT, result.diff or result.output or ""


def main() -> None:
    """Try a sample of mutations, and print what no test noticed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--number", type=int, default=200, help="size of the sample")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--module", action="append", help="file or folder, repeatable; the default is five folders")
    parser.add_argument("--least", type=float, default=95, help="percentage that must be noticed")
    parser.add_argument("--output", type=Path, help="file for the diffs of the survivors")
    options = parser.parse_args()
    drawn = sample(options.module or MODULES, options.number, options.seed)
    survivors = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "evtscan"
        ignored = shutil.ignore_patterns(".git", ".venv", "*_cache", "__pycache__", "out")
        shutil.copytree(ROOT, copy, ignore=ignored)
        os.chdir(copy)
        os.environ["PYTHONPATH"] = str(copy)
        for number, mutation in enumerate(drawn, 1):
            outcome, diff = tried(mutation, copy)
            print(f"{number}/{len(drawn)} {outcome.value} {mutation.path} {mutation.operator}", flush=True)
            if outcome is TestOutcome.SURVIVED:
                survivors.append(diff)
                print(diff, flush=True)
    if options.output:
        options.output.write_text("\n".join(survivors), encoding="utf-8")
    noticed = 100 * (1 - len(survivors) / max(len(drawn), 1))
    print(f"{noticed:.1f} % of {len(drawn)} noticed")
    sys.exit(noticed < options.least)


if __name__ == "__main__":
    main()
