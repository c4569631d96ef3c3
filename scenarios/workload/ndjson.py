"""Reads newline JSON, plain, gzip or zstd, line by line in constant memory and linear time; nothing read is dropped.

A number keeps the text it was written with (`Number`), so that no digit is lost before the schema says what
the number is for. RFC 8259; duplicate names in an object, which it leaves open, are refused here because a
reader would have to drop one.
"""

import io
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, BinaryIO

from wavetank.scenarios.workload.rejects import Rejection, RejectReason
from wavetank.scenarios.workload.rows import Json, Row

MAX_LINE_BYTES = 8 * 1024 * 1024
"""A Kinesis record, of 1 MiB, takes six times as much in JSON where every byte of it is escaped."""
KEPT_OF_LONG_LINE_BYTES = 1024
_CHUNK_BYTES = 64 * 1024
_PACKED_BYTES = 16 * 1024
"""Of gzip, at a time: what follows a member in them is copied once for each member."""
_GZIP_MARK = b"\x1f\x8b"
_ZSTD_MARK = b"\x28\xb5\x2f\xfd"
_BOM = b"\xef\xbb\xbf"


class Number(str):
    """A JSON number as it was written."""

    __slots__ = ()


class LineReader:
    """The lines of a stream, plain, gzip or zstd. `broken` says why it ended early, if it did."""

    def __init__(self, stream: BinaryIO, max_line_bytes: int = MAX_LINE_BYTES) -> None:
        self._stream = stream
        self._max_line_bytes = max_line_bytes
        self._number = 0
        self._skipping = False
        self.broken: str | None = None

    def __iter__(self) -> Iterator[Row]:
        tail = bytearray()
        for chunk in self._chunks():
            pieces = chunk.split(b"\n")
            tail += pieces[0]
            if len(pieces) > 1:
                yield from self._line(bytes(tail))
                tail = bytearray(pieces.pop())
                for data in islice(pieces, 1, None):
                    yield from self._line(data)
            if self._skipping:
                tail.clear()
            elif len(tail) > self._max_line_bytes:
                yield from self._line(bytes(tail))
                self._skipping = True
                tail.clear()
        if tail and self.broken:
            message = f"the input broke off here: {self.broken}"
            yield from self._line(bytes(tail), Rejection(RejectReason.CUT_OFF, message))
        elif tail:
            yield from self._line(bytes(tail))

    def _line(self, data: bytes, problem: Rejection | None = None) -> Iterator[Row]:
        if self._skipping:
            # The rest of a line that was reported when it grew too long.
            self._skipping = False
            return
        self._number += 1
        if self._number == 1:
            data = data.removeprefix(_BOM)
        if len(data) > self._max_line_bytes:
            problem = Rejection(
                RejectReason.LINE_TOO_LONG,
                f"longer than {self._max_line_bytes:,} bytes; its first {KEPT_OF_LONG_LINE_BYTES:,} are kept",
            )
            data = data[:KEPT_OF_LONG_LINE_BYTES]
        yield Row(self._number, data, problem)

    def _chunks(self) -> Iterator[bytes]:
        try:
            head = self._stream.read(len(_ZSTD_MARK))
            if head.startswith(_GZIP_MARK):
                yield from _inflate(head, self._stream)
                return
            if head == _ZSTD_MARK:
                yield from _unpack_zstd(head, self._stream)
                return
            while head:
                yield head
                head = self._stream.read(_CHUNK_BYTES)
        except EOFError:
            self.broken = "the gzip data is truncated"
        except (OSError, zlib.error) as error:
            self.broken = str(error)


def _inflate(head: bytes, stream: BinaryIO) -> Iterator[bytes]:
    """The content of a gzip file, of one member or several (RFC 1952), in pieces of a bounded size.

    Raises EOFError where it ends within a member and zlib.error where it is damaged, after all that comes
    before.
    """
    inflater = _member()
    data = head + stream.read(_PACKED_BYTES)
    within = True
    while data:
        within = True
        yield from _pieces(inflater, data)
        if inflater.eof:
            # Zeros may pad a member (gzip(1)).
            data = inflater.unused_data
            while not data.strip(b"\0"):
                data = stream.read(_CHUNK_BYTES)
                if not data:
                    break
            data = data.lstrip(b"\0")
            inflater, within = _member(), False
        else:
            data = stream.read(_PACKED_BYTES)
    if within:
        raise EOFError


