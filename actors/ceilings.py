"""What an attempt asks money for: its ceiling, all that is left, or its estimate.

What a program spends by itself is bounded by its ceiling alone, so without one it is promised
what is left. A command reports what it cost when that is spent: it asks for its estimate.
"""

from msgspec import Struct

from events.configuration import Action, Configuration
from events.settings import PROGRAMS, ExecutorKind

FREE: frozenset[ExecutorKind] = frozenset({"ollama"})  # Their models run on this machine.
# What they cost nobody ever learns, so they are charged their estimate and never more.
UNTOLD: frozenset[ExecutorKind] = frozenset({"kimi", "kimi-code"})
SPENDERS = frozenset[ExecutorKind](PROGRAMS) - FREE - UNTOLD
LEAST_USD_MICROS = 10_000  # where nothing is estimated: for less no model is asked anything


class Terms(Struct, frozen=True, gc=False):
    """What the settings say of all actions."""

    takes_what_is_left: bool = False
    limited: tuple[ExecutorKind, ...] = ()  # Their quotas of money hold ceilings.


class Asks(Struct, frozen=True, gc=False):
    """What an attempt asks for; the least that will do, if it takes what is left."""

    usd_micros: int = 0
    takes_what_is_left: bool = False
    executors: tuple[ExecutorKind, ...] = ()  # that may be asked, if one of them is limited


NOTHING = Asks()


def terms_of(configuration: Configuration) -> Terms:
    """The terms of a configuration."""
    limited = [
        kind
        for kind, provider in configuration.executors.items()
        if any(it.holds_ceilings and it.usd_micros is not None for it in provider.quotas.values())
    ]
    return Terms(configuration.budget.without_ceiling == "what_is_left", tuple(limited))


def asks_of(action: Action, terms: Terms) -> Asks:
    """What each attempt at an action asks for."""
    chain = (action.executor, *action.fallback)
    amount, takes = action.ceiling_usd_micros, False
    if amount is None:
        amount = action.estimate_usd_micros
        takes = terms.takes_what_is_left and spends(action)
    if takes:
        amount = amount or LEAST_USD_MICROS
    is_limited = amount > 0 and any(kind in terms.limited for kind in chain)
    return Asks(amount, takes, chain if is_limited else ())


def spends(action: Action) -> bool:
    """Whether a program that it may ask spends money by itself."""
    return action.executor in SPENDERS or any(kind in SPENDERS for kind in action.fallback)
