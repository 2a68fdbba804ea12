"""How the golden logs of this version were made: `python -m tests.golden_story [NAME]`.

What is written bears the version that is installed. A log that is there already is never written
over: later versions have to read it as it is.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from msgspec.structs import replace

from actors.replay.books import BOOKS
from actors.replay.trials import trial
from events.codec import GENESIS, entry, written
from events.configuration import Action, Configuration, ConfigurationLoaded, Day, Intent, On
from events.intents import IntentAdded, IntentsConfigured, OccurrenceBuffered
from events.record import Record
from events.requests import WorkRequested
from events.runs import RunStarted
from events.sqlite import SqliteStore
from tests.rules.planted_clock_story import HOUSE, LedgerWorld
from tests.whole.daemon_story import house, living, sh

GOLDEN = Path(__file__).parent / "golden"
SEED = 4
FAULTY_SEED = 88
FAR = timedelta(days=2)

JOBS = f"""
[budget]
daily_usd = 1
categories = {{ general = "90%" }}
[clock]
idle_command = ["/bin/true"]
misfire_grace = "1s"
[lanes.main]
concurrency = 8
[lanes.own]
concurrency = 4
[actions.quick]
{sh("exit 0")}
lane = "own"
[actions.slow]
{sh("sleep 1")}
estimate_usd = 0.05
[actions.never]
{sh("exit 3")}
[intents]
often = {{ run = "quick", every = "2s", misfire = "skip" }}
waits = {{ run = "slow", every = "1s", overlap = "buffer_one" }}
newest = {{ run = "slow", every = "1s", overlap = "cancel_other" }}
fails = {{ run = "never", every = "3s" }}
mends = {{ run = "quick", on = {{ failed = "fails" }} }}
heard = {{ run = "quick", on = {{ signal = "bell" }} }}
calm = {{ run = "quick", every = "5s", only_if_idle = true }}
rests = {{ run = "quick", every = "2s", from = "completion" }}
"""


class GoldenWorld(LedgerWorld):
    """Everything happens in it once, and money runs out."""

    def pass_days(self) -> None:
        self.begin(datetime.fromisoformat("2026-10-24T18:50:00+00:00"), GOLDEN_HOUSE)
        for number, happen in enumerate(self._happenings(0)):
            self.run_until(self.true + self._span(10, 40))
            happen()
            if number % 3 == 0:
                self.tell("cli", [WorkRequested("dear", f"d{number}")])
        moved = replace(GOLDEN_HOUSE, day=Day(timezone="Asia/Kolkata"))
        self.tell("daemon", [ConfigurationLoaded("moved", moved)])
        self.run_until(self.true + timedelta(hours=2))

    def _far(self, span: timedelta) -> None:
        super()._far(min(span, FAR))
        self.run_until(self.true + timedelta(hours=5))


KINDS = {
    "plain", "nightly", "narrow", "one", "latest", "ends", "each", "prompt", "late", "rest", "then",
    "heard", "warned", "quiet", "restart",
}  # fmt: skip
GOLDEN_HOUSE = Configuration(
    **{
        **{name: getattr(HOUSE, name) for name in HOUSE.__struct_fields__},
        "actions": {
            **HOUSE.actions,
            "dear": Action(command=("dear",), category="study", estimate_usd_micros=400_000),
        },
        "intents": {
            **{name: it for name, it in HOUSE.intents.items() if name in KINDS},
            "poor": Intent(run="look", on=On(spent="study")),
        },
    }
)


def simulated() -> Sequence[bytes]:
    """A day and more in one thread, with every kind of fact that time brings."""
    world = GoldenWorld(BOOKS, Random(SEED))
    world.pass_days()
    return list(_stored(world.kept))


def _stored(log: Sequence[Record]) -> Iterator[bytes]:
    before = GENESIS
    for record in log:
        said = entry(record.fact, record.at, record.cause, record.depth)
        state, before = written(record.position, record.by, said, before)
        yield state


def lived() -> Sequence[bytes]:
    """A daemon that is killed again and again, while people ask and edit."""
    with TemporaryDirectory() as folder:
        here = house(Path(folder), JOBS)
        with living(here) as daemon:
            daemon.until(RunStarted)
            daemon.until(OccurrenceBuffered)
            daemon.command("signal", "bell", "--data", '{"who": "the postman"}')
            daemon.command("signal", "gong")
            daemon.command("intent", "add", "mine", "--run", "quick", "--every", "1s")
            daemon.until(IntentAdded)
            daemon.kill()
        for _ in range(3):
            with living(here) as daemon:
                daemon.command("pause")
                daemon.command("intent", "disable", "often")
                daemon.command("resume")
                daemon.kill()
        with living(here) as daemon:
            here.config.write_text(JOBS.replace('every = "3s"', 'every = "4s"'))
            daemon.until(IntentsConfigured, changed=("fails",))
            daemon.command("intent", "remove", "mine")
            daemon.stop()
        store = SqliteStore(here.log)
        states = [state for _, state in store.page(limit=100_000)]
        store.close()
        return states


def faulty() -> Sequence[bytes]:
    """Two days of agents in which nearly everything goes wrong."""
    return list(_stored(trial(FAULTY_SEED, days=2).log))


MAKE: dict[str, Callable[[], Sequence[bytes]]] = {
    "lived": lived,
    "simulated": simulated,
    "faulty": faulty,
}


def main(wanted: Sequence[str]) -> None:
    """Write what is not there yet."""
    for name in wanted or MAKE:
        path = GOLDEN / f"{version('horarium')}-{name}.log"
        if path.exists():
            print(f"{path.name} is there already")  # noqa: T201
            continue
        states = MAKE[name]()
        path.write_bytes(b"".join(state + b"\n" for state in states))
        print(f"{path.name}: {len(states)} records")  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
