from sample_reports import EXPLANATION

from evtscan.base.logic import Truth
from evtscan.base.model.finding import Explanation, NodeKind
from evtscan.base.model.source import Location
from evtscan.reporters.text.explanation import as_text, lines


def test_a_tree_with_truths_basis_and_places() -> None:
    assert as_text(EXPLANATION).splitlines() == [
        "unknown  all of",
        "  true     os.service_pack is 2 (carried): Service Pack 2 (carried forward over 1 restart)",
        r"             SOFTWARE.reg, SOFTWARE\Microsoft\Windows NT, line 12",
        "  true     not: component.ras.leftovers is true (stated)",
        r"  unknown  component.ras is true: not collected gpj.\u202eexe",
    ]


def test_a_negated_group_keeps_its_own_truths_below_that_of_the_not() -> None:
    group = Explanation(
        text="all of",
        kind=NodeKind.ALL,
        truth=Truth.FALSE,
        children=(Explanation(text="a", truth=Truth.TRUE), Explanation(text="b", truth=Truth.FALSE)),
    )
    tree = Explanation(text="not", kind=NodeKind.NOT, truth=Truth.TRUE, children=(group,))
    assert [(line.depth, line.truth, line.text) for line in lines(tree)] == [
        (0, Truth.TRUE, "not"),
        (1, Truth.FALSE, "all of"),
        (2, Truth.TRUE, "a"),
        (2, Truth.FALSE, "b"),
    ]


def test_many_places_are_counted() -> None:
    places = tuple(Location(source="System.evtx", record=number) for number in range(1, 6))
    tree = Explanation(text="a", truth=Truth.TRUE, locations=places)
    assert [line.text for line in lines(tree)][1:] == [
        "System.evtx, record 1",
        "System.evtx, record 2",
        "System.evtx, record 3",
        "and 2 more",
    ]


def test_depth_is_not_bounded_by_the_stack() -> None:
    tree = Explanation(text="leaf", truth=Truth.TRUE)
    for _ in range(5000):
        tree = Explanation(text="all of", kind=NodeKind.ALL, truth=Truth.TRUE, children=(tree,))
    assert [line.text for line in lines(tree)][-1] == "leaf"


def test_what_is_known_is_not_said_twice() -> None:
    tree = Explanation(text="EventID is 1008", says="EventID is 1008", truth=Truth.TRUE, basis="stated")
    assert [line.text for line in lines(tree)] == ["EventID is 1008 (stated)"]


def test_a_group_of_one_is_what_it_holds() -> None:
    leaf = Explanation(text="EventID is 1008", truth=Truth.TRUE)
    inner = Explanation(text="all of", kind=NodeKind.ALL, truth=Truth.TRUE, children=(leaf, leaf))
    outer = Explanation(text="all of", kind=NodeKind.ALL, truth=Truth.TRUE, children=(inner,))
    assert [(line.depth, line.text) for line in lines(outer)] == [(0, "all of"), (1, leaf.text), (1, leaf.text)]


def test_a_group_in_a_group_of_its_kind_is_a_part_of_it() -> None:
    event = Explanation(
        text="all of",
        kind=NodeKind.ALL,
        truth=Truth.TRUE,
        children=(Explanation(text="a", truth=Truth.TRUE), Explanation(text="b", truth=Truth.TRUE)),
    )
    either = Explanation(text="any of", kind=NodeKind.ANY, truth=Truth.TRUE, children=event.children)
    tree = Explanation(text="all of", kind=NodeKind.ALL, truth=Truth.TRUE, children=(event, either))
    assert [(line.depth, line.text) for line in lines(tree)] == [
        (0, "all of"),
        (1, "a"),
        (1, "b"),
        (1, "any of"),
        (2, "a"),
        (2, "b"),
    ]
