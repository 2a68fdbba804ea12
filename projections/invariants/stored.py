"""The log as it is kept: no gap, every link fits, every record can be read."""

from collections.abc import Iterable, Iterator
from hashlib import sha256

from msgspec import MsgspecError
from msgspec.json import Decoder

from events.codec import GENESIS, LINK_DIGITS
from events.record import Record
from events.store import Head
from projections.invariants.check import Tell, Violation

RECORD_BYTES_MAX = 8 * 1024 * 1024
PAGE_RECORDS = 400
BEGINNING = Head(0, GENESIS)

_HASH, _FACT = b',"hash":"', b'","fact":'
_DIGITS_AT = len(_HASH)
_BODY_AT = _DIGITS_AT + LINK_DIGITS + len(_FACT)

StoredRow = tuple[int, object]  # the state is untrusted: it may be anything


class Stored:
    """Reads stored records in order and tells what is wrong with them.

    The first one that is missing or cannot be read ends what `pages` gives: nothing that
    follows could be judged by it. The chain is still checked to the end.
    """

    def __init__(self, tell: Tell, anchor: Head | None = None, begins: Head = BEGINNING) -> None:
        """`begins` is the record in front of the first that is given."""
        self._tell, self._anchor = tell, anchor
        self._anchored = anchor.position if anchor is not None else 0
        self._link = begins.hash.encode()
        self._decode = Decoder(Record).decode
        self.position = begins.position  # of the newest record that stood in its place
        self.blind = False  # something could not be read

    @property
    def link(self) -> str:
        """The link of that record."""
        return self._link.decode("ascii", "replace")

    def pages(self, rows: Iterable[StoredRow]) -> Iterator[list[Record]]:
        """What can be judged, some at a time."""
        page: list[Record] = []
        for position, state in rows:
            if position != self.position + 1:
                self._gap(position)
            self.position = position
            if type(state) is not bytes or len(state) > RECORD_BYTES_MAX:
                self._unreadable(_why_not_bytes(state))
                continue
            if not self._fits(state):
                self._wrong("chain", "does not fit the record before it")
            if position == self._anchored:
                self._check_anchor()
            if not self.blind and (record := self._read(state)) is not None:
                page.append(record)
                if len(page) == PAGE_RECORDS:
                    yield page
                    page = []
        if page:
            yield page

    def finish(self) -> None:
        """The log ends here; what is kept beside it may know of more."""
        kept = self._anchor
        if kept is not None and self.position < kept.position:
            lost = f"records {self.position + 1} to {kept.position} are lost"
            self._wrong("head", f"the log ends here, but {kept.position} was written: {lost}")

    def _gap(self, position: int) -> None:
        expected = self.position + 1
        if position > expected:
            last = f" to {position - 1}" if position > expected + 1 else ""
            self._tell(Violation("shape", expected, f"missing{last}"))
        else:
            self._tell(Violation("shape", position, f"stands behind record {self.position}"))
        self.blind = True

    def _fits(self, state: bytes) -> bool:
        """Whether it is tied to the record before it; the next is held against its own link."""
        at = state.find(_HASH)
        digits, body = at + _DIGITS_AT, at + _BODY_AT
        before, self._link = self._link, state[digits : digits + LINK_DIGITS]
        chained = before + state[:at] + sha256(state[body:-1]).digest()
        made = sha256(chained).hexdigest().encode()
        return (
            made.startswith(self._link)
            and len(self._link) == LINK_DIGITS
            and state[digits + LINK_DIGITS : body] == _FACT
            and state[-1:] == b"}"
        )

    def _check_anchor(self) -> None:
        if self._anchor is not None and self._anchor.hash != self.link:
            self._wrong("head", "is not the record that was written here")

    def _read(self, state: bytes) -> Record | None:
        try:
            record = self._decode(state)
        except (MsgspecError, UnicodeDecodeError, RecursionError) as error:
            self._unreadable(str(error)[:300])
            return None
        if record.position != self.position:
            self._unreadable(f"claims to be record {record.position}")
            return None
        return record

    def _unreadable(self, why: str) -> None:
        if not self.blind:
            self._wrong("readable", f"{why}; what follows was only checked for its chain")
        self.blind = True

    def _wrong(self, invariant: str, why: str) -> None:
        self._tell(Violation(invariant, self.position, why))


def _why_not_bytes(state: object) -> str:
    if state is None or isinstance(state, bytes):
        return f"more than {RECORD_BYTES_MAX} bytes"
    return "not kept as bytes: somebody edited it"
