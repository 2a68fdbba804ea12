"""A second opinion on policies: a walk through a day, minute by minute, with rules of its own.

It knows nothing of the code it judges, nor of its words. Times are whole minutes of UTC, counted
from any midnight; what a wall shows is those plus an offset, which may change once.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

DAY, HOUR = 24 * 60, 60
GRACE = 1  # So much later still is in time.


class Clocks(NamedTuple):
    """What a wall shows more than UTC, before and from `turn` on."""

    before: int
    after: int
    turn: int

    def shows(self, at: int) -> int:
        return at + (self.before if at < self.turn else self.after)


class Scene(NamedTuple):
    """What happens to one intent from `begin` to `end`; `times` are those on the wall."""

    clocks: Clocks
    times: Sequence[int]
    begin: int = 0
    end: int = DAY
    away: tuple[int, int] = (0, 0)  # from, to
    why: str = ""  # nobody was there
    takes: int = 0
    paused: tuple[int, int] = (0, 0)
    edited: int | None = None  # the moment, and the times from then on
    new_times: Sequence[int] = ()


class Choice(NamedTuple):
    """The policies; limits and the window of `within` are those of the table."""

    misfire: str
    overlap: str
    gap: str
    twice: str
    misfire_limit: int = 3
    window: int | None = None
    overlap_limit: int = 2


def comes(scene: Scene, times: Sequence[int], choice: Choice) -> dict[int, str]:
    """When it comes, and for each of these whether a change of clocks makes it unwanted."""
    shown: dict[int, list[int]] = {}
    for at in range(scene.begin - HOUR, scene.end + HOUR):
        shown.setdefault(scene.clocks.shows(at), []).append(at)
    found: dict[int, str] = {}
    turn = scene.clocks.turn
    for wall in range(min(shown), max(shown) + 1):
        if wall % DAY not in times:
            continue
        if wall not in shown:
            found.setdefault(turn, "dst_gap" if choice.gap == "skip" else "")
        for nth, at in enumerate(shown.get(wall, ())):
            is_unwanted = len(shown[wall]) == 2 and choice.twice == ("last", "first")[nth]
            found[at] = "dst_overlap" if is_unwanted else ""
    return {at: found[at] for at in sorted(found) if scene.begin <= at < scene.end}


def foretold(scene: Scene, choice: Choice) -> Mapping[int, str]:
    """What becomes of each occurrence, in the words of the verdict and its reason."""
    return _Walk(scene, choice).walked()


class _Walk:
    def __init__(self, scene: Scene, choice: Choice) -> None:
        self.scene, self.choice = scene, choice
        self.coming = comes(scene, scene.times, choice)
        self.verdicts: dict[int, str] = {}
        self.open: list[int] = []  # when what runs will end
        self.waiting: list[int] = []
        self.looked = scene.begin - 1
        self.batch: list[int] = []

    def walked(self) -> Mapping[int, str]:
        scene = self.scene
        gone, back = scene.away
        for at in range(scene.begin, scene.end):
            if at == gone:
                self.end(at - 1)
            if at == gone and scene.why == "host_slept":
                self.open = [end + back - gone for end in self.open]
            if gone <= at < back:
                continue
            if at == scene.edited and {*scene.new_times} != {*scene.times}:
                self.edit(at)
            if at == back:  # Whoever comes back looks at the clock first.
                self.look(at, scene.why)
            self.end(at)
            self.look(at, "late")
        return self.verdicts

    def end(self, at: int) -> None:
        ended = [end for end in self.open if end <= at]
        self.open = [end for end in self.open if end > at]
        if ended:
            self.let_in(at)

    def let_in(self, at: int) -> None:
        while self.waiting and not self.open:
            self.start(self.waiting.pop(0), at)

    def start(self, due: int, at: int) -> None:
        begun, until = self.scene.paused
        if begun <= at < until:
            self.verdicts[due] = "skipped: paused"
            return
        self.verdicts[due] = "planned"
        self.open.append(at + self.scene.takes)

    def edit(self, at: int) -> None:
        for due in self.coming:
            if due > self.looked:
                self.verdicts[due] = "superseded: edited"
        for due in self.waiting:
            self.verdicts[due] = "superseded: edited"
        self.waiting, self.looked = [], at - 1
        new = comes(self.scene, self.scene.new_times, self.choice)
        self.coming = {due: why for due, why in new.items() if due >= at}

    def look(self, at: int, why: str) -> None:
        late = [due for due in self.coming if self.looked < due <= at]
        self.looked = at
        in_time = late[-1:] if late and at - late[-1] <= GRACE else []
        overdue = late[: len(late) - len(in_time)]
        for due in in_time + self.made_up_for(overdue, in_time, at, why):
            if self.coming[due]:
                self.verdicts[due] = f"skipped: {self.coming[due]}"
            else:
                self.due(due, at)
        self.overtake(at)

    def made_up_for(self, late: list[int], in_time: list[int], at: int, why: str) -> list[int]:
        """Those that become due all the same; the others have their verdict."""
        policy, window = self.choice.misfire, self.choice.window
        if not late or policy == "skip":
            self.miss(late, why, "skip")
            return []
        if in_time and policy in ("run_once_latest", "run_once_earliest"):
            self.join(late, why, in_time[0])
            return []
        if policy == "run_once_latest":
            return self.latest(late, at, why)
        old = [due for due in late if window is not None and at - due > window]
        self.miss(old, why, "window")
        late = late[len(old) :]
        if policy == "run_once_earliest":
            self.join(late[1:], why, late[0] if late else 0)
            return late[:1]
        most = max(0, len(late) - self.choice.misfire_limit)
        self.miss(late[:most], why, "limit")
        return late[most:]

    def latest(self, late: list[int], at: int, why: str) -> list[int]:
        last = late[-1]
        following = [due for due in self.coming if due > last and not self.coming[due]]
        following += [due + DAY for due in self.coming if not self.coming[due]]
        window = self.choice.window
        if window is None:
            window = min(4 * HOUR, following[0] - last) // 2
        if at - last > window:
            self.miss(late, why, "window")
            return []
        self.join(late[:-1], why, last)
        return [last]

    def miss(self, late: Sequence[int], why: str, policy: str) -> None:
        for due in late:
            self.verdicts[due] = f"missed: {why}, {policy}"

    def join(self, late: Sequence[int], why: str, into: int) -> None:
        for due in late:
            self.verdicts[due] = f"coalesced: {why}, into {into}"

    def due(self, due: int, at: int) -> None:
        overlap = self.choice.overlap
        begun, until = self.scene.paused
        if not self.open or overlap == "allow_all" or begun <= at < until:
            self.start(due, at)
        elif overlap == "skip":
            self.verdicts[due] = "skipped: still_running"
        elif overlap in ("buffer_one", "buffer_all"):
            room = 1 if overlap == "buffer_one" else self.choice.overlap_limit
            if len(self.waiting) < room:
                self.waiting.append(due)
            else:
                self.verdicts[due] = "skipped: buffer_full"
        else:
            for older in self.waiting:
                self.verdicts[older] = "superseded: newer_occurrence"
            self.waiting = [due]

    def overtake(self, at: int) -> None:
        """What runs is ended for what waits, by two of the policies."""
        if self.waiting and self.choice.overlap in ("cancel_other", "terminate_other"):
            self.open = []
            self.let_in(at)


def table() -> list[dict[str, Any]]:
    """Each choice once."""
    return [
        {"misfire": misfire, "overlap": overlap, "gap": gap, "twice": twice}
        for misfire in ("skip", "run_once_latest", "run_once_earliest", "run_all", "within")
        for overlap in (
            "skip", "buffer_one", "buffer_all", "keep_latest", "cancel_other",
            "terminate_other", "allow_all",
        )
        for gap in ("shift_forward", "skip")
        for twice in ("first", "last", "both")
    ]  # fmt: skip
