"""Every case of every rule in the catalogue, each as a test of its own."""

import pytest

from evtscan.base.logic import Truth
from evtscan.base.model.finding import NodeKind
from evtscan.detection.load import catalogue
from evtscan.detection.load.loader import load_rules
from evtscan.facts.catalogue.names import is_known
from evtscan.rulecheck import cases

LOADED = load_rules([catalogue.folder()], fact_known=is_known)
RESULTS = [(rule, result) for rule in LOADED.rules for result in cases.run(rule)]


def test_every_rule_loads():
    assert LOADED.problems == ()
    assert LOADED.rules


@pytest.mark.parametrize(
    ("rule", "result"), RESULTS, ids=[f"{rule.file}:{result.case.line}" for rule, result in RESULTS]
)
def test_case(rule, result):
    assert result.verdict == result.case.verdict, result.reason
    assert result.warnings == () or result.verdict == "possible"


def test_the_founding_rule_has_cases_for_every_verdict():
    verdicts = {result.case.verdict for rule, result in RESULTS if rule.info.article == "Q162396"}
    assert verdicts == {"confirmed", "possible", "exposed", "resolved", "excluded", "none"}


def leaves(explanation):
    if not explanation.children:
        yield explanation
    for child in explanation.children:
        yield from leaves(child)


def test_every_evaluation_is_explained_down_to_places_or_to_what_is_missing():
    for rule, result in RESULTS:
        for leaf in leaves(result.explanation):
            where = f"{rule.file}:{result.case.line}: {leaf}"
            if leaf.truth is Truth.UNKNOWN:
                assert leaf.how_to_get or leaf.fact, where
            elif result.case.events and leaf.kind is not NodeKind.ALL:  # which stands for no condition
                assert leaf.locations, where
