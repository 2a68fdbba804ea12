"""The routes: what a client may ask of the daemon, with the words of the command line."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec
import orjson
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from events.catalogue import ARequest
from events.record import Record
from events.store import StoreError, StoreFull
from horarium.daemon.edge import Edge, NotNow, OutOfReach

BODY_MAX_BYTES = 256 * 1024
DEPTH_MAX = 32

_decoder: msgspec.json.Decoder[ARequest] = msgspec.json.Decoder(ARequest)


class _Refused(Exception):
    """A request that is answered with this status and these words."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


def app(edge: Edge, status: Callable[[], Mapping[str, Any]]) -> Starlette:
    """`status` gives what only the living daemon knows."""
    answers = _Answers(edge, status)
    return Starlette(
        routes=[
            Route("/v1/requests", answers.ask, methods=["POST"]),
            Route("/v1/status", answers.tell, methods=["GET"]),
            Route("/v1/heartbeat", answers.heartbeat, methods=["GET"]),
        ]
    )


class _Answers(NamedTuple):
    """What each route says."""

    edge: Edge
    status: Callable[[], Mapping[str, Any]]

    async def ask(self, request: Request) -> Response:
        try:
            wanted = _request_in(await _body(request))
        except _Refused as refused:
            return _json({"error": str(refused)}, refused.status)
        try:
            position, answer = await run_in_threadpool(self.edge.ask, wanted)
        except (OutOfReach, NotNow, StoreError, TimeoutError) as error:
            return _unanswered(wanted.key, error)
        if answer is None:
            return _json({"position": position, "key": wanted.key}, 202)
        return _json({"position": position, "answer": document(answer)})

    async def heartbeat(self, request: Request) -> Response:
        return _alive_or_hung(await self._life())

    async def tell(self, request: Request) -> Response:
        found = await self._life()
        return _alive_or_hung({**self.status(), **found})

    async def _life(self) -> dict[str, Any]:
        try:
            beat = await run_in_threadpool(self.edge.beat)
        except StoreError as error:
            return {"state": "hung", "silent": ["bus"], "error": str(error)}
        state = "hung" if beat.silent else "alive"
        return {"state": state, "beat_at": self.edge.now(), **msgspec.to_builtins(beat)}


def _unanswered(key: str, error: Exception) -> Response:
    match error:
        case OutOfReach():
            return _json({"error": str(error)}, 400)
        case StoreFull():
            again = f"asking again with key {key} doubles nothing"
            words = f"{error}; it may be taken in when there is space: {again}"
            return _json({"error": words}, 503)
    return _json({"error": str(error) or "the log does not answer"}, 503)


def _alive_or_hung(found: dict[str, Any]) -> Response:
    return _json(found, 200 if found["state"] == "alive" else 503)


def document(record: Record) -> dict[str, Any]:
    """A record as everybody outside sees it, its kind beside its fact."""
    fact = msgspec.to_builtins(record.fact)
    kind = fact.pop("kind")
    return {
        "position": record.position,
        "at": record.at,
        "by": record.by,
        "cause": record.cause,
        "depth": record.depth,
        "kind": kind,
        "fact": fact,
        "hash": record.hash,
    }


def _json(content: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(content), status, media_type="application/json")


async def _body(request: Request) -> bytes:
    body = b""
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_MAX_BYTES:
                raise _Refused(413, f"more than {BODY_MAX_BYTES} bytes")
    except ClientDisconnect as gone:
        raise _Refused(400, "the client went away") from gone
    return body


def _request_in(body: bytes) -> ARequest:
    if _deeper_than(body, DEPTH_MAX):
        raise _Refused(400, f"nested deeper than {DEPTH_MAX}")
    try:
        wanted = _decoder.decode(body)
        for name, text in _objects(wanted):
            if not isinstance(orjson.loads(text), dict):
                raise _Refused(400, f"{name}: not a JSON object")
    except (msgspec.MsgspecError, UnicodeDecodeError, orjson.JSONDecodeError) as error:
        raise _Refused(400, str(error)) from error
    return wanted


def _objects(wanted: ARequest) -> Iterator[tuple[str, str]]:
    """Texts that have to hold a JSON object."""
    for holder in (wanted, getattr(wanted, "intent", None)):
        for name in ("input_json", "data_json"):
            if isinstance(text := getattr(holder, name, None), str):
                yield name, text


def _deeper_than(body: bytes, limit: int) -> bool:
    """Whether brackets nest deeper; those within texts count too, which only refuses more."""
    depth = 0
    for byte in body:
        if byte in b"[{":
            depth += 1
            if depth > limit:
                return True
        elif byte in b"]}":
            depth -= 1
    return False
