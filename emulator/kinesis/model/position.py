"""Starting positions, and the opaque tokens that carry a place: shard iterators, and the NextTokens of listings."""

import base64
import hashlib
import itertools
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from wavetank.emulator.kinesis.errors import ExpiredIterator, ExpiredNextToken, InvalidArgument

ITERATOR_LIFETIME_MS = 300_000
TOKEN_LIFETIME_MS = 300_000


class Start(StrEnum):
    """The kind of a starting position (AWS: ShardIteratorType)."""

    AT_SEQUENCE_NUMBER = "AT_SEQUENCE_NUMBER"
    AFTER_SEQUENCE_NUMBER = "AFTER_SEQUENCE_NUMBER"
    TRIM_HORIZON = "TRIM_HORIZON"
    LATEST = "LATEST"
    AT_TIMESTAMP = "AT_TIMESTAMP"


BY_SEQUENCE = frozenset({Start.AT_SEQUENCE_NUMBER, Start.AFTER_SEQUENCE_NUMBER})


@dataclass(frozen=True, slots=True)
class StartingPosition:
    """A kind of start and what that kind needs: a sequence number, or a time in milliseconds since the epoch."""

    start: Start
    sequence_number: str | None = None
    timestamp_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """The next record to read: a stream (which one of that name: by its creation time), a shard and an index."""

    account: str
    region: str
    stream: str
    created_ms: int
    shard: int
    index: int

    def at(self, index: int) -> "Cursor":
        """The same reader at another index."""
        return replace(self, index=index)


_HEAD = struct.Struct(">BQQQQI")
_FORMAT = 1
_ISSUED = itertools.count()
_KEY = b"wavetank kinesis token"
_MAC_BYTES = 12


def iterator(cursor: Cursor, now_ms: int) -> str:
    """The shard iterator for `cursor`, good for five minutes; no two iterators are the same."""
    numbers = (_FORMAT, now_ms, cursor.created_ms, cursor.index, cursor.shard, next(_ISSUED) & 0xFFFFFFFF)
    names = "/".join((cursor.account, cursor.region, cursor.stream)).encode()
    return seal(_HEAD.pack(*numbers) + names)


def cursor(token: str, now_ms: int) -> Cursor:
    """The cursor that a token was made from.

    A token in surrounding quotes is taken too, as AWS does. Raises InvalidArgument for anything else that
    `iterator` did not make, ExpiredIterator when it is older than five minutes.
    """
    body = unseal(token.strip('"'))
    if body is None or len(body) < _HEAD.size or body[0] != _FORMAT:
        raise InvalidArgument("Invalid ShardIterator.")
    _, issued_ms, created_ms, index, shard, _ = _HEAD.unpack_from(body)
    if now_ms - issued_ms > ITERATOR_LIFETIME_MS:
        raise expired_iterator(issued_ms, now_ms)
    account, region, stream = body[_HEAD.size :].decode().split("/")
    return Cursor(account, region, stream, created_ms=created_ms, shard=shard, index=index)


def stream_arn(token: str) -> str:
    """The ARN of the stream that an iterator or the token of a listing of shards is of; empty for any other text."""
    body = unseal(token.strip('"'))
    if body is None:
        return ""
    if body[0] != _FORMAT:
        return str(json.loads(body).get("arn") or "")
    account, region, stream = body[_HEAD.size :].decode().split("/")
    return f"arn:aws:kinesis:{region}:{account}:stream/{stream}"


def expired_iterator(issued_ms: int, now_ms: int) -> ExpiredIterator:
    """The error for an iterator that is too old now."""
    issued, now = (
        datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%a %b %d %H:%M:%S UTC %Y")
        for time_ms in (issued_ms, now_ms)
    )
    return ExpiredIterator(
        f"Iterator expired. The iterator was created at time {issued} while right now it is {now} which is further in "
        f"the future than the tolerated delay of {ITERATOR_LIFETIME_MS} milliseconds."
    )


def next_token(place: Mapping[str, Any], now_ms: int) -> str:
    """The NextToken of a listing that goes on at `place` (plain JSON-able data), good for five minutes."""
    return seal(json.dumps({"issued_ms": now_ms, **place}).encode())


def listing_place(token: str, now_ms: int) -> Mapping[str, Any]:
    """The place that a NextToken was made from; raises InvalidArgument, ExpiredNextToken."""
    body = unseal(token)
    if body is None:
        raise InvalidArgument("NextToken is invalid.")
    place: Mapping[str, Any] = json.loads(body)
    if now_ms - place["issued_ms"] > TOKEN_LIFETIME_MS:
        raise ExpiredNextToken("NextToken has expired.")
    return place


def seal(body: bytes) -> str:
    """The token for `body`."""
    return base64.b64encode(_mac(body) + body).decode()


def unseal(token: str) -> bytes | None:
    """The body that `token` was made from; None when `seal` did not make it."""
    try:
        raw = base64.b64decode(token, validate=True)
    except ValueError:
        return None
    body = raw[_MAC_BYTES:]
    return body if raw[:_MAC_BYTES] == _mac(body) else None


def _mac(body: bytes) -> bytes:
    return hashlib.blake2s(body, key=_KEY, digest_size=_MAC_BYTES).digest()
