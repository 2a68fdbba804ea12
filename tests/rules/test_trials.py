"""Worlds in which everything goes wrong, a thousand of them, and the checker on every log."""

from collections import Counter

import pytest

from actors.replay.faults import ESCAPES, OF_DAYS, OF_RUNS
from actors.replay.trials import trial
from projections.invariants.check import Violation
from projections.invariants.checker import Checker
from projections.invariants.past import ACTORS

SEEDS = 1_000
SHARES = 4
NAMED = {*OF_RUNS, *OF_DAYS, *ESCAPES.values(), "paused_start", "busy", "dst_gap", "dst_overlap"}
met: Counter[str] = Counter()


def violations(seed: int) -> list[Violation]:
    found: list[Violation] = []
    lived = trial(seed)
    met.update(name for name, count in lived.met.items() if count)
    checker = Checker(found.append)
    checker.take(lived.log)
    checker.finish(dict.fromkeys(ACTORS, len(lived.log)))
    return found


@pytest.mark.parametrize("share", range(SHARES))
def test_no_fault_breaks_what_was_promised(share: int) -> None:
    met.clear()
    for seed in range(share, SEEDS, SHARES):
        assert violations(seed) == [], f"seed {seed}: actors.replay.trials.trial({seed})"
    assert {name for name, worlds in met.items() if worlds >= 3} == NAMED


def test_the_same_seed_lives_the_same_world() -> None:
    assert trial(7).log == trial(7).log
    assert trial(7).log != trial(8).log


@pytest.mark.slow
@pytest.mark.timeout(3_600)
def test_no_fault_breaks_what_was_promised_in_many_more_worlds() -> None:
    for seed in range(SEEDS, 20 * SEEDS):
        assert violations(seed) == [], f"seed {seed}: actors.replay.trials.trial({seed})"
