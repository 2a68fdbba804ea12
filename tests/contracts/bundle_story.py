"""A data folder whose log has secrets in it, and bundles of it."""

from base64 import b64encode
from pathlib import Path

from click.testing import CliRunner
from msgspec.structs import replace

from actors.replay.simulation import Simulation
from events.configuration import Action
from events.runs import RunResult
from events.sqlite import SqliteStore
from horarium.cli import horarium
from horarium.places import Places, places
from tests.rules.stepping_story import SETTINGS, lived, stored

CANARIES = {
    "environment": "tangerine dream 42",
    "input": "the owl flies at midnight",
    "tail": "velvet-anchor-speaks",
    "summary": "quiet harbour, north gate",
    "data": "blue-lantern",
    "argument": "sk-canary-0123456789abcdefXYZ",
    "option": "opensesame",
    "url": "knockknock",
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
SECRETIVE = replace(SETTINGS, actions={**SETTINGS.actions, "read": READ})


def a_life() -> Simulation:
    """Jobs that print their environment and say their prompt."""
    tail = f"{CANARIES['tail']} WORD={CANARIES['environment']}"
    said = RunResult(CANARIES["summary"], data_json=f'{{"x": "{CANARIES["data"]}"}}')
    return lived(SECRETIVE, said, tail)


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
