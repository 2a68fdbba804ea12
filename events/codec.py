"""How a record is written down, and the chain that ties each record to the one before.

A stored record is one JSON object: an envelope, its link, the fact. The link is the first 40 hex
digits of the SHA-256 of the link before, the envelope's bytes and the digest of the fact's bytes;
so a fact that is masked or archived later still fits the chain by its digest.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

from msgspec import MsgspecError
from msgspec.json import Decoder, encode

from events.catalogue import AnyFact
from events.record import Record

LINK_DIGITS = 40
GENESIS = "0" * LINK_DIGITS  # what the first record is tied to
_LINK, _FACT = b',"hash":"', b'","fact":'
_DIGITS_AT = len(_LINK)
_FACT_AT = _DIGITS_AT + LINK_DIGITS
_BODY_AT = _FACT_AT + len(_FACT)

_decode_fact = Decoder(AnyFact).decode
_decode_record = Decoder(Record).decode


class UnspeakableFact(Exception):
    """A fact that would not come back from the log as it went in: a mistake of its teller."""


class UnreadableRecord(Exception):
    """A stored record that is not one: `position` says where, the message says why."""

    def __init__(self, position: int, why: str) -> None:
        super().__init__(f"record {position}: {why}")
        self.position, self.why = position, why


class Entry(NamedTuple):
    """What a teller hands to the bus: a fact, already in the form in which it will be kept."""

    at: datetime
    cause: int | None
    depth: int
    fact: AnyFact
    body: bytes


def entry(fact: AnyFact, at: datetime, cause: int | None = None, depth: int = 0) -> Entry:
    """Write a fact down and read it back, so that a bad one stops at its teller.

    Raises UnspeakableFact when it would come back different.
    """
    body = encode(fact)
    try:
        back = _decode_fact(body)
    except MsgspecError as error:
        raise UnspeakableFact(f"{fact.kind}: {error}") from error
    if back != fact:
        raise UnspeakableFact(f"{fact.kind}: comes back as another fact")
    return Entry(at, cause, depth, fact, body)


def link(before: str, envelope: bytes, body: bytes) -> str:
    """The link of a record, from the link before it."""
    chained = before.encode() + envelope + sha256(body).digest()
    return sha256(chained).hexdigest()[:LINK_DIGITS]


def written(position: int, by: str, said: Entry, before: str) -> tuple[bytes, str]:
    """A record's stored bytes and its link."""
    cause = b"null" if said.cause is None else b"%d" % said.cause
    deep = b',"depth":%d' % said.depth if said.depth else b""
    envelope = b'{"position":%d,"at":%b,"by":"%b","cause":%b%b' % (
        position,
        encode(said.at),
        by.encode(),
        cause,
        deep,
    )
    digits = link(before, envelope, said.body)
    return b"%b%b%b%b%b}" % (envelope, _LINK, digits.encode(), _FACT, said.body), digits


def read(position: int, state: bytes) -> Record:
    """The record kept as these bytes. Raises UnreadableRecord."""
    try:
        record = _decode_record(state)
    except (MsgspecError, UnicodeDecodeError) as error:
        raise UnreadableRecord(position, str(error)) from error
    if record.position != position:
        raise UnreadableRecord(position, f"claims to be record {record.position}")
    return record


def read_all(rows: Sequence[tuple[Any, ...]]) -> list[Record]:
    """The records kept in these rows. Raises UnreadableRecord.

    A row is a position, whatever else, and a state.
    """
    decode = _decode_record
    try:
        records = [decode(row[-1]) for row in rows]
    except (MsgspecError, UnicodeDecodeError):
        records = []
    if [record.position for record in records] != [row[0] for row in rows]:
        return [read(row[0], row[-1]) for row in rows]  # It says which, and why.
    return records


def parts(position: int, state: bytes) -> tuple[bytes, str, bytes]:
    """Envelope, link and fact of a stored record, undecoded. Raises UnreadableRecord."""
    if not isinstance(state, bytes):
        raise UnreadableRecord(position, "not kept as bytes: somebody edited it")
    at = state.find(_LINK)
    digits = state[at + len(_LINK) : at + len(_LINK) + LINK_DIGITS]
    fact = at + len(_LINK) + LINK_DIGITS
    if at < 0 or state[fact : fact + len(_FACT)] != _FACT or state[-1:] != b"}":
        raise UnreadableRecord(position, "not an envelope, a link and a fact")
    return state[:at], digits.decode("ascii", "replace"), state[fact + len(_FACT) : -1]


def last_link(rows: Sequence[tuple[Any, ...]], before: str, after: int = 0) -> str:
    """The link of the last of stored records in order. Raises UnreadableRecord at a broken one.

    As `check_chain`, made short; a row is a position, whatever else, and a state.
    """
    link = before.encode()
    for expected, row in enumerate(rows, after + 1):
        state = row[-1]
        if type(state) is not bytes:
            break
        at = state.find(_LINK)
        digits = state[at + _DIGITS_AT : at + _FACT_AT]
        chained = link + state[:at] + sha256(state[at + _BODY_AT : -1]).digest()
        link = sha256(chained).hexdigest()[:LINK_DIGITS].encode()
        is_formed = state[at + _FACT_AT : at + _BODY_AT] == _FACT and state[-1:] == b"}"
        if link != digits or row[0] != expected or at < 0 or not is_formed:
            break
    else:
        return link.decode()
    # It says what is wrong, and where.
    *_, (_, last) = check_chain(((row[0], row[-1]) for row in rows), before, after)
    return last


def check_chain(
    rows: Iterable[tuple[int, bytes]], before: str, after: int = 0
) -> Iterator[tuple[int, str]]:
    """Positions and links of stored records in order; raises UnreadableRecord at a broken one.

    `before` is the link of the record at `after`, in front of the first row.
    """
    for expected, (position, state) in enumerate(rows, after + 1):
        if position != expected:
            raise UnreadableRecord(expected, "missing")
        envelope, digits, body = parts(position, state)
        if digits != link(before, envelope, body):
            raise UnreadableRecord(position, "does not fit the record before it")
        before = digits
        yield position, digits
