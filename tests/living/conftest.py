"""What most tests of runs begin with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.living.keeper_story import Doors
from tests.living.process_story import Told


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def door(data: Path, told: Told) -> Iterator[Doors]:
    """Doors of a daemon to the keeper of its data folder, one after the other."""
    doors = Doors(data, told)
    yield doors
    doors.close()
