"""The probe of an unknown run: a command of its action that may know what became of it."""

from actors.executor.aside import SECONDS_MAX, heard
from actors.executor.life import Life
from actors.executor.loop import Steps
from events.runs import ProbeEnded


def probed(life: Life, probe: str) -> Steps[ProbeEnded | None]:
    """Run it as the run would be run, and say what it said.

    Without an exit code it said nothing: it took too long or could not be started. None: the
    daemon stopped before it had ended.
    """
    try:
        ended = yield from _probed(life, probe)
    except Exception as mistake:  # Ours; the run must not wait for ever because of it.
        return ProbeEnded(probe, None, f"it could not be looked at: {mistake!r}")
    return None if life.wish.reason is not None else ended


def _probed(life: Life, probe: str) -> Steps[ProbeEnded]:
    action = life.brief.action
    if not action.probe_command:
        return ProbeEnded(probe, None, "there is no probe command")
    if life.world.now() > life.brief.not_after:
        return ProbeEnded(probe, None, "it should have been looked at before")
    unfit = yield from life.around.arranged_again(life.room)
    if unfit is not None:
        return ProbeEnded(probe, None, unfit.detail)
    seconds = min(SECONDS_MAX, action.timeout_seconds)
    said = yield from heard(life.room(), "probe", action.probe_command, seconds)
    return ProbeEnded(probe, said.exit_code, said.words)
