"""How things stand, on one screen."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from sqlite3 import Connection
from typing import Any

import click
from msgspec import Struct, to_builtins
from msgspec.structs import replace

from events.left import base_of
from horarium import reading
from horarium.asof import opened_log
from horarium.commands.alerts import tell_alerts
from horarium.commands.brief import NEEDS, need_row
from horarium.commands.budget import show_categories, summed
from horarium.commands.comings import Coming, comings, tell_comings
from horarium.commands.executors import tell_executors
from horarium.commands.heartbeat import daemon_words, live_of
from horarium.commands.looking import as_of_option, looking, refusing
from horarium.commands.options import now, with_places
from horarium.commands.runs import show_runs
from horarium.commands.sayings import HOLDS, scope
from horarium.commands.showing import counted, day_name, moment, span, words
from horarium.commands.windows import offset, window
from horarium.places import Places
from horarium.points import Point
from horarium.tables import Cell, Column, Value, faint, gap, line, show, show_json, state, title
from projections.database import place_of
from projections.queries.alerts import Alert, alerts
from projections.queries.brief import Need, brief
from projections.queries.budget import Budget, budget
from projections.queries.plan import PlannedPhase, plan
from projections.queries.requests import lives
from projections.queries.runs import Run, runs
from projections.queries.status import Running, Status
from projections.queries.status import status as queried

LAST_RUNS = 5
NEEDED_SINCE = timedelta(days=1)
RUNNING = (Column("run"), Column("action"), Column("category"), Column("state"),
           Column("for", right=True), Column("", long=True))  # fmt: skip


class Picture(Struct, frozen=True):
    """What the screen shows. `phases` are those of the day; `live` is what the daemon says,
    `now` the moment shown."""

    status: Status
    money: Budget | None
    phases: list[PlannedPhase]
    intents: list[Coming]
    runs: list[Run]
    needs: list[Need]
    alerts: list[Alert]
    live: dict[str, Any]
    now: datetime
    left: int = 0  # the last record that has left the log

    def document(self) -> dict[str, Any]:
        """As JSON: the projections' status, and beside it what else is known."""
        life = to_builtins(self.status.daemon) if self.status.daemon else {}
        return {
            **to_builtins(self.status),
            "budget": self.money,
            "lag": self.status.behind,
            "left": self.left,
            "phase_ends_at": phase_end(self),
            "daemon": {**life, **self.live},
            "intents": self.intents,
            "last_runs": self.runs,
            "needs": self.needs,
            "alerts": self.alerts,
        }


@click.command()
@as_of_option
@with_places
def status(here: Places, as_json: bool, as_of: Point | None) -> int:
    """How things stand: day and phase, what runs and waits, the money, what needs you.

    Ends with 1 when the daemon lives and does not work.
    """
    picture = _present(here) if as_of is None else _past(here, as_of)
    if as_json:
        show_json(picture.document())
    else:
        _tell(here, picture)
    return int(picture.live["state"] == "hung")


def _present(here: Places) -> Picture:
    live = live_of(here)
    with refusing(), opened_log(here) as log:
        head, left = reading.head(log), base_of(log)
    with looking(here, quiet=True) as connection:
        return replace(_picture(connection, head, live, now()), left=left)


def _past(here: Places, point: Point) -> Picture:
    """No daemon is asked: what it would say is of today."""
    with looking(here, as_of=point) as connection:
        place = place_of(connection)
        life = next(iter(lives(connection, limit=1)), None)
        alive = life is not None and life.ended_at is None
        at = datetime.fromisoformat(place.at) if place.at else now()
        state = "was_running" if alive else "was_stopped"
        return _picture(connection, place.position, {"state": state}, at)


def _picture(connection: Connection, head: int, live: dict[str, Any], at: datetime) -> Picture:
    planned = plan(connection, limit=0)
    return Picture(
        queried(connection, head=head),
        budget(connection, movements=0),
        planned.phases if planned else [],
        comings(connection, at),
        runs(connection, limit=LAST_RUNS),
        brief(connection, since=at - NEEDED_SINCE, limit=10).needs,
        alerts(connection, limit=10),
        live,
        at,
    )


def phase_end(picture: Picture) -> str | None:
    """When the phase in progress ends, where the day's plan knows it."""
    name = picture.status.phase
    return next((phase.ends_at for phase in picture.phases if phase.phase == name), None)


def _tell(here: Places, picture: Picture) -> None:
    known = picture.status
    title(day_name(known.day) if known.day else "No day has begun yet", _phase(picture))
    for words_ in daemon_words(picture.live, known.daemon):
        line(words_)
    if picture.live["state"] == "not_running":
        _tell_left(here)
    for pause in known.pauses:
        what = scope({"scope": pause.scope, "name": pause.name})
        why = f": {pause.note}" if pause.note else ""
        line(state("paused"), f"{what} since {moment(pause.since)}{why}")
    _tell_work(known, picture.now.isoformat())
    if picture.money:
        gap()
        title("Budget", summed(picture.money))
        show_categories(picture.money.categories)
    tell_comings(picture.intents)
    if picture.runs:
        gap()
        title("Last runs")
        show_runs(picture.runs, 2)
    tell_executors(known.executors)
    tell_alerts(picture.alerts)
    if picture.needs:
        gap()
        title("Needs you")
        show(NEEDS, map(need_row, picture.needs), 2)
    gap()
    line(faint(_log(known)))
    if picture.left:
        line(faint(f"records 1 to {picture.left:,} have left the log and lie sealed beside it"))


def _phase(picture: Picture) -> str:
    name, end = picture.status.phase, phase_end(picture)
    if name:
        return f"{name} until {moment(end)}" if end else name
    coming = [phase for phase in picture.phases if phase.state == "pending"]
    if not coming:
        return "no phase"
    begins, _ = window(coming[0], offset(picture.phases))
    return f"between phases, {coming[0].phase} begins {begins}".rstrip()


def _tell_left(here: Places) -> None:
    left = len([*here.inbox.glob("*.json")])
    if left:
        line(Cell(f"{counted(left, 'request')} will be heard when it returns", "yellow"))


def _tell_work(known: Status, at: str) -> None:
    gap()
    title("Running", str(len(known.running)) if known.running else "nothing")
    show(RUNNING, [_running(run, at) for run in known.running], 2)
    title("Waiting", _waiting(known.waiting, known.waiting_for))


def _waiting(count: int, reasons: Mapping[str, int]) -> str:
    told = ", ".join(f"{HOLDS.get(name, words(name))} {each}" for name, each in reasons.items())
    return f"{count} (for {told})" if count else "nothing"


def _running(run: Running, at: str) -> Sequence[Value]:
    attempt = f"attempt {run.attempt}" if run.attempt > 1 else ""
    name = run.action if run.action == run.name else f"{run.action} ({run.name})"
    return run.run, name, run.category, state(run.state), span(run.since, at), faint(attempt)


def _log(known: Status) -> str:
    at = f", the last of {moment(known.at)}" if known.at else ""
    behind = f"; this is {counted(known.behind, 'record')} behind" if known.behind else ""
    return f"{counted(known.head, 'record')}{at}{behind}"
