"""Sorting by time in runs gives what sorting in memory would."""

import random

from evtscan.dump import order


def test_runs_are_merged_in_generations(monkeypatch):
    monkeypatch.setattr(order, "RUN", 7)
    monkeypatch.setattr(order, "RUN_CHARACTERS", 60)
    monkeypatch.setattr(order, "MOST_RUNS", 3)
    chance = random.Random(5)
    lines = [(chance.randrange(20), f"{number} {'x' * chance.randrange(30)}\n") for number in range(500)]
    assert list(order.by_time(lines)) == [line for _, line in sorted(lines, key=lambda item: item[0])]


def test_half_a_character_is_replaced(monkeypatch):
    monkeypatch.setattr(order, "RUN", 1)
    assert list(order.by_time([(2, "b\udc80\n"), (1, "a\n")])) == ["a\n", "b?\n"]
