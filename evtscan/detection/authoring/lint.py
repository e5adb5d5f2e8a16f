"""The table of lints: checks of rules that load, each with its reason and its remedy.

Problems that prevent a rule from loading are reported by the loader; the cases of a rule are checked by running them.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from evtscan.base.errors import Problem
from evtscan.detection.authoring.lints.issues import ISSUES
from evtscan.detection.authoring.lints.manifest import MANIFEST
from evtscan.detection.authoring.lints.metadata import METADATA
from evtscan.detection.authoring.lints.row import Lint, Surroundings
from evtscan.detection.authoring.lints.selections import SELECTIONS
from evtscan.detection.load.written import Written
from evtscan.detection.model.rule import Rule
from evtscan.detection.model.section import key_of

LINTS: Final[tuple[Lint, ...]] = (*SELECTIONS, *MANIFEST, *ISSUES, *METADATA)
"""Every lint of a single rule. The documentation lists them from here."""


def lint(rules: Sequence[Written], *, fact_known: Callable[[str], bool], others: Iterable[Rule] = ()) -> list[Problem]:
    """Return the problems that all lints find in all rules, in the order of the rules, then of the table.

    ``fact_known`` returns whether the catalogue has a fact of this name. ``others`` are rules that are loaded together
    with these.
    """
    around = Surroundings.of((*(item.rule for item in rules), *others), fact_known)
    return [
        Problem(
            file=item.rule.file,
            line=item.document.line(path),
            key=key_of(path),
            message=f"{what}: {row.remedy}",
            lint=row.name,
        )
        for item in rules
        for row in LINTS
        for path, what in row.find(item, around)
    ]
