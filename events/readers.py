"""Who hears what: readers with the kinds they want."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct, field
from pykka import ActorDeadError, ActorRef

from events.messages import NOTHING, Early, Kinds, News
from events.record import Record

GATHERED_MAX = 500  # records that nobody was woken for


class Reader(Struct, eq=False):
    """Somebody who is told what stands behind `after`; for the `idle` kinds alone he is not
    woken. `gathered` is what he was not woken for."""

    ref: ActorRef[Any]
    kinds: Kinds | None
    after: int
    idle: Kinds = NOTHING
    gathered: list[Record] = field(default_factory=list)

    def due(self, wanted: Sequence[Record]) -> Sequence[Record]:
        """What he is to be told now; nothing when it can wait."""
        if not self.idle:
            return wanted
        self.gathered += wanted
        if len(self.gathered) < GATHERED_MAX and all(type(it.fact) in self.idle for it in wanted):
            return ()
        due, self.gathered = self.gathered, []
        return due


class Readers:
    """Tells batches, one message each; a reader that has died is forgotten."""

    def __init__(self, message: type[News] | type[Early]) -> None:
        self._message = message
        self._readers: list[Reader] = []

    def add(self, reader: Reader) -> None:
        self._readers.append(reader)

    def tell(self, records: Sequence[Record]) -> bool:
        """Records in the order of the log; whether anybody was woken by them."""
        gone, heard = [], False
        for reader in self._readers:
            if due := reader.due(_wanted(reader, records)):
                heard = True
                if not tell(reader.ref, self._message(due)):
                    gone.append(reader)
        for reader in gone:
            self._readers.remove(reader)
        return heard


def _wanted(reader: Reader, records: Sequence[Record]) -> Sequence[Record]:
    if records[0].position <= reader.after:
        records = [record for record in records if record.position > reader.after]
    return chosen(records, reader.kinds)


def chosen(records: Sequence[Record], kinds: Kinds | None) -> Sequence[Record]:
    """Those of the kinds; all of them without any."""
    if kinds is None:
        return records
    return [record for record in records if type(record.fact) in kinds]


def tell(reader: ActorRef[Any], message: object) -> bool:
    """False when it has died; its successor will ask for what it missed."""
    try:
        reader.tell(message)
    except ActorDeadError:
        return False
    return True
