"""A long life of the budget beside a model of it."""

from random import Random

import pytest

from events.budget import CostCorrected, FundsOffered, FundsOverrun, LimitChanged, QuotaSpent
from tests.rules.ledger_house import CLIENTS, House


@pytest.mark.parametrize(
    ("seed", "steps"),
    [
        pytest.param(1, 20_000, id="20,000 steps"),
        pytest.param(2, 1_000_000, id="a million steps", marks=pytest.mark.slow),
    ],
)
def test_no_dollar_is_given_out_twice_or_lost_whatever_64_clients_do(seed: int, steps: int) -> None:
    house = House(Random(seed))
    house.live(steps)
    house.rest()
    model, ledger = house.model, house.ledger
    assert model.held == {} and ledger.reservations == {}, "at rest nothing is reserved"
    assert not any(model.reserved.values())
    assert ledger.whole.reserved == 0
    assert not any(account.reserved for account in ledger.categories.values())
    assert not any(account.reserved for account in ledger.purse.own.values())
    assert ledger.whole.settled == model.settled[house.day, "day"]
    assert house.crashes > 5 and house.concurrent >= CLIENTS
    met = (CostCorrected, FundsOffered, FundsOverrun, LimitChanged, QuotaSpent)
    assert all(model.known[kind] for kind in met), "it was hard enough"
    assert all(model.met.values()), model.met
    assert ledger.takers == {} and ledger.under_way == {}
