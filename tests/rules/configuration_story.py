"""What tests of the configuration share: a text in, its faults or its settings out."""

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from events.configuration import Configuration
from horarium.configuration import Fault, faults, load, render
from horarium.configuration.checking import check
from horarium.configuration.fault import Faults
from horarium.configuration.scalar import Context
from horarium.configuration.shapes import Place, table

FREE = '[actions.look]\nexecutor = "noop"\n'
CONTEXT = Context(ZoneInfo("Europe/Berlin"), 5_000_000, Path("/nowhere"))


def said(folder: Path, text: str) -> list[str]:
    """The faults of a text, as lines without the folder."""
    file = folder / "config.toml"
    file.write_text(text)
    rendered = render(faults(file, {}))
    return [line.replace(f"{folder}/", "") for line in rendered.splitlines()]


def loaded(folder: Path, text: str) -> Configuration:
    """The settings of a text that has no errors."""
    file = folder / "config.toml"
    file.write_text(text)
    return load(file, {}).configuration


def understood(raw: dict[str, Any]) -> list[Fault]:
    """The faults of what TOML would have given."""
    found = Faults("config.toml")
    configuration = table(Configuration).read(raw, Place((), found, CONTEXT))
    assert isinstance(configuration, Configuration)
    found.settle()
    check(configuration, found)
    return found.found
