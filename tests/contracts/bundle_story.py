"""A data folder whose log has secrets in it, and bundles of it."""

from base64 import b64encode
from datetime import timedelta
from pathlib import Path

from click.testing import CliRunner
from msgspec.structs import replace

from actors.replay.simulation import Simulation
from events.configuration import Action, ConfigurationRefused, Intent, On
from events.intents import IntentAddRequested, SignalReceived
from events.runs import RunResult
from events.sqlite import SqliteStore
from horarium.cli import horarium
from horarium.places import Places, places
from tests.rules.stepping_story import BEGIN, SETTINGS, lived, stored

CANARIES = {
    "environment": "tangerine dream 42",
    "input": "the owl flies at midnight",
    "tail": "velvet-anchor-speaks",
    "summary": "quiet harbour, north gate",
    "data": "blue-lantern",
    "argument": "sk-canary-0123456789abcdefXYZ",
    "option": "opensesame",
    "url": "knockknock",
    "signal": "the doorbell rang thrice",
    "by hand": "a walnut under the mat",
    "fault": "marmalade on line seven",
}
READ = Action(
    category="work",
    command=(
        "read", "--key", CANARIES["option"], CANARIES["argument"],
        f"https://ann:{CANARIES['url']}@example.org",
    ),
    environment={"WORD": CANARIES["environment"]},
    input_json=f'{{"prompt": "{CANARIES["input"]}"}}',
)  # fmt: skip
LISTENING = Intent(run="read", on=On(signal="bell"))
SECRETIVE = replace(
    SETTINGS,
    actions={**SETTINGS.actions, "read": READ},
    intents={**SETTINGS.intents, "listening": LISTENING},
)


def a_life() -> Simulation:
    """Jobs that print their environment and say their prompt, signals, intents made by hand, and
    a file that cannot be used."""
    tail = f"{CANARIES['tail']} WORD={CANARIES['environment']}"
    said = RunResult(CANARIES["summary"], data_json=f'{{"x": "{CANARIES["data"]}"}}')
    world = lived(SECRETIVE, said, tail)
    end = BEGIN + timedelta(hours=36)
    by_hand = Intent(run="read", now=True, input_json=f'{{"x": "{CANARIES["by hand"]}"}}')
    world.say(end, SignalReceived("bell", "k1", f'"{CANARIES["signal"]}"'), "cli")
    world.say(end, IntentAddRequested("mine", by_hand, "k2"), "cli")
    world.say(end, ConfigurationRefused("config.toml", (CANARIES["fault"],)), "daemon")
    world.run_until(end + timedelta(hours=1))
    return world


def a_house(folder: Path) -> Places:
    here = places(str(folder / "config.toml"), str(folder / "data"))
    store = SqliteStore(here.log)
    store.commit(stored(a_life()))
    store.close()
    return here


def bundled(here: Places, path: Path, *words: str) -> Path:
    arguments = ["export", "--bundle", str(path), *words, "--data", str(here.data)]
    result = CliRunner().invoke(horarium, arguments)
    assert result.exit_code == 0, result.output
    return path


def spellings(secret: str) -> list[bytes]:
    """As it is, and as base64 wherever it may begin, and as hexadecimal digits."""
    raw = secret.encode()
    inner = [b64encode(b"\0" * ahead + raw)[4:-4] for ahead in range(3)]
    return [raw, *inner, raw.hex().encode(), raw.hex().upper().encode()]
