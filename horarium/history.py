"""How runs have ended before, out of a log that is there: the newest ends of each action."""

from collections.abc import Callable, Iterable

from actors.replay.courses import REMEMBERED_MAX, History
from events import codec
from events.runs import RunEnded, RunStarting
from horarium import reading
from horarium.places import Places

ROWS_MAX = 100_000  # looked through, from the newest backwards
KINDS = ("run-starting", "run-ended")


def recorded_history(
    here: Places, actions: Iterable[str], say: Callable[[str], object] = lambda words: None
) -> History:
    """What the log knows of these actions; nothing when there is no log. Where it goes further
    back than can be read here, `say` hears so. Raises NoLog."""
    history = History()
    if here.log.exists():
        try:
            _recall(history, here, actions)
        except reading.Gone as error:
            say(f"Runs of before are not known: {error}.")
    return history


def _recall(history: History, here: Places, actions: Iterable[str]) -> None:
    ends, wanted = dict[str, RunEnded](), set(actions)
    with reading.opened(here) as connection:
        for looked_at, (position, _, state) in enumerate(reading.newest(connection, KINDS)):
            if looked_at >= ROWS_MAX or not wanted:
                break
            match _fact(position, state):
                case RunEnded(run=run) as ended:
                    ends[run] = ended
                case RunStarting(run=run, action=action) if run in ends and action in wanted:
                    history.add(action, ends.pop(run))
                    if history.count(action) >= REMEMBERED_MAX:
                        wanted.discard(action)


def _fact(position: int, state: bytes) -> object:
    try:
        return codec.read(position, state).fact
    except codec.UnreadableRecord as error:
        raise reading.NoLog(str(error)) from error
