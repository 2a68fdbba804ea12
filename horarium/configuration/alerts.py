"""What alerts and the settings of executors must be to the rest of the configuration."""

from datetime import UTC, datetime, timedelta

from actors.phase_queue.quiet import end_of_quiet
from events.configuration import Configuration
from events.policies import Provider, Quota
from events.settings import PROGRAMS
from horarium.configuration.fault import Faults
from horarium.configuration.lines import Keys

A_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
A_WEEK = timedelta(days=7)
_HAVE_A_PROGRAM = frozenset(PROGRAMS)


def check_alerts(all_: Configuration, faults: Faults) -> None:
    """Note ways that are not there, and quiet hours without end."""
    alerts = all_.alerts
    for nth, way in enumerate(alerts.ways):
        at = ("alerts", "ways", nth)
        if way in all_.actions:
            _check_twice(at, way, alerts.ways[:nth], faults)
        else:
            faults.add(at, f"unknown action '{way}'", faults.meant(way, all_.actions))
    for nth, quiet in enumerate(alerts.quiet):
        if not quiet.days:
            message = "without days it never begins"
            faults.add(("alerts", "quiet", nth, "days"), message, severity="warning")
    if alerts.ways and _is_never_told(all_):
        faults.add(("alerts", "quiet"), "it leaves no time in which anybody could be told")


def check_executors(all_: Configuration, faults: Faults) -> None:
    """Note settings that nothing uses."""
    for kind, provider in all_.executors.items():
        at = ("executors", kind)
        for key in _unused(provider) if kind not in _HAVE_A_PROGRAM else ():
            message = f"the executor '{kind}' does not use it"
            faults.add((*at, key), message, severity="warning")
        for name, quota in provider.quotas.items():
            _check_quota((*at, "quotas", name), quota, faults)


def _check_twice(at: Keys, way: str, before: tuple[str, ...], faults: Faults) -> None:
    if way in before:
        faults.add(at, f"'{way}' has been tried by then", severity="warning")


def _is_never_told(all_: Configuration) -> bool:
    """Quiet for a week is quiet for ever."""
    end = end_of_quiet(all_, A_MOMENT)
    return end is not None and end - A_MOMENT >= A_WEEK


def _unused(provider: Provider) -> list[str]:
    return [key for key in ("command", "model") if getattr(provider, key)]


def _check_quota(at: Keys, quota: Quota, faults: Faults) -> None:
    """What is allowed nothing is found out only when something was used, once in each window."""
    limits = {"requests": quota.requests, "tokens": quota.tokens, "usd": quota.usd_micros}
    if all(limit is None for limit in limits.values()):
        message = "it limits nothing: give requests, tokens or usd"
        faults.add(at, message, severity="warning")
    for key, limit in limits.items():
        if limit == 0:
            faults.add((*at, key), "0 would let one run through: let no action use that executor")