def _pieces(inflater: Any, data: bytes) -> Iterator[bytes]:
    """The content that `data` adds to a member, so much of it at a time that a little packed does not fill the memory.

    Before the error for a byte that zlib refuses comes all that the bytes before it give.
    """
    piece = bytes(_CHUNK_BYTES)
    while data or len(piece) == _CHUNK_BYTES:
        before = inflater.copy()
        try:
            piece = inflater.decompress(data, _CHUNK_BYTES)
        except zlib.error:
            for start in range(len(data)):
                yield before.decompress(data[start : start + 1], _CHUNK_BYTES)
            raise
        yield piece
        data = inflater.unconsumed_tail


def _member() -> Any:
    return zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)


class _Begun(io.RawIOBase):
    """A stream of which the first bytes were read."""

    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        self._head, self._stream = head, stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._head or self._stream.read(len(buffer))
        self._head = b""
        buffer[: len(data)] = data
        return len(data)


def _unpack_zstd(head: bytes, stream: BinaryIO) -> Iterator[bytes]:
    """The content of a zstd file, of one frame or several (RFC 8878), in pieces of a bounded size.

    Raises OSError where it ends within a frame or is damaged, after the whole pieces that come before.
    """
    import pyarrow as pa

    unpacked = pa.CompressedInputStream(pa.PythonFile(_Begun(head, stream), "r"), "zstd")
    while piece := unpacked.read(_CHUNK_BYTES):
        yield piece


class _NotFiniteError(ValueError):
    pass


class _DuplicateNameError(ValueError):
    pass


def parse(data: bytes) -> Json | Rejection:
    """The JSON object on a line, or why there is none."""
    try:
        document = _DECODER.decode(data.decode("utf-8"))
        if b"\\u" in data:
            json.dumps(document, ensure_ascii=False).encode("utf-8")
    except UnicodeDecodeError as error:
        return Rejection(RejectReason.NOT_UTF8, f"byte {error.start} is not UTF-8")
    except UnicodeEncodeError:
        return Rejection(RejectReason.BAD_TEXT, "holds half of a surrogate pair, which no text may")
    except _NotFiniteError as error:
        return Rejection(RejectReason.NOT_FINITE, f"{error} is not a JSON number")
    except _DuplicateNameError as error:
        return Rejection(RejectReason.DUPLICATE_NAME, f"the name {error} occurs twice in one object")
    except json.JSONDecodeError as error:
        return Rejection(RejectReason.NOT_JSON, f"{error.msg} at character {error.pos + 1}")
    except RecursionError:
        return Rejection(RejectReason.NOT_JSON, "nested too deeply")
    if not isinstance(document, dict):
        return Rejection(RejectReason.NOT_OBJECT, "an event is a JSON object")
    return document


def json_text(value: Any) -> str:
    """The JSON text of a parsed value; its numbers are written as they were."""
    pieces: list[str] = []
    _write(value, pieces.append)
    return "".join(pieces)


def _write(value: Any, write: Callable[[str], object]) -> None:
    """Write the text piece by piece: joined at each level, it would cost its length times its depth."""
    match value:
        case Number():
            write(str(value))
        case dict():
            before = "{"
            for name, item in value.items():
                write(f"{before}{_quoted(name)}:")
                _write(item, write)
                before = ","
            write("}" if value else "{}")
        case list():
            before = "["
            for item in value:
                write(before)
                _write(item, write)
                before = ","
            write("]" if value else "[]")
        case _:
            write(_quoted(value))


_quoted = json.JSONEncoder(ensure_ascii=False).encode


def _refuse_constant(name: str) -> Any:
    raise _NotFiniteError(name)


def _object(pairs: list[tuple[str, Any]]) -> Json:
    document = dict(pairs)
    if len(document) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        raise _DuplicateNameError(repr(next(name for name, number in counts.items() if number > 1)))
    return document


_DECODER = json.JSONDecoder(
    parse_float=Number, parse_int=Number, parse_constant=_refuse_constant, object_pairs_hook=_object
)
