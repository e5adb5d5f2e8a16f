"""The hosts of an audit × a rule → the facts that separate the affected hosts from the others.

Others are hosts on which the events of the rule would have been logged and were not. Each value of a fact is tested
with the one-sided hypergeometric test (Fisher's exact test): how likely is it that so many of the affected hosts have
it by chance? Over everything that was tried, the false discovery rate is held at 5 % (Benjamini and Hochberg, 1995). A
host on which a fact is unknown is left out of its test.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache
from math import exp, lgamma

from evtscan.base.model.diagnosis import Factor, RuleFactors

FALSE_DISCOVERY_RATE = 0.05
FEWEST_AFFECTED = 3
"""Affected hosts that a factor must have; with fewer, chance explains everything."""

MOST_FACTORS = 5
"""Factors that are reported for a rule."""

MOST_SAME = 10
"""Facts that a factor lists as held by the same hosts."""

_OF_ONE_HOST = ("host.name",)


@dataclass(frozen=True, slots=True)
class HostFacts:
    """The known facts of one host: values of facts, and the members of sets such as its updates.

    ``complete`` names the sets of which every member is known: any other name is known to be absent.
    """

    host: str
    values: Mapping[str, str] = field(default_factory=dict)
    members: Mapping[str, Sequence[str]] = field(default_factory=dict)
    complete: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RuleHosts:
    """The hosts that a rule affects, and the hosts whose logs would contain its events but do not."""

    rule_id: str
    affected: frozenset[str]
    others: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Trait:
    """A value of a fact as sets of hosts (bits of a number): those that have it, and those on which it is known."""

    fact: str
    value: str
    having: int
    known: int
    same_as: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The fact with its value, as a report names it."""
        return f"{self.fact} {self.value}"


@dataclass(frozen=True, slots=True)
class _Tested:
    rule: int
    trait: _Trait
    counts: tuple[int, int, int, int]
    p_value: float


def common_factors(
    hosts: Sequence[HostFacts], rules: Iterable[RuleHosts], only: Sequence[str] = ()
) -> tuple[RuleFactors, ...]:
    """The factors of each rule with at least ``FEWEST_AFFECTED`` affected hosts, in the order of the rules.

    ``only`` limits the facts to these names, in which ``*`` stands for any text.
    """
    bits = {item.host: 1 << number for number, item in enumerate(hosts)}
    traits = _traits(hosts, bits, [name.casefold() for name in only])
    compared = [rule for rule in rules if len(rule.affected) >= FEWEST_AFFECTED]
    tested: list[_Tested] = []
    tried: list[int] = []
    for number, rule in enumerate(compared):
        of_rule = list(_test(number, traits, _mask(rule.affected, bits), _mask(rule.others, bits)))
        tried.append(len(of_rule))
        tested += of_rule
    accepted = _accepted(tested)
    return tuple(
        RuleFactors(
            rule_id=rule.rule_id,
            affected=len(rule.affected),
            others=len(rule.others),
            tried=tried[number],
            factors=tuple(_factors([item for item in accepted if item[0].rule == number], rule, bits)),
        )
        for number, rule in enumerate(compared)
    )


# ---------------------------------------------------------------------------------------------------- traits


def _traits(hosts: Sequence[HostFacts], bits: Mapping[str, int], only: Sequence[str]) -> list[_Trait]:
    """Every value that at least ``FEWEST_AFFECTED`` hosts have; values of the same hosts are one trait."""
    having: dict[tuple[str, str], int] = {}
    known: dict[str, int] = {}
    complete: dict[str, int] = {}
    for item in hosts:
        bit = bits[item.host]
        for fact, value in item.values.items():
            if _is_compared(fact, only):
                having[fact, value] = having.get((fact, value), 0) | bit
                known[fact] = known.get(fact, 0) | bit
        for fact, members in item.members.items():
            if _is_compared(fact, only):
                for value in members:
                    having[fact, value] = having.get((fact, value), 0) | bit
                if fact in item.complete:
                    complete[fact] = complete.get(fact, 0) | bit
    found: dict[tuple[int, int], _Trait] = {}
    for (fact, value), mask in sorted(having.items()):
        if mask.bit_count() < FEWEST_AFFECTED:
            continue
        on = known[fact] if fact in known else complete.get(fact, 0) | mask
        before = found.get((mask, on))
        if before is None:
            found[mask, on] = _Trait(fact, value, mask, on)
        else:
            same = (*before.same_as, f"{fact} {value}")
            found[mask, on] = _Trait(before.fact, before.value, mask, on, same)
    return list(found.values())


