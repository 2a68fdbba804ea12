"""What the tests of a trimmed log begin with."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from horarium.places import Places
from tests.contracts.trimming_steps import let_leave, minds
from tests.contracts.trimming_story import (
    STRETCH,
    copied,
    recorded,
)


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Places:
    """A data folder with two sealed stretches."""
    return recorded(tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="session")
def known(whole: Places) -> dict[str, Any]:
    """What everybody knows at its end."""
    return minds(whole)


@pytest.fixture(scope="session")
def one_trimmed(whole: Places, tmp_path_factory: pytest.TempPathFactory) -> Places:
    """One whose first two stretches have left, for all who only look."""
    here = copied(whole, tmp_path_factory.mktemp("trimmed"))
    let_leave(here, 2 * STRETCH)
    return here


@pytest.fixture(scope="session")
def bare(one_trimmed: Places, tmp_path_factory: pytest.TempPathFactory) -> Places:
    """The same, without the files."""
    here = copied(one_trimmed, tmp_path_factory.mktemp("bare"))
    shutil.rmtree(here.data / "sealed")
    return here


@pytest.fixture
def trimmed(one_trimmed: Places, tmp_path: Path) -> Places:
    """The same, to be spoiled."""
    return copied(one_trimmed, tmp_path)
