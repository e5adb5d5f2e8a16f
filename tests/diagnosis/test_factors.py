"""Fleets with planted factors: what is reported is what was planted, and nothing where nothing was planted."""

from math import comb
from random import Random

import pytest

from evtscan.diagnosis.factors import HostFacts, RuleHosts, common_factors, tail

BUILDS = ("19044", "19045", "22631")


def fleet(seed, hosts=60, updates=40, **planted):
    """Hosts with random facts and updates; ``planted`` are functions from a host's number to extra updates."""
    random = Random(seed)
    for number in range(hosts):
        names = [f"KB{100 + update}" for update in range(updates) if random.random() < 0.4]
        names += [name for name, plants in planted.items() if plants(number)]
        yield HostFacts(
            f"h{number}",
            {"os.build": random.choice(BUILDS), "host.role": random.choice(("server", "workstation"))},
            {"hotfix": names},
            frozenset({"hotfix"}),
        )


def rule(affected, others, rule_id="r"):
    names = [frozenset(f"h{number}" for number in numbers) for numbers in (affected, others)]
    return RuleHosts(rule_id, *names)


def found(hosts, *rules, only=()):
    return [[(item.fact, item.value) for item in entry.factors] for entry in common_factors(list(hosts), rules, only)]


AFFECTED, OTHERS = range(12), range(12, 60)


def test_a_planted_factor_among_decoys():
    hosts = list(fleet(1, KB5041585=lambda number: number < 11 or number in (20, 30)))
    (entry,) = common_factors(hosts, [rule(AFFECTED, OTHERS)])
    (factor,) = entry.factors
    assert (factor.fact, factor.value) == ("hotfix", "KB5041585")
    assert (factor.affected_with, factor.affected, factor.others_with, factor.others) == (11, 12, 2, 48)
    assert factor.hosts == tuple(sorted(f"h{number}" for number in range(11)))
    assert factor.p_value <= factor.q_value <= 0.05
    assert (entry.affected, entry.others) == (12, 48)
    assert entry.tried > 30


def test_two_factors_that_imply_each_other_are_one():
    def has(number):
        return number < 12

    (entry,) = common_factors(list(fleet(2, KB1=has, KB2=has)), [rule(AFFECTED, OTHERS)])
    assert [(item.value, item.same_as) for item in entry.factors] == [("KB1", ("hotfix KB2",))]


def test_a_build_that_comes_with_its_update_is_one_factor_though_known_on_fewer_hosts():
    hosts = list(fleet(3, KB9=lambda number: number < 12))
    hosts = [
        HostFacts(item.host, {"os.ubr": "9"} if number < 12 else {"os.ubr": "1"}, item.members, item.complete)
        if number % 5
        else HostFacts(item.host, {}, item.members, item.complete)
        for number, item in enumerate(hosts)
    ]
    (entry,) = common_factors(hosts, [rule(AFFECTED, OTHERS)])
    assert [(item.value, item.same_as) for item in entry.factors] == [("KB9", ("os.ubr 9",))]


def test_affected_hosts_that_share_nothing_have_no_factor():
    assert found(fleet(4), rule(AFFECTED, OTHERS)) == [[]]


def test_a_value_that_all_hosts_have_separates_nothing():
    assert found(fleet(5, KB1=lambda number: True), rule(AFFECTED, OTHERS)) == [[]]


def test_two_affected_hosts_are_too_few():
    hosts = list(fleet(6, KB1=lambda number: number < 2))
    assert found(hosts, rule(range(2), OTHERS)) == []


def test_a_host_on_which_the_fact_is_unknown_is_on_neither_side():
    hosts = [
        HostFacts(item.host, {}, {"hotfix": ()} if number >= 40 else item.members, item.complete - {"hotfix"})
        if number >= 40
        else item
        for number, item in enumerate(fleet(7, KB1=lambda number: number < 12))
    ]
    (entry,) = common_factors(hosts, [rule(AFFECTED, OTHERS)])
    assert [(item.value, item.affected, item.others) for item in entry.factors] == [("KB1", 12, 28)]


def test_only_some_facts():
    hosts = list(fleet(8, KB1=lambda number: number < 12))
    assert found(hosts, rule(AFFECTED, OTHERS), only=["os.*"]) == [[]]
    assert found(hosts, rule(AFFECTED, OTHERS), only=["HOTFIX"]) == [[("hotfix", "KB1")]]


def test_at_most_five_factors_strongest_first():
    def plant(number):
        return lambda host: host < 12 or host == 12 + number

    planted = {f"KB{number}": plant(number) for number in range(9)}
    (values,) = found(fleet(9, **planted), rule(AFFECTED, OTHERS))
    assert len(values) == 5


def test_at_most_five_of_a_hundred_fleets_without_a_factor_report_one():
    reported = 0
    for seed in range(100):
        random = Random(f"labels {seed}")
        affected = random.sample(range(60), 12)
        others = [number for number in range(60) if number not in affected]
        reported += any(found(fleet(seed), rule(affected, others)))
    assert reported <= 5


@pytest.mark.parametrize("counts", [(3, 3, 0, 3), (11, 12, 4, 288), (5, 9, 5, 9), (1, 1, 0, 1), (0, 5, 3, 5)])
def test_the_test_is_exact(counts):
    """Compared with the sum of whole numbers."""
    hits, affected, with_others, others = counts
    total, having = affected + others, hits + with_others
    ways = sum(
        comb(having, number) * comb(total - having, affected - number)
        for number in range(hits, min(affected, having) + 1)
        if affected - number <= total - having
    )
    assert tail(*counts) == pytest.approx(ways / comb(total, affected))


@pytest.mark.parametrize(("affected", "reported"), [(3, [[("hotfix", "KB7")]]), (2, [])])
def test_three_affected_hosts_are_the_fewest(affected, reported):
    hosts = [
        HostFacts(f"h{number}", {}, {"hotfix": ["KB7"] if number < affected else []}, frozenset({"hotfix"}))
        for number in range(60)
    ]
    assert found(hosts, rule(range(affected), range(affected, 60))) == reported