def _is_compared(fact: str, only: Sequence[str]) -> bool:
    if only:
        return any(fnmatchcase(fact.casefold(), pattern) for pattern in only)
    return fact not in _OF_ONE_HOST


def _mask(names: Iterable[str], bits: Mapping[str, int]) -> int:
    mask = 0
    for name in names:
        mask |= bits.get(name, 0)
    return mask


# ------------------------------------------------------------------------------------------------------ tests


def _test(rule: int, traits: Iterable[_Trait], affected: int, others: int) -> Iterator[_Tested]:
    """Test each trait that some of the compared hosts have and others have not."""
    for trait in traits:
        of_affected, of_others = affected & trait.known, others & trait.known
        with_affected, with_others = (of_affected & trait.having).bit_count(), (of_others & trait.having).bit_count()
        total_affected, total_others = of_affected.bit_count(), of_others.bit_count()
        having = with_affected + with_others
        if having < FEWEST_AFFECTED or having == total_affected + total_others:
            continue
        counts = (with_affected, total_affected, with_others, total_others)
        is_more = with_affected * total_others > with_others * total_affected
        p_value = tail(*counts) if is_more and with_affected >= FEWEST_AFFECTED else 1.0
        yield _Tested(rule, trait, counts, p_value)


@lru_cache(maxsize=1 << 16)
def tail(with_affected: int, affected: int, with_others: int, others: int) -> float:
    """The chance that at least so many of the affected hosts have a value that so many of all hosts have.

    >>> round(tail(3, 3, 0, 3), 3)
    0.05
    """
    total, having = affected + others, with_affected + with_others
    whole = _log_combinations(total, affected)
    return min(
        1.0,
        sum(
            exp(_log_combinations(having, hits) + _log_combinations(total - having, affected - hits) - whole)
            for hits in range(max(with_affected, affected - (total - having)), min(affected, having) + 1)
        ),
    )


def _log_combinations(total: int, chosen: int) -> float:
    return lgamma(total + 1) - lgamma(chosen + 1) - lgamma(total - chosen + 1)


def _accepted(tested: Sequence[_Tested]) -> list[tuple[_Tested, float]]:
    """The tests with a corrected p-value of at most the false discovery rate, each with that value."""
    ordered = sorted(tested, key=lambda item: item.p_value, reverse=True)
    found: list[tuple[_Tested, float]] = []
    corrected = 1.0
    for rank, item in zip(range(len(ordered), 0, -1), ordered, strict=True):
        corrected = min(corrected, item.p_value * len(ordered) / rank)
        if corrected <= FALSE_DISCOVERY_RATE:
            found.append((item, corrected))
    return found


def _factors(accepted: Iterable[tuple[_Tested, float]], rule: RuleHosts, bits: Mapping[str, int]) -> Iterator[Factor]:
    """Return the strongest factors of a rule; a factor with the hosts of a stronger one becomes a part of that one."""
    ranked = sorted(accepted, key=lambda entry: (entry[0].p_value, entry[0].trait.text))
    kept: list[tuple[_Tested, float, list[str]]] = []
    compared = _mask(rule.affected | rule.others, bits)
    for item, corrected in ranked:
        mask = item.trait.having & compared
        same = next((entry for entry in kept if _implies_each_other(entry[0].trait, item.trait, compared, mask)), None)
        if same is None:
            kept.append((item, corrected, list(item.trait.same_as)))
        else:
            same[2].extend((item.trait.text, *item.trait.same_as))
    for item, corrected, same_as in kept[:MOST_FACTORS]:
        with_affected, affected, with_others, others = item.counts
        yield Factor(
            fact=item.trait.fact,
            value=item.trait.value,
            affected_with=with_affected,
            affected=affected,
            others_with=with_others,
            others=others,
            p_value=item.p_value,
            q_value=corrected,
            same_as=tuple(same_as[:MOST_SAME]),
            hosts=tuple(sorted(host for host in rule.affected if item.trait.having & bits.get(host, 0))),
        )


def _implies_each_other(one: _Trait, other: _Trait, compared: int, mask: int) -> bool:
    """Whether two values occur on exactly the same of the compared hosts, if both are known there."""
    both = one.known & other.known & compared
    return bool(mask & both) and one.having & both == other.having & both
