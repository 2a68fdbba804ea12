"""Where a run keeps its files, and where it works. Folders are 0700, files 0600."""

import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from actors.executor.brief import RunBrief

INPUT, OUTPUT, RESULT = "input.json", "output.log", "result.json"
RUNS, OUTCOMES = "runs", "outcomes"
SINCE = ".since"  # in `outcomes`, from when on ends are written there
PROMPT, REQUEST, PRINTED = "prompt", "request.json", "printed.log"


class Folders(NamedTuple):
    """`run` is of one run alone, its temporary files among it; `work` is shared by the steps.

    As few files as can be: on some file systems making one costs more than starting a process.
    """

    data: Path
    run: Path
    work: Path
    place: Path  # the process's working directory: the lane's, else that of the work

    @property
    def input(self) -> Path:
        """The input, a JSON object."""
        return self.run / INPUT

    @property
    def output(self) -> Path:
        """What was printed, as far as the limit goes; not there as long as nothing was."""
        return self.run / OUTPUT

    @property
    def printed(self) -> Path:
        """What a program printed for us to read, where `output` is what people read of it."""
        return self.run / PRINTED

    @property
    def result(self) -> Path:
        """Where the job may say something of itself."""
        return self.run / RESULT

    def make(self, input_json: str) -> None:
        """Make them. FileExistsError: this run has been here before."""
        os.mkdir(self.run, 0o700)  # noqa: PTH102  Path.mkdir asks and handles more.
        with suppress(FileExistsError):
            os.mkdir(self.work, 0o700)  # noqa: PTH102
        written_anew(self.run / INPUT, input_json.encode())


def written_anew(path: Path, text: bytes) -> None:
    """Write a file that nobody has made yet."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        while text:
            text = text[os.write(descriptor, text) :]
    finally:
        os.close(descriptor)


def folders_of(brief: RunBrief, data: Path) -> Folders:
    """The folders of a run, whether they are there or not."""
    work = data / f"work/{brief.work}"
    place = Path(brief.lane_directory).absolute() if brief.lane_directory else work
    return Folders(data, data / f"runs/{brief.run}", work, place)


def make_roots(data: Path) -> None:
    """Make what all runs share."""
    for folder in (data, data / RUNS, data / "work"):
        folder.mkdir(0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        (data / OUTCOMES).mkdir(0o700)
        (data / OUTCOMES / SINCE).touch(0o600)
