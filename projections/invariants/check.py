"""What a check is: a subject with a name, the facts that it hears, and what it finds wrong."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NamedTuple

from events.fact import Fact
from events.record import Record
from projections.invariants.past import Past


class Violation(NamedTuple):
    """Something that no log of ours can hold, where, and why."""

    invariant: str
    position: int
    reason: str


Tell = Callable[[Violation], None]
Handler = Callable[[Record, Any], None]


class Check:
    """Hears facts in the order of the log, each after `Past` has learned where it stands."""

    NAME: ClassVar[str]

    def __init__(self, past: Past, tell: Tell) -> None:
        self.past, self._tell = past, tell

    def handlers(self) -> Mapping[type[Fact], Handler]:
        """What is to be called for each kind of fact."""
        raise NotImplementedError

    def finish(self, closed: bool) -> None:
        """The log ends here; it is `closed` when the daemon stopped in order."""

    def wrong(self, record: Record | int, reason: str) -> None:
        """Say that something is wrong there."""
        position = record if isinstance(record, int) else record.position
        self._tell(Violation(self.NAME, position, reason))
