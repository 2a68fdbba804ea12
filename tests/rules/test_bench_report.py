"""The table of the benchmark: what it says of a figure, its bare limit and its target."""

import pytest

from bench.machine import Machine, described
from bench.report import Figure, at_least, at_most, documents, met, number, table
from bench.samples import percentile

FAST = Figure("facts", 93_981.4, "facts/s", 390_847.2, "raw rows", at_least(50_000))
LATE = Figure("start", 6.331, "ms", 0.258, "Popen alone", at_most(3, "more than bare"))
SLOW = Figure("200 x true", 0.3, "s", 0.1, "a pool", at_most(3.5, "times bare"))
PLAIN = Figure("the same, slower", 167.0, "facts/s")


def machine(load: float) -> Machine:
    return Machine(
        "2026-11-20 12:00+00:00", "a CPU", 2, 16.0, "Linux 6", "3.11", "3.40", "ext4", 0.12, load
    )


@pytest.mark.parametrize(
    ("figure", "kept"),
    [
        pytest.param(FAST, True, id="at least, by itself"),
        pytest.param(FAST._replace(amount=49_999), False, id="less than at least"),
        pytest.param(LATE, False, id="too much more than bare"),
        pytest.param(LATE._replace(amount=3.2), True, id="above the amount by less than bare"),
        pytest.param(SLOW, True, id="three times bare"),
        pytest.param(SLOW._replace(amount=0.36), False, id="more times bare"),
        pytest.param(PLAIN, None, id="no target"),
    ],
)
def test_a_target_speaks_of_the_figure_or_of_its_distance_from_the_bare_limit(
    figure: Figure, kept: bool | None
) -> None:
    assert met(figure) is kept


def test_the_table_is_aligned_and_says_what_was_missed_and_by_how_much() -> None:
    assert table([FAST, LATE, SLOW, PLAIN]).splitlines() == [
        "| figure           | measured       | bare limit                 |"
        " target                 | met          |",
        "|------------------|----------------|----------------------------|"
        "------------------------|--------------|",
        "| facts            | 93,981 facts/s | 390,847 facts/s (raw rows) |"
        " >= 50,000 facts/s      | yes          |",
        "| start            | 6.33 ms        | 0.258 ms (Popen alone)     |"
        " <= 3 ms more than bare | NO (6.07 ms) |",
        "| 200 x true       | 0.3 s          | 0.1 s (a pool)             |"
        " <= 3.5 times bare      | yes (3)      |",
        "| the same, slower | 167 facts/s    |                            |"
        "                        |              |",
    ]


def test_machines_get_the_same_with_the_verdict() -> None:
    (found,) = documents([SLOW])
    assert found["target"] == {"bound": "at most", "amount": 3.5, "against": "times bare"}
    assert found["met"] is True and found["amount"] == 0.3 and found["bare"] == 0.1


def test_a_target_that_compares_needs_something_to_compare_with() -> None:
    with pytest.raises(ValueError, match="start: nothing to compare with"):
        met(LATE._replace(bare=None))


@pytest.mark.parametrize(
    ("amount", "shown"),
    [(1_234_567.8, "1,234,568"), (99.95, "100"), (12.34, "12.3"), (0.0123, "0.0123"), (0.0, "0")],
)
def test_a_number_has_three_digits_that_mean_something(amount: float, shown: str) -> None:
    assert number(amount) == shown


def test_a_percentile_is_a_value_that_was_measured() -> None:
    values = [float(value) for value in range(100, 0, -1)]
    assert [percentile(values, percent) for percent in (1, 50, 99, 100)] == [1, 50, 99, 100]
    assert percentile([7.0], 50) == 7.0


def test_a_machine_on_which_others_were_at_work_is_a_warning() -> None:
    assert "WARNING: the load was 1.3" in described(machine(1.3))
    assert "WARNING" not in described(machine(1.0))
