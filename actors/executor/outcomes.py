"""The verdict on a run: what was seen of its end, put in one word and a reason."""

from datetime import datetime, timedelta
from zlib import crc32

from msgspec.structs import replace

from actors.executor.state import Asked, OpenRun
from events.budget import CostSource
from events.configuration import Action
from events.runs import Outcome, ResultFault, RunClosed, RunEnded, Trouble
from events.work import ReturnReason, WorkState

REASON_MAX = 500  # characters

TROUBLES: dict[Trouble, tuple[Outcome, str]] = {
    "program_missing": ("misconfigured", "program missing"),
    "not_executable": ("misconfigured", "program not executable"),
    "lane_missing": ("misconfigured", "working directory missing"),
    "bad_input": ("misconfigured", "input not usable"),
    "spawn_failed": ("failed", "could not be started"),
    "timed_out": ("timed_out", "timed out"),
    "cancelled": ("cancelled", "cancelled"),
    "too_late": ("too_late", "too late"),
    "doors_closed": ("cancelled", "safe mode"),
    "paused": ("cancelled", "paused"),
    "daemon_stopped": ("failed", "the daemon stopped before it ended"),
    "lost": ("unknown", "nobody saw its end"),
    "not_ready": ("not_ready", "not ready"),
    "rate_limited": ("rate_limited", "rate limited"),
    "quota_exhausted": ("quota_exhausted", "quota exhausted"),
    "misconfigured": ("misconfigured", "not usable as it is configured"),
    "refused": ("failed", "the model declined"),
    "said_failed": ("failed", "it says that it failed"),
    "at_ceiling": ("failed", "stopped at its ceiling"),
    "too_little": ("failed", "less of an answer than was asked for"),
    "artifact_missing": ("failed", "an artifact is missing"),
    "not_successful": ("failed", "its success test says no"),
    "sandbox_missing": ("misconfigured", "no sandbox can be had"),
}
# The same would come of them again, for the same money.
FINAL: frozenset[Trouble] = frozenset({"refused", "at_ceiling"})
RETURNS: dict[Trouble, ReturnReason] = {
    "paused": "paused",
    "too_late": "too_late",
    "doors_closed": "doors_closed",
    "daemon_stopped": "daemon_stopped",
}
FAULTS: dict[ResultFault, str] = {
    "too_large": "its result is too large",
    "not_json": "its result is not JSON",
    "not_an_object": "its result is not an object",
    "wrong_types": "its result has values of the wrong type",
    "absurd_cost": "its result reports an absurd cost",
}
# Numbers that mean the same signal on every system: a log may be replayed on another one.
SIGNALS = {
    1: "SIGHUP",
    2: "SIGINT",
    3: "SIGQUIT",
    4: "SIGILL",
    6: "SIGABRT",
    8: "SIGFPE",
    9: "SIGKILL",
    11: "SIGSEGV",
    13: "SIGPIPE",
    14: "SIGALRM",
    15: "SIGTERM",
}
STATES: dict[Outcome, WorkState] = {
    "succeeded": "completed",
    "failed": "failed",
    "timed_out": "failed",
    "cancelled": "cancelled",
    "misconfigured": "failed",
    "too_late": "failed",
    "unknown": "unknown",
    "not_ready": "failed",
    "rate_limited": "failed",
    "quota_exhausted": "failed",
}
JITTER_MILLIS = 100  # of waits that no log of before jitter can hold


def verdict(ended: RunEnded) -> tuple[Outcome, str]:
    """The outcome of a run that ended so, and its reason; a success needs none."""
    if ended.trouble == "daemon_stopped" and not ended.started:
        return "cancelled", _reason("the daemon stopped before it began", ended.detail)
    if ended.trouble is not None:
        outcome, words = TROUBLES[ended.trouble]
        return outcome, _reason(words, ended.detail)
    if not ended.started:
        return "failed", _reason("could not be started", ended.detail)
    if ended.exit_code is None and not ended.is_done:
        return "unknown", _reason("its exit code was not seen", ended.detail)
    if ended.exit_code and not ended.is_done:
        return "failed", _reason(_exit(ended.exit_code), ended.detail)
    if ended.result_fault is not None:
        return "failed", _reason(FAULTS[ended.result_fault], ended.detail)
    return "succeeded", ""


