"""What each reason of each closed list means, as the end of a sentence."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from events.budget import RefuseReason
from events.intents import EndState, IntentFate
from events.plan import PassOverReason, PlanCause, SkipReason, WithdrawReason
from events.requests import Refusal
from events.runs import Outcome, RestReason, ResultFault, Trouble
from events.time import (
    ExpectCause,
    ExpireReason,
    MissPolicy,
    MissReason,
    PhaseMissReason,
    SupersedeReason,
)
from events.work import DropReason, HoldReason, ReturnReason, WorkState

SilenceReason = Literal[
    "intent_disabled",
    "not_due",
    "waits_for_event",
    "outside_phases",
    "outside_windows",
    "excluded",
    "not_begun",
    "over",
    "max_runs",
    "not_yet",
    "daemon_down",
    "clock_stepped",
    "no_plan",
    "no_phase",
]

HOLDS: Mapping[HoldReason, str] = {
    "phase_not_open": "its phase is not open",
    "lane_full": "its lane is full",
    "daemon_full": "as much runs already as may run at once",
    "paused": "it is paused",
    "not_before": "it may not begin before its time",
    "no_funds": "there is no money for it",
    "retry_backoff": "the time between two attempts has not passed",
    "not_idle": "the machine is not idle",
    "quiet_hours": "nobody is told anything in quiet hours",
}
DROPS: Mapping[DropReason, str] = {
    "phase_over": "its phase ended before it could start",
    "defer_limit": "it had been put off as often as it may be",
    "no_phase_left": "no phase comes any more in which it could run",
    "too_late": "it could not be started in time, and waits for no phase",
    "replanned": "a new plan took it back",
    "configuration_changed": "the configuration changed, and a new plan took it back",
    "start_deadline": "it had not begun by its start deadline",
    "alert_over": "what it was to tell was over before it began",
}
SKIPS: Mapping[SkipReason, str] = {
    "still_running": "the work of the occurrence before it had not ended",
    "buffer_full": "the work of one before it had not ended, and as many waited as may wait",
    "paused": "its work was paused, and what is due during a pause is not made up for",
    "dst_gap": "the clocks were put forward over that time, and it is not shifted",
    "dst_overlap": "the clocks were put back, and of the two times this one is not wanted",
    "intent_unknown": "no such intent was configured",
    "intent_disabled": "the intent was disabled",
    "work_unknown": "what it runs is neither an action nor a template",
    "phase_unknown": "the phase it waits for is not configured",
    "breaker_open": "its work had failed too often in a row, and nobody has enabled it since",
}
MISSES: Mapping[MissReason, str] = {
    "daemon_down": "the daemon was not running",
    "host_slept": "the machine slept",
    "clock_stepped": "the clock was set past that time",
    "late": "the daemon looked at the time too late",
    "in_the_past": "its time had passed when it was configured",
}
POLICIES: Mapping[MissPolicy, str] = {
    "": "nothing makes up for it",
    "skip": "by its policy for misfires none is made up for",
    "window": "it was too long ago to be made up for",
    "limit": "no more of them may be made up for",
    "self_restart": "what restarts the daemon or the machine is never made up for",
}
COALESCED: Mapping[MissReason, str] = MISSES
SUPERSEDES: Mapping[SupersedeReason, str] = {
    "edited": "the intent was changed, and counts from then on",
    "removed": "the intent was removed",
    "disabled": "the intent was disabled",
    "newer_occurrence": "a newer one took its place while it waited",
    "zone_changed": "the time zone was changed, and its time is another one",
    "tzdata_changed": "the time zone database was changed, and its time is another one",
}
EXPIRES: Mapping[ExpireReason, str] = {
    "start_deadline": "it could not begin before its start deadline",
}
EXPECTATIONS: Mapping[ExpectCause, str] = {
    "day_started": "the day began",
    "daemon_started": "the daemon started",
    "configuration": "the configuration changed",
    "intent_changed": "the intent changed",
    "clock_changed": "the clock or the calendar changed",
    "runs_left": "not all the runs that it may have were used",
}
FATES: Mapping[IntentFate, str] = {
    "asked": "somebody asked for that",
    "over": "it had its one occasion",
}
ENDINGS: Mapping[EndState, str] = {
    "completed": "its work went well",
    "failed": "its work failed",
    "unknown": "nobody saw how its work ended",
    "cancelled": "its work was cancelled",
    "buried": "its work failed as often as it may be tried",
    "dropped": "its work was dropped",
    "skipped": "it was skipped",
    "expired": "it expired",
}
PHASE_MISSES: Mapping[PhaseMissReason, str] = {
    "daemon_down": "the daemon was not running",
    "before_first_start": "the daemon had never run before",
    "asleep": "the machine slept",
}
FUNDS: Mapping[RefuseReason, str] = {
    "no_day_open": "no day had been opened yet",
    "category_spent": "too little is left of its category today",
    "day_spent": "too little is left of the day's money",
    "over_category_limit": "it costs more than its category may cost in a day",
    "over_day_limit": "it costs more than the day may cost",
    "closed": "its category is closed after an overrun",
    "own_limit_spent": "too little is left of what its template or intent may cost today",
    "over_own_limit": "it costs more than its template or intent may cost in a day",
    "over_quota": "too little is left of the quota of whom it may ask",
}
REFUSALS: Mapping[Refusal, str] = {
    "unknown_subject": "nothing of that name is known",
    "unknown_phase": "no such phase comes",
    "already_ended": "it had ended already",
    "already_running": "it ran already",
    "already_paused": "it was paused already",
    "not_paused": "it was not paused",
    "nothing_to_do": "there was nothing to do",
    "no_day_open": "no day was open",
    "intent_disabled": "the intent is disabled",
    "too_many_waiting": "too much waited already",
    "unknown_intent": "no intent is called so",
    "invalid_intent": "what it says cannot be an intent here",
    "name_taken": "something else has that name",
    "not_made_by_hand": "it comes from the configuration, and only what is made by hand can be "
    "removed like this",
    "nobody_listens": "no intent waits for that signal",
    "not_unknown": "it is no run of which nobody saw the end",
    "not_buried": "it is not buried, or was revived before",
    "invalid_action": "what it says is more than a prompt, or less",
    "unknown_lane": "no lane is called so",
}
PASS_OVERS: Mapping[PassOverReason, str] = {
    "disabled": "it is disabled, or planning is",
    "outside_windows": "the phase lies outside its windows",
    "phase_not_wanted": "it does not want that phase",
    "daily_limit": "it had been planned as often as it may be in a day",
    "phase_limit": "it had been planned as often as it may be in a phase",
    "phase_full": "the phase held as much work as may be planned into one",
    "no_money_in_category": "too little was left of its category",
    "no_money_left": "too little was left of the day's money",
    "no_time_left": "too little time was left in its lane",
    "outscored": "others were worth more, and took what there was",
}
RETURNS: Mapping[ReturnReason, str] = {
    "paused": "it was paused before it began",
    "too_late": "it could not be started in time",
    "doors_closed": "the daemon ran in safe mode, in which nothing is started",
    "daemon_stopped": "the daemon stopped before it began",
}
WITHDRAWALS: Mapping[WithdrawReason, str] = {
    "replanned": "somebody asked for a new plan",
    "configuration_changed": "the configuration changed",
    "alert_over": "what it was to tell is over",
}
OUTCOMES: Mapping[Outcome, str] = {
    "succeeded": "it went well",
    "failed": "it failed",
    "timed_out": "it took longer than it may",
    "cancelled": "it was stopped",
    "misconfigured": "it cannot be run as it is configured",
    "too_late": "it could not be started in time",
    "unknown": "nobody saw how it ended",
    "not_ready": "it could not work now",
    "rate_limited": "it was turned away, for too much was asked in too short a time",
    "quota_exhausted": "it was turned away, for its quota is used up",
}
TROUBLES: Mapping[Trouble, str] = {
    "program_missing": "its program does not exist",
    "not_executable": "its program may not be executed",
    "lane_missing": "the directory of its lane does not exist",
    "bad_input": "its input cannot be used",
    "spawn_failed": "the system could not start it",
    "timed_out": "it took longer than it may",
    "cancelled": "somebody stopped it",
    "too_late": "it could not be started in time",
    "doors_closed": "the daemon ran in safe mode, in which nothing is started",
    "paused": "it was paused before it began",
    "daemon_stopped": "the daemon stopped first",
    "lost": "nobody saw its end, for the daemon was not there",
    "not_ready": "it could not work now",
    "rate_limited": "it was turned away, for too much was asked in too short a time",
    "quota_exhausted": "it was turned away, for its quota is used up",
    "misconfigured": "a person must change something before it can work",
    "refused": "the model declined to answer",
    "said_failed": "it says itself that it failed",
    "at_ceiling": "it had cost as much as it might, and was stopped",
    "too_little": "it answered less than was asked for",
    "artifact_missing": "a file that was asked for is not there",
    "not_successful": "its success test says that it failed",
    "sandbox_missing": "the sandbox that it needs cannot be had",
}
RESTS: Mapping[RestReason, str] = {
    "failures": "its runs failed, one after the other",
    "rate_limited": "it turned a run away, for too much was asked in too short a time",
    "quota_exhausted": "it turned a run away, for its quota is used up",
    "misconfigured": "a person must change something before it can work",
}
FAULTS: Mapping[ResultFault, str] = {
    "too_large": "its result is too large",
    "not_json": "its result is not JSON",
    "not_an_object": "its result is not an object",
    "wrong_types": "its result has values of the wrong type",
    "absurd_cost": "its result reports an absurd cost",
}
STATES: Mapping[WorkState, str] = {
    "completed": "it went well",
    "failed": "it failed",
    "unknown": "nobody saw how it ended",
    "cancelled": "it was stopped",
    "buried": "it failed as often as it may be tried",
}
PLANS: Mapping[PlanCause, str] = {
    "day_opened": "the day's money was there",
    "configuration_changed": "the configuration changed",
    "asked": "somebody asked",
}
SILENCES: Mapping[SilenceReason, str] = {
    "intent_disabled": "the intent is disabled",
    "not_due": "it was never due, because it comes at other times",
    "waits_for_event": "it was never due, because it waits for no time but for something to happen",
    "outside_phases": "it was never due, because none of its phases was in progress",
    "outside_windows": "it was never due, because that time lies outside its windows",
    "excluded": "it was never due, because that date is excluded",
    "not_begun": "it was never due, because it starts only later",
    "over": "it was never due, because it had come to its end",
    "max_runs": "it was never due, because it had run as often as it may",
    "not_yet": "its time has not come yet",
    "daemon_down": "nothing has been recorded since: the daemon is not running",
    "clock_stepped": "the clock was put forward by more than a day, and no such time passed",
    "no_plan": "no plan was drawn for that day",
    "no_phase": "no such phase comes on that day",
}


class Blocking(NamedTuple):
    """A reason out of one of the lists, and where it stands."""

    within: str  # which list: hold, drop, skip, miss, refusal, funds, passed_over ...
    reason: str
    means: str
    position: int = 0  # 0: it stands nowhere, it follows from what does not stand there


Meanings = Mapping[str, str]
LISTS: Mapping[str, Meanings] = {
    name: {str(reason): means for reason, means in meanings.items()}
    for name, meanings in (
        ("hold", HOLDS),
        ("drop", DROPS),
        ("skip", SKIPS),
        ("miss", MISSES),
        ("policy", POLICIES),
        ("coalesced", COALESCED),
        ("supersede", SUPERSEDES),
        ("expire", EXPIRES),
        ("phase_miss", PHASE_MISSES),
        ("funds", FUNDS),
        ("refusal", REFUSALS),
        ("passed_over", PASS_OVERS),
        ("return", RETURNS),
        ("withdrawal", WITHDRAWALS),
        ("outcome", OUTCOMES),
        ("trouble", TROUBLES),
        ("fault", FAULTS),
        ("end", STATES),
        ("silence", SILENCES),
    )
}


def blocking(within: str, reason: str, position: int = 0, more: str = "") -> Blocking:
    """A reason with its meaning, and `more` of what is known about it."""
    means = LISTS[within].get(reason, reason.replace("_", " "))
    if (within, reason) == ("outcome", "failed") and more:
        return Blocking(within, reason, more, position)
    return Blocking(within, reason, f"{means}: {more}" if more else means, position)
