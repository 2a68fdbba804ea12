"""The only one that writes to the store: commits what waits, and only then tells it."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Event, Thread, Timer
from time import monotonic

from msgspec import Struct, field

from events.messages import NOTHING, CaughtUp, News, Positions, Rouse, Subscribe
from events.readers import Reader, Readers, chosen, tell
from events.record import Record
from events.store import (
    Head,
    Row,
    Snapshot,
    Store,
    StoreBroken,
    StoreBusy,
    StoreError,
    StoreFull,
    pages,
)

BATCH_RECORDS_MAX = 1_000
BUSY_TRIES = 6
RETRY_SECONDS = 0.5
LINGER_SECONDS = 0.002
PASSING_SECONDS = 0.002  # so long who only looks on makes way for what is being started
REST_SECONDS = 0.02  # without news, after which the head is written down,
LAG_SECONDS = 0.25  # or after so long in any case


class Batch(Struct):
    """What is committed together, in the order in which it was told."""

    rows: list[Row] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    considered: dict[str, int] = field(default_factory=dict)
    snapshots: list[Snapshot] = field(default_factory=list)
    answers: list[tuple[Future[Positions], Positions]] = field(default_factory=list)
    may_go_on: bool = False  # It waits for nothing but company; nobody waits for it.

    def __bool__(self) -> bool:
        return bool(self.rows or self.considered or self.snapshots or self.answers)

    def absorb(self, later: "Batch") -> None:
        """Become one with what was told next."""
        self.rows += later.rows
        self.records += later.records
        self.considered |= later.considered
        self.snapshots += later.snapshots
        self.answers += later.answers
        self.may_go_on = self.may_go_on and later.may_go_on

    def refuse(self, error: BaseException) -> None:
        """Answer everybody who waits, once."""
        for future, _ in self.answers:
            future.set_exception(error)
        self.answers = []


class Introduction(Struct, frozen=True):
    """A reader, to be told history up to `head`, which has been handed over before this."""

    asked: Subscribe
    head: int


class Retry(Struct, frozen=True):
    """Try again what could not be committed."""


class End(Struct, frozen=True):
    """Commit what came before, and end; with an error, as failed."""

    error: BaseException | None = None


Message = Batch | Introduction | Rouse | Retry | End


class Pulse:
    """What others may read of the bus at any time: whether the disk is full, the newest record
    that was told (`head`), and how many wait for the disk. `changed` is told when the disk has
    filled, and again when there is space."""

    def __init__(
        self, head: Head, changed: Callable[[StoreFull | None], None] = lambda full: None
    ) -> None:
        self.full: StoreFull | None = None
        self.head = head
        self.sequenced = head.position
        self._changed = changed

    @property
    def waiting(self) -> int:
        """Records that have their place in the log and wait for the disk."""
        return max(0, self.sequenced - self.head.position)

    def tell(self, full: StoreFull | None) -> None:
        """Say whether the disk is full now."""
        before, self.full = self.full, full
        if (before is None) != (full is None):
            self._changed(full)


class Committer:
    """A thread behind the bus. Whatever is told after a commit is told from here.

    `space` is called when a disk that was full has space again; `failed` once, with what ended
    it. After that it refuses whatever comes, until the end.
    """

    def __init__(
        self,
        store: Store,
        pulse: Pulse,
        published: Callable[[Head], None],
        space: Callable[[], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._store, self._pulse = store, pulse
        self._published, self._space, self._failed = published, space, failed
        self._inbox: SimpleQueue[Message] = SimpleQueue()
        self._next: deque[Message] = deque()  # taken from there
        self._batch = Batch()
        self._performers, self._readers = Readers(News), Readers(News)
        self._unread: list[Record] = []  # of what is committed, by the readers
        self._passing_until = 0.0
        self._hurry, self._lingers = Event(), False
        self._unwritten: Head | None = None
        self._written_at = monotonic()
        self._ended = False
        self._thread = Thread(target=self._live, name="committer")

    def start(self) -> None:
        self._thread.start()

    def take(self, what: Batch | Introduction | Rouse) -> None:
        """Commit this, or introduce them, after all that was handed over before."""
        self._inbox.put(what)
        if self._lingers and not (isinstance(what, Batch) and what.may_go_on):
            self._hurry.set()

    def end(self, error: BaseException | None = None) -> None:
        """Commit what waits and return when that is done."""
        self._inbox.put(End(error))
        self._hurry.set()
        self._thread.join()

    def _live(self) -> None:
        try:
            while self._step(self._taken()):
                pass
        except BaseException as error:
            self._fail(error)

    def _taken(self) -> Message:
        if self._unread and (waiting := self._till_read()) is not None:
            return waiting
        if self._next:
            return self._next.popleft()
        if self._unwritten is not None:
            if monotonic() - self._written_at < LAG_SECONDS:
                with suppress(Empty):
                    return self._inbox.get(timeout=REST_SECONDS)
            self._write_head()
        return self._inbox.get()

    def _till_read(self) -> Message | None:
        """What comes while readers make way; None: they have been told."""
        if (left := self._passing_until - monotonic()) > 0:
            if self._next:
                return self._next.popleft()
            with suppress(Empty):
                return self._inbox.get(timeout=left)
        self._tell_readers()
        return None

    def _tell_readers(self) -> None:
        unread, self._unread = self._unread, []
        if unread:
            self._readers.tell(unread)

    def _step(self, what: Message) -> bool:
        match what:
            case Batch():
                self._batch = what
                self._gather()
                self._commit()
                self._publish()
            case Introduction(asked, head):
                self._introduce(asked, head)
            case Rouse():
                with suppress(StoreError):
                    self._store.head()  # By the way that a commit goes.
            case End(error):
                self._ended = True
                self._tell_readers()
                self._write_head()
                if error is not None:
                    raise error
        return not self._ended

    def _gather(self) -> None:
        """All that waits goes into one transaction, and what is concluded from it meanwhile."""
        self._take_in()
        if self._batch.may_go_on:
            self._hurry.clear()
            self._lingers = True  # What was handed over before this is taken in without a word.
            self._take_in()
            if self._batch.may_go_on:
                self._hurry.wait(LINGER_SECONDS)
            self._lingers = False
            self._take_in()

    def _take_in(self) -> None:
        while len(self._batch.rows) < BATCH_RECORDS_MAX:
            if not self._next:
                if self._inbox.empty():
                    return
                self._next.append(self._inbox.get())
            if not isinstance(first := self._next[0], Batch):
                return
            self._batch.absorb(first)
            self._next.popleft()

    def _commit(self) -> None:
        """Until it is done: the same batch, unchanged."""
        batch, busy = self._batch, 0
        while True:
            try:
                self._store.commit(batch.rows, batch.considered, batch.snapshots)
                return
            except StoreFull as error:
                self._pulse.tell(error)
                batch.refuse(error)  # It stands in line; asking again with its key is safe.
                self._wait(error)
            except StoreBusy as error:
                busy += 1
                if busy > BUSY_TRIES:
                    raise StoreBroken(f"{error}, {BUSY_TRIES} times running") from error
                self._wait(error)

    def _wait(self, error: StoreError) -> None:
        """Until it is time to try again; the last time is when everything ends."""
        self._tell_readers()
        if any(isinstance(waiting, End) for waiting in self._next):
            raise error
        again = Timer(RETRY_SECONDS, self._inbox.put, (Retry(),))
        again.daemon = True
        again.start()
        while not isinstance(came := self._inbox.get(), Retry):
            self._next.append(came)
            if isinstance(came, End):
                return
            if isinstance(came, Batch) and isinstance(error, StoreFull):
                came.refuse(error)

    def _publish(self) -> None:
        batch, self._batch = self._batch, Batch()
        was_full = self._pulse.full is not None
        self._pulse.tell(None)
        if batch.records:
            performed = self._performers.tell(batch.records)
            last = batch.records[-1]
            self._pulse.head = self._unwritten = Head(last.position, last.hash)
            if not self._unread:
                self._passing_until = monotonic() + PASSING_SECONDS if performed else 0.0
            self._unread += batch.records
        for future, positions in batch.answers:
            future.set_result(positions)
        if was_full:
            self._space()

    def _write_head(self) -> None:
        """It may lag: whoever waits for a commit comes first."""
        if self._unwritten is not None:
            self._published(self._unwritten)
            self._unwritten, self._written_at = None, monotonic()

    def _introduce(self, asked: Subscribe, head: int) -> None:
        self._tell_readers()  # Who comes is not told again what stands before him.
        history = None if asked.kinds is None else asked.kinds | asked.early
        for page in pages(self._store, asked.after) if asked.after < head else ():
            if wanted := chosen(page, history):
                tell(asked.reader, News(wanted))
        if tell(asked.reader, CaughtUp(head)) and asked.kinds != NOTHING:
            readers = self._performers if asked.early else self._readers
            readers.add(Reader(asked.reader, asked.kinds, head))

    def _fail(self, error: BaseException) -> None:
        self._batch.refuse(error)
        self._tell_readers()
        self._failed(error)
        while not self._ended:
            what = self._next.popleft() if self._next else self._inbox.get()
            if isinstance(what, Batch):
                what.refuse(error)
            self._ended = isinstance(what, End)
