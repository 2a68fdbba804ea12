"""What a sweep would take now, with nothing changed: asked of the log and looked up on the disk."""

from datetime import datetime

from actors.cleanup.files import FileSweeper
from actors.cleanup.rules import ordinary
from actors.executor.identity import boot_id
from events.cleanup import SweepEnded
from events.settings import SweepPart
from horarium import reading
from horarium.asof import opened_log
from horarium.daemon.lock import owner_of
from horarium.places import Places
from horarium.replaying import minds_before
from horarium.sweeping.finding import Place
from horarium.sweeping.neighbourhood import Neighbourhood


def foreseen(
    here: Places, at: datetime, parts: tuple[SweepPart, ...], *, really: bool
) -> SweepEnded:
    """By what the log holds and under the settings that it knows. Raises NoLog."""
    with opened_log(here) as log:
        head = reading.head(log)
        state = minds_before(log, head)["cleanup"].state
    starting = ordinary(state, head + 1, at, parts, really=really)
    owner = owner_of(here.lock)
    place = Place(here.data.resolve(), boot_id(), 0 if owner is None else owner.pid)
    around = Neighbourhood(place, looks=True)
    return FileSweeper(here.data, lambda: at, around, looks=True).sweep(
        starting, tuple(state.ended)
    )
