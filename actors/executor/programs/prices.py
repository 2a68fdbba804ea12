"""What tokens cost, in whole micro-dollars rounded up; None when nobody knows.

A table of one's own comes first, then `genai-prices` where it is installed (the extra `prices`).
Whoever asks charges an estimate for None, never nothing.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from importlib import import_module
from typing import Any

from actors.executor.programs.fields import rounded_up
from actors.executor.programs.program import Said, Spent, Tokens
from events.policies import Price

MODEL_CHARACTERS_MAX = 256


Overrides = Mapping[str, Price]  # by model; a name that ends in * fits all that begin so


def cost_of(used: Said | Spent, model: str, overrides: Overrides, at: datetime) -> int | None:
    """What a run cost: as reported, else by its tokens, each model by its own price.

    `model` is meant where the program does not tell them apart. At `at` prices may be others
    than today.
    """
    reported = used.cost_usd_micros
    if reported is not None and (reported or not used.tokens.total):
        return reported
    doubtful = used.tokens_doubtful if isinstance(used, Said) else used.doubtful
    by_model = used.tokens_by_model if isinstance(used, Said) else used.by_model
    if doubtful or not used.tokens.total:
        return None
    prices = [priced(tokens, name, overrides, at) for name, tokens in by_model.items()]
    if not prices:
        return priced(used.tokens, model, overrides, at)
    known = [price for price in prices if price is not None]
    return sum(known) if len(known) == len(prices) else None


def priced(tokens: Tokens, model: str, overrides: Overrides, at: datetime) -> int | None:
    """What these tokens of one model cost."""
    if not model or len(model) > MODEL_CHARACTERS_MAX:
        return None
    own = _own(model, overrides)
    return _by_table(tokens, own) if own else _by_library(tokens, model, at)


def _own(model: str, overrides: Overrides) -> Price | None:
    """The price under that very name, else under the longest beginning of it."""
    if model in overrides:
        return overrides[model]
    fitting = [
        name
        for name in overrides
        if name.endswith("*") and model.startswith(name.removesuffix("*"))
    ]
    return overrides[max(fitting, key=len)] if fitting else None


def _by_table(tokens: Tokens, price: Price) -> int:
    """Cached ones cost like input where nothing is said."""
    given, read, written = (
        price.input_usd_micros,
        price.cache_read_usd_micros,
        price.cache_write_usd_micros,
    )
    whole = (
        tokens.input * given
        + tokens.output * price.output_usd_micros
        + tokens.cache_read * (given if read is None else read)
        + tokens.cache_write * (given if written is None else written)
    )
    return -(-whole // 1_000_000)


@cache
def _library() -> Any | None:
    """`genai-prices`, imported when it is first asked: that takes a sixth of a second. One that
    cannot be imported is not there."""
    try:
        return import_module("genai_prices")
    except ImportError:
        return None


def _by_library(tokens: Tokens, model: str, at: datetime) -> int | None:
    """By the prices it knows. A price of nothing is not believed.

    The tokens of a run are those of many calls, so each kind is priced by itself and by the
    thousand: what some providers add for one very long call is not in it.
    """
    provider, _, name = model.partition("/")
    asked = [(model, None), (name, provider)] if name else [(model, None)]
    for reference, of in asked:
        try:
            each = [_thousand(kind, reference, of, at) for kind in _KINDS]
        except (LookupError, ValueError):
            continue
        amounts = (tokens.input, tokens.output, tokens.cache_read, tokens.cache_write)
        whole = sum(price * amount for price, amount in zip(each, amounts, strict=True))
        return rounded_up(Decimal(whole) * 1_000) or None
    return None


_KINDS: tuple[dict[str, int], ...] = (
    {"input_tokens": 1_000},
    {"output_tokens": 1_000},
    {"input_tokens": 1_000, "cache_read_tokens": 1_000},
    {"input_tokens": 1_000, "cache_write_tokens": 1_000},
)


def _thousand(kind: dict[str, int], model: str, provider: str | None, at: datetime) -> Decimal:
    """Dollars for a thousand of one kind."""
    library = _library()
    if library is None:
        raise LookupError(model)
    found = library.calc_price(
        library.Usage(**kind), model, provider_id=provider, genai_request_timestamp=at
    )
    return Decimal(found.total_price)
