"""A job makes files as its user's shell would; what the daemon keeps is for its user alone."""

from pathlib import Path

import pytest

from tests.whole.daemon_story import house, living, sh

pytestmark = pytest.mark.living

MAKES = f"[actions.makes]\n{sh('umask; echo x > made')}\n"


@pytest.mark.parametrize("umask", [0o022, 0o002])
def test_a_job_has_the_umask_with_which_the_daemon_was_started(tmp_path: Path, umask: int) -> None:
    with living(house(tmp_path, MAKES), umask=umask) as daemon:
        work = daemon.request("makes")
        assert daemon.finished(work) == ["completed"]
        (run,) = daemon.projected().told("runs")
        said = daemon.told("output", run["run"])["output"]
        data = daemon.here.data
        made = data / "work" / work / "made"
        ours = [path for path in data.rglob("*") if path != made and not path.is_socket()]
        modes = {path.name: path.stat().st_mode & 0o077 for path in ours}
        assert daemon.stop() == 0
    assert int(said, 8) == umask
    assert made.stat().st_mode & 0o777 == 0o666 & ~umask
    assert {"log.sqlite", "output.log", "runs", "projections.sqlite"} <= modes.keys()
    assert not any(modes.values()), modes