def closed(ended: RunEnded, run: OpenRun, named: bool) -> RunClosed:
    """The verdict as a fact; `named` says by whom, and with how many tokens."""
    outcome, reason = verdict(ended)
    started = ended.started or outcome == "unknown"  # Nobody may say then that it cost nothing.
    cost, source = cost_of(ended)
    told = RunClosed(ended.run, run.work, run.name, outcome, started, reason, cost, source)
    if not named:
        return told
    return replace(told, executor=run.executor, tokens=tokens_of(ended))


def cost_of(ended: RunEnded) -> tuple[int | None, CostSource]:
    """What it is known to have cost. What it says counts only in a result without fault."""
    result = ended.result
    if result is not None and result.cost_usd_micros is not None and ended.result_fault is None:
        return result.cost_usd_micros, "reported"
    if ended.priced_usd_micros is not None:
        return ended.priced_usd_micros, "priced"
    return None, "estimated"


def tokens_of(ended: RunEnded) -> int:
    """All that it is known to have used."""
    if ended.usage is not None:
        return ended.usage.total
    return 0 if ended.result is None else ended.result.tokens or 0


def given_back(ended: RunEnded, step: int, attempt: int, in_phase: bool) -> ReturnReason | None:
    """Why the phase queue owns the work again, when this attempt never began.

    What came too late before it ever ran is stale: it is given back only when the queue sees by
    its phase whether it may still go. What has run before is still wanted: its next attempt was
    only decided on by a record that had waited, as over a sleep of the machine.
    """
    if ended.started or ended.trouble is None:
        return None
    if ended.trouble == "too_late" and not (in_phase or step > 1 or attempt > 1):
        return None
    return RETURNS.get(ended.trouble)


def attempts_allowed(outcome: Outcome, trouble: Trouble | None, action: Action) -> int:
    """How many attempts a step may have when the latest of them ended so.

    Unknown is not failed: only what is safe to repeat is repeated, and then at least once. So
    it is with what the daemon stopped, which otherwise counts as failed.
    """
    if action.safe_to_repeat and (outcome == "unknown" or trouble == "daemon_stopped"):
        return max(action.attempts, 2)
    return action.attempts if outcome in action.retry_on and trouble not in FINAL else 1


def buried(outcome: Outcome, trouble: Trouble | None, action: Action, attempt: int) -> bool:
    """Whether that was the last of several attempts."""
    if action.attempts == 1 or attempt < action.attempts or trouble in FINAL:
        return False
    return outcome in action.retry_on or (outcome == "unknown" and action.safe_to_repeat)


def retry_at(action: Action, asked: Asked, key: str, outcome: Outcome, at: datetime) -> datetime:
    """When the attempt after this one may begin: the backoff grows by its factor to its limit.

    What is added so that not all come at once is the same whenever this is decided: it is drawn
    by the `key` of the work, the step and the attempt.
    """
    seconds = action.backoff_seconds * action.backoff_factor ** (asked.attempt - 1)
    seconds = min(seconds, action.backoff_max_seconds)
    share = action.backoff_jitter_millis
    if outcome == "not_ready":
        share = max(share, JITTER_MILLIS)
    return at + timedelta(seconds=seconds) + jitter(seconds, share, key, asked)


def jitter(seconds: int, share_millis: int, key: str, asked: Asked) -> timedelta:
    """Up to that share of so many seconds."""
    if not share_millis:
        return timedelta()
    drawn = crc32(f"{key}#{asked.step}.{asked.attempt}".encode()) % 1_000
    return timedelta(milliseconds=seconds * share_millis * drawn // 1_000)


def _exit(code: int) -> str:
    if code > 0:
        return f"exit code {code}"
    return f"ended by {SIGNALS.get(-code, f'signal {-code}')}"


def _reason(words: str, detail: str) -> str:
    return f"{words}: {detail}"[:REASON_MAX] if detail not in ("", words) else words
