"""When intents are due, and whether what they say can be meant.

Instants are aware and in UTC. Local times are those of `intent.timezone`, else of the day of the
house. Nothing here reads a clock: the same intent, house and instant always give the same answer.
An expression that `check` refuses raises UnsoundError wherever its times are asked for.
"""

from actors.triggers.checking import check
from actors.triggers.cron import ALIASES
from actors.triggers.due import count_between, due_between, last_at_or_before, next_after
from actors.triggers.policies import jitter_of, passed_over, policy_of
from actors.triggers.trouble import Trouble, UnsoundError
from actors.triggers.wording import sentence

__all__ = [
    "ALIASES",
    "Trouble",
    "UnsoundError",
    "check",
    "count_between",
    "due_between",
    "jitter_of",
    "last_at_or_before",
    "next_after",
    "passed_over",
    "policy_of",
    "sentence",
]
