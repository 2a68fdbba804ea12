"""Tokens are priced in whole micro-dollars, rounded up; what nobody knows has no price."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.executor.programs.prices import cost_of, priced
from actors.executor.programs.program import Said, Spent, Tokens, plus
from events.policies import Price

AT = datetime(2026, 5, 4, 12, tzinfo=UTC)


def price(given: int, made: int, read: int | None = None, written: int | None = None) -> Price:
    return Price(
        input_usd_micros=given,
        output_usd_micros=made,
        cache_read_usd_micros=read,
        cache_write_usd_micros=written,
    )


BELL = price(3_000_000, 15_000_000, 300_000, 3_750_000)
OWN = {"bell-2": BELL, "bell-*": price(1_000_000, 2_000_000), "local/*": price(0, 0)}
USED = Tokens(1_000, 200, 50_000, 4_000)


def test_each_kind_of_token_has_its_own_price() -> None:
    assert priced(USED, "bell-2", OWN, AT) == 3_000 + 3_000 + 15_000 + 15_000


def test_cached_tokens_cost_like_input_where_nothing_is_said() -> None:
    assert priced(USED, "bell-3", OWN, AT) == 55_000 + 400


def test_a_part_of_a_micro_dollar_is_a_whole_one() -> None:
    assert priced(Tokens(input=1), "bell-2", {"bell-2": price(1, 1)}, AT) == 1


def test_a_name_counts_before_its_beginning_and_the_longest_beginning_first() -> None:
    own = {**OWN, "bell-2*": price(7_000_000, 0)}

    assert priced(Tokens(input=1), "bell-2", own, AT) == 3
    assert priced(Tokens(input=1), "bell-21", own, AT) == 7
    assert priced(Tokens(input=1), "bell-9", own, AT) == 1


def test_one_may_say_that_a_model_costs_nothing() -> None:
    assert priced(USED, "local/bells:8b", OWN, AT) == 0


@pytest.mark.parametrize("model", ["", "no-such-model", "x" * 300, "a/b/c", "(((", "\ud800"])
def test_a_model_that_nobody_knows_has_no_price(model: str) -> None:
    assert priced(USED, model, {}, AT) is None


def test_what_is_reported_counts_before_what_is_reckoned() -> None:
    said = Said(cost_usd_micros=12, tokens=USED)

    assert cost_of(said, "bell-2", OWN, AT) == 12


def test_a_report_of_nothing_for_tokens_that_were_used_is_no_report() -> None:
    assert cost_of(Spent(tokens=USED, cost_usd_micros=0), "bell-2", OWN, AT) == 36_000
    assert cost_of(Spent(tokens=Tokens(), cost_usd_micros=0), "bell-2", OWN, AT) == 0


def test_each_model_is_priced_by_its_own_name_and_all_must_be_known() -> None:
    two = {"bell-2": Tokens(input=1_000), "bell-3": Tokens(output=1_000)}
    known = Spent(tokens=Tokens(1_000, 1_000), by_model=two)
    unknown = Spent(tokens=Tokens(2_000), by_model={**two, "gong": Tokens(input=1)})

    assert cost_of(known, "gong", OWN, AT) == 3_000 + 2_000
    assert cost_of(unknown, "bell-2", OWN, AT) is None


def test_tokens_that_are_not_all_of_them_have_no_price_nor_have_none_at_all() -> None:
    assert cost_of(Spent(tokens=USED, doubtful=True), "bell-2", OWN, AT) is None
    assert cost_of(Spent(), "bell-2", OWN, AT) is None


COUNTS = st.integers(0, 10**12)
PRICES = st.integers(0, 10**9)


@given(
    st.builds(Tokens, COUNTS, COUNTS, COUNTS, COUNTS),
    st.builds(Tokens, COUNTS, COUNTS, COUNTS, COUNTS),
    st.builds(price, PRICES, PRICES, PRICES, PRICES),
)
def test_more_tokens_never_cost_less(some: Tokens, more: Tokens, each: Price) -> None:
    one, other, both = (
        priced(tokens, "m", {"m": each}, AT) for tokens in (some, more, plus(some, more))
    )

    assert one is not None and other is not None and both is not None
    assert max(one, other) <= both <= one + other


def test_the_library_knows_what_one_s_own_table_does_not() -> None:
    pytest.importorskip("genai_prices")
    used = Tokens(1_000_000, 1_000, 100_000, 50_000)

    assert priced(used, "claude-sonnet-4-5-20250929", {}, AT) == 3_232_500
    assert priced(used, "anthropic/claude-sonnet-4-5", {}, AT) == 3_232_500
    assert priced(used, "claude-sonnet-4-5", {"claude-*": price(1, 0)}, AT) == 2
