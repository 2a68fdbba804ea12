"""Defaults that a file gets and a log does not.

A log written before a setting existed is decoded with the default of its field, which must mean
what was done then. What people get who leave the setting out of a file of today stands here, and
so in every log from now on.
"""

from typing import Final

from msgspec import Struct

from events.configuration import Action, Budget, Configuration
from events.policies import Alerts, Cleanup, Quota

_ALERTS: Final[dict[str, object]] = {
    "budget_percents": (50, 80, 100),
    "pace": True,
    "failures_per_hour": 3,
    "breaker_failures": 5,
    "tell_over": False,
}
_CLEANUP: Final[dict[str, object]] = {
    "failed_keep_seconds": 30 * 86_400,
    "failed_keep_count": 1_000,
    "unknown_keep_seconds": 90 * 86_400,
    "sockets_keep_seconds": 3_600,
    "processes": True,
    "within_seconds": 30,
    "disk_low_bytes": 256 << 20,
}
_ACTION: Final[dict[str, object]] = {"backoff_jitter_millis": 100}
_BUDGET: Final[dict[str, object]] = {"without_ceiling": "what_is_left"}
IN_A_FILE: Final[dict[type[Struct], dict[str, object]]] = {
    Action: _ACTION,
    Alerts: _ALERTS,
    Budget: _BUDGET,
    Cleanup: _CLEANUP,
    Quota: {"holds_ceilings": True},
    Configuration: {
        "budget": Budget(**_BUDGET),  # type: ignore[arg-type]  # A value of its own.
        "alerts": Alerts(**_ALERTS),  # type: ignore[arg-type]  # Values of its own.
        "cleanup": Cleanup(**_CLEANUP),  # type: ignore[arg-type]  # Likewise.
    },
}


def in_a_file(struct: type[Struct]) -> dict[str, object]:
    """The fields of a table that a file leaves out and that are not as in an old log."""
    return IN_A_FILE.get(struct, {})
