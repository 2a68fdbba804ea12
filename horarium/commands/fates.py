"""What became of an occurrence, in words."""

_REASONS = {
    "daemon_down": "nobody was there",
    "host_slept": "the machine slept",
    "clock_stepped": "the clock was set",
    "late": "it was too late",
    "in_the_past": "it lay in the past already",
    "still_running": "the one before it still ran",
    "buffer_full": "too many waited already",
    "paused": "paused",
    "dst_gap": "its local time did not exist on that day",
    "dst_overlap": "its local time came twice on that day",
    "intent_unknown": "nobody knows the intent any more",
    "intent_disabled": "disabled",
    "breaker_open": "failed too often in a row",
    "work_unknown": "what it runs is not there any more",
    "phase_unknown": "its phase is not there any more",
    "edited": "the intent was changed",
    "removed": "the intent was removed",
    "disabled": "the intent was disabled",
    "newer_occurrence": "a newer one took its place",
    "zone_changed": "the time zone changed",
    "tzdata_changed": "the rules of time zones changed",
    "start_deadline": "it did not start before its deadline",
    "not_configured": "taken out of the configuration",
    "asked": "somebody asked",
    "over": "it will not be due again",
}
_POLICIES = {
    "skip": "what is missed is never made up for",
    "window": "too old to be made up for",
    "limit": "more than are made up for",
    "self_restart": "it restarts the daemon or the machine",
}


def why(reason: str, policy: str = "") -> str:
    """The reason of a verdict or of a removal, and the policy behind it."""
    said = _REASONS.get(reason, reason.replace("_", " "))
    also = _POLICIES.get(policy, policy.replace("_", " "))
    return f"{said}; {also}" if said and also else said or also
