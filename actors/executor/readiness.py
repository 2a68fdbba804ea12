"""What must be so before a run begins, and costs nothing to find out.

Its secrets, its worktree, its walls and its own readiness test come before its folder is made:
until then it has not been started, and whoever comes later may begin it anew.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from msgspec import structs

from actors.executor import sandbox, secrets, worktrees
from actors.executor.aside import SECONDS_MAX, Room, heard, left_alone
from actors.executor.brief import RunBrief
from actors.executor.folders import Folders
from actors.executor.loop import Steps
from actors.executor.sandbox import Wall, bare
from actors.executor.secrets import Veil, Veiled
from actors.executor.spawning import NotStarted, resolved
from actors.executor.watching import Taker
from actors.executor.worktrees import tree_of
from events.runs import RunEnded

_STANDS: dict[bool, bool] = {}  # by whether it lets the network in: walls that were tried


class Surroundings:
    """What a run lives in. `ours` is the daemon's own environment, as far as it was passed on."""

    def __init__(self, brief: RunBrief, folders: Folders, ours: Mapping[str, str]) -> None:
        self.folders = folders
        self.wall: Wall = bare
        self.secrets: dict[str, str] = {}
        self._brief, self._ours, self._repository = brief, ours, Path()

    @property
    def _is_plain(self) -> bool:
        """Nothing at all is to be arranged for."""
        action = self._brief.action
        asked = action.ready_command or action.success_command or action.secrets
        return not (asked or self._brief.tree or action.sandbox != "none")

    @cached_property
    def veil(self) -> Veil | None:
        """Over its secrets, also those of a run that began in another life."""
        known = self.secrets
        if self._brief.action.secrets and not known:
            found = secrets.found(self._brief.action.secrets, self._ours)
            known = {} if isinstance(found, NotStarted) else found
        return Veil(known.values()) if known else None

    def veiling(self, output: Taker) -> Taker:
        """What it prints goes there, without its secrets."""
        return output if self.veil is None else Veiled(output, self.veil)

    def arranged(self, room: Callable[[], Room]) -> Steps[NotStarted | None]:
        """See to all of it; why the run may not begin, or None. `room` is as things are then."""
        if self._is_plain:
            return None
        yield from left_alone(room())
        unfit = self._unfit() or (yield from self._placed(room))
        return unfit or (yield from self._walled(room)) or (yield from _ready(room()))

    def arranged_again(self, room: Callable[[], Room]) -> Steps[NotStarted | None]:
        """Likewise for a look at what became of it: nothing is made that is not there."""
        yield from left_alone(room())
        unfit = self._unfit()
        if unfit is None and tree_of(self.folders.data, self._brief.tree).exists():
            unfit = yield from self._placed(room)
        return unfit or (yield from self._walled(room))

    def left(self, room: Room, ended: RunEnded) -> Steps[RunEnded]:
        """It is over: nothing of it stays but what would be missed, and that is said."""
        if self.veil is not None:
            ended = self.veil.over(ended)
        if not self._brief.tree:
            return ended
        words = yield from worktrees.let_go(room)
        detail = ended.detail if words in ended.detail else f"{ended.detail}; {words}"
        return structs.replace(ended, detail=detail.removeprefix("; "))

    def found_over(self, room: Room, ended: RunEnded) -> Steps[RunEnded]:
        """Likewise of one that began in another life, whose tests may live still."""
        if not self._is_plain:
            yield from left_alone(room)
        return (yield from self.left(room, ended))

    def _unfit(self) -> NotStarted | None:
        action = self._brief.action
        with suppress(FileExistsError):
            os.mkdir(self.folders.work, 0o700)  # noqa: PTH102
        found = secrets.found(action.secrets, self._ours)
        if isinstance(found, NotStarted):
            return found
        self.secrets = found
        if action.sandbox != "none" and not sandbox.builder():
            return NotStarted("sandbox_missing", "bwrap (bubblewrap) is not installed")
        return None

    def _placed(self, room: Callable[[], Room]) -> Steps[NotStarted | None]:
        if not self._brief.tree:
            return None
        tree = yield from worktrees.made(room())
        if isinstance(tree, NotStarted):
            return tree
        self.folders = self.folders._replace(place=tree.place)
        self._repository = tree.repository
        return None

    def _walled(self, room: Callable[[], Room]) -> Steps[NotStarted | None]:
        """Build the walls; the first of their kind are tried before anything is spent."""
        action = self._brief.action
        if action.sandbox == "none":
            return None
        if not _STANDS.get(action.network):
            tried = yield from heard(room(), "wall", sandbox.trial(action.network), SECONDS_MAX)
            if tried.exit_code != 0:
                why = f"no sandbox can be made here: {tried.words}"
                return NotStarted("sandbox_missing", why)
            _STANDS[action.network] = True
        self.wall = sandbox.around(self._inside())
        return None

    def _inside(self) -> sandbox.Inside:
        data, run, work, place = self.folders
        git, own = self._repository, self._brief.tree
        tree = tree_of(data, self._brief.tree)
        shared = (tree, *worktrees.written(git, self._brief.tree)) if own else ()
        seen, network = (git,) if own else (), self._brief.action.network
        return sandbox.Inside(data, place, (place, run, work, *shared), seen, network)


def _ready(room: Room) -> Steps[NotStarted | None]:
    """Its own readiness test, once it is known that its other tests can be made at all."""
    action = room.brief.action
    for missing in _missing(room):
        return missing
    if not action.ready_command:
        return None
    seconds = min(SECONDS_MAX, action.timeout_seconds)
    said = yield from heard(room, "ready", action.ready_command, seconds)
    if said.exit_code == 0:
        return None
    if said.trouble is not None and said.trouble != "timed_out":
        return NotStarted(said.trouble, said.words)
    return NotStarted("not_ready", said.words or f"its readiness test said {said.exit_code}")


def _missing(room: Room) -> Iterator[NotStarted]:
    """Tests whose program is nowhere; one that the run itself is to bring may come yet."""
    action, search = room.brief.action, room.environment.get("PATH", os.defpath)
    for command in (action.ready_command, action.success_command):
        if command and (command is action.ready_command or "/" not in command[0]):
            found = resolved(command[0], room.folders.place, search)
            if isinstance(found, NotStarted):
                yield found
