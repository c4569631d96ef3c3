"""Values of any type, and their bytes: extremes, empty ones, text of every script, and what no column takes.

Values are physical ones (`scenarios.oracle.avro`): times are numbers, decimals are bytes, a union's value says its
branch. `encoded` writes them in any of the forms that the specification allows, `decoded` reads them again.

Source: Avro specification, "Binary Encoding".
"""

import math
import random
import struct
from collections.abc import Callable, Mapping
from typing import Any

from wavetank.scenarios.oracle.avro import MICROS, Branch, Type, narrowed

TEXTS = ("", "a", "plain text", "ünïcödé", "広告", "🏳️‍🌈", "\x00", "\n\t\"'\\", "NULL", "ﬀ\u202e", "x" * 300, "0", "{}")
FLOATS = (0.0, -0.0, 1.5, -2.25, math.nan, math.inf, -math.inf, 5e-324, 1.7976931348623157e308, 3.4028234663852886e38)
DAY_US = 86_400_000_000
FIRST_US, LAST_US = -62_135_596_800_000_000, 253_402_300_799_999_999
"""The years 1 to 9999 in microseconds since the epoch."""
LAST_NANOS = 2**63 // 10**9 * 10**9
DEEPEST = 6
"""Levels of a value of a type that contains itself."""


class MalformedError(ValueError):
    """Bytes that are no value of the type."""


def value(rng: random.Random, avro: Type, *, fitting: bool = True, depth: int = 0) -> Any:
    """A value of the type; `fitting`: one that its columns can take. Raises ValueError where there is none."""

    def inner(type_: Type) -> Any:
        return value(rng, type_, fitting=fitting, depth=depth + 1)

    match avro["type"]:
        case "record":
            return {field["name"]: inner(field["type"]) for field in avro["fields"]}
        case "array":
            return [inner(avro["items"]) for _ in range(_count(rng, depth))]
        case "map":
            keys = [rng.choice((*TEXTS[:6], f"k{number}")) for number in range(_count(rng, depth))]
            return {key: inner(avro["values"]) for key in keys}
        case "union":
            branches = avro["branches"]
            number = rng.randrange(len(branches))
            if depth > DEEPEST:
                number = next((at for at, branch in enumerate(branches) if branch["type"] == "null"), number)
            return Branch(number, inner(branches[number]))
        case "enum":
            return rng.choice(avro["symbols"])
    if avro.get("logical"):
        return _logical(rng, avro, fitting=fitting)
    return _plain(rng, avro)


def encoded(rng: random.Random, physical: Any, avro: Type) -> bytes:
    """The bytes of a value; arrays and maps in blocks, with or without their sizes."""

    def blocks(items: list[bytes]) -> bytes:
        out = b""
        while items:
            number = len(items) if rng.random() < 0.8 else rng.randint(1, len(items))
            block = b"".join(items[:number])
            items = items[number:]
            out += long_bytes(number) if rng.random() < 0.8 else long_bytes(-number) + long_bytes(len(block))
            out += block
        return out + b"\x00"

    match avro["type"]:
        case "null":
            return b""
        case "boolean":
            return b"\x01" if physical else b"\x00"
        case "int" | "long":
            return long_bytes(physical)
        case "float":
            return struct.pack("<f", physical)
        case "double":
            return struct.pack("<d", physical)
        case "bytes":
            return long_bytes(len(physical)) + bytes(physical)
        case "string":
            text: bytes = physical.encode()
            return long_bytes(len(text)) + text
        case "fixed":
            return bytes(physical)
        case "enum":
            return long_bytes(avro["symbols"].index(physical))
        case "union":
            branch = avro["branches"][physical.number]
            return long_bytes(physical.number) + encoded(rng, physical.value, branch)
        case "array":
            return blocks([encoded(rng, item, avro["items"]) for item in physical])
        case "map":
            text_type: Type = {"type": "string"}
            return blocks(
                [encoded(rng, key, text_type) + encoded(rng, item, avro["values"]) for key, item in physical.items()]
            )
    return b"".join(encoded(rng, physical[field["name"]], field["type"]) for field in avro["fields"])


def decoded(data: bytes, avro: Type) -> Any:
    """The value that all of the bytes are; raises MalformedError."""
    try:
        physical, at = _decoded(data, 0, avro)
    except (IndexError, UnicodeDecodeError, RecursionError, struct.error) as error:
        raise MalformedError(str(error)) from error
    if at != len(data):
        raise MalformedError("something is left")
    return physical


def damaged(rng: random.Random, body: bytes) -> bytes:
    """The bytes changed, cut, with something put in, or others altogether."""
    data = bytearray(body)
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = rng.randrange(len(data) + 1)
        match rng.randrange(6):
            case 0:
                del data[at:]
            case 1:
                data[at:at] = rng.choice((b"\x00", b"\x01", b"\x02", b"\xff", b"\x80\x00", bytes(9) + b"\x01"))
            case 2 if len(data) > at:
                del data[at]
            case 3 if rng.random() < 0.2:
                data = bytearray(rng.randbytes(rng.randrange(40)))
            case _ if data:
                data[at % len(data)] = rng.choice((0, 1, 2, 4, 0x7F, 0x80, 0xFF, rng.randrange(256)))
    return bytes(data)


def long_bytes(number: int) -> bytes:
    """Zig-zag, seven bits a byte, the lowest first."""
    rest, out = (number << 1) ^ (number >> 63), bytearray()
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    return bytes(out) + bytes([rest])


def _count(rng: random.Random, depth: int) -> int:
    if depth > DEEPEST:
        return 0
    return rng.choice((0, 1, 1, 2, 3)) if depth > 1 or rng.random() < 0.97 else rng.choice((64, 65, 130))


def _plain(rng: random.Random, avro: Type) -> Any:
    match avro["type"]:
        case "null":
            return None
        case "boolean":
            return rng.random() < 0.5
        case "int":
            return _whole(rng, 31)
        case "long":
            return _whole(rng, 63)
        case "float":
            return narrowed(rng.choice((*FLOATS[:7], 1e-45, FLOATS[-1], rng.uniform(-1e6, 1e6))))
        case "double":
            return rng.choice((*FLOATS, rng.uniform(-1e6, 1e6)))
        case "bytes":
            return rng.randbytes(rng.choice((0, 1, 2, 9, 200)))
        case "string":
            return rng.choice(TEXTS) if rng.random() < 0.9 else "".join(map(_character, rng.choices(range(3000), k=20)))
    return rng.randbytes(avro["size"])


def _character(number: int) -> str:
    return chr(number)


def _whole(rng: random.Random, bits: int) -> int:
    edges = (0, 1, -1, 63, 64, -64, -65, 2**bits - 1, -(2**bits))
    return rng.choice(edges) if rng.random() < 0.5 else rng.randint(-(2**bits), 2**bits - 1)


def _logical(rng: random.Random, avro: Type, *, fitting: bool) -> Any:
    name, *rest = avro["logical"]
    if name == "decimal":
        most = 10 ** rest[0] - 1
        if not fitting and rng.random() < 0.3:
            most *= 1000
        number = rng.choice((0, 1, -1, most, -most, rng.randint(-most, most)))
        if avro["type"] == "fixed":
            bound = 2 ** (8 * avro["size"] - 1)
            return max(-bound, min(bound - 1, number)).to_bytes(avro["size"], signed=True)
        length = (number.bit_length() + 8) // 8 + rng.choice((0, 0, 0, 3))
        # Bytes in front that only carry the sign on say nothing; no byte at all is a zero.
        return b"" if number == 0 and rng.random() < 0.3 else number.to_bytes(length, signed=True)
    if name in ("uuid", "duration") and avro["type"] == "fixed":
        return rng.choice((bytes(avro["size"]), b"\xff" * avro["size"], rng.randbytes(avro["size"])))
    if name == "uuid":
        return rng.choice(("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "6BA7B810-9DAD-11D1-80B4-00C04FD430C8"))
    if not fitting and rng.random() < 0.3:
        return _whole(rng, 31 if avro["type"] == "int" else 63)
    first, last = _range(name)
    return rng.choice((first, last, 0, 1, rng.randint(first, last), rng.randint(max(first, 0), min(last, 10**9))))


def _range(name: str) -> tuple[int, int]:
    if name == "date":
        return FIRST_US // DAY_US, LAST_US // DAY_US
    if name.endswith("-nanos"):
        return -LAST_NANOS, LAST_NANOS
    per_unit = MICROS[name]
    return (0, DAY_US // per_unit - 1) if name.startswith("time-") else (FIRST_US // per_unit, LAST_US // per_unit)


def _decoded(data: bytes, at: int, avro: Type) -> tuple[Any, int]:
    match avro["type"]:
        case "null":
            return None, at
        case "boolean":
            if data[at] > 1:
                raise MalformedError("a boolean is 0 or 1")
            return data[at] == 1, at + 1
        case "int":
            number, at = _long(data, at)
            if not -(2**31) <= number < 2**31:
                raise MalformedError("an int has 32 bits")
            return number, at
        case "long":
            return _long(data, at)
        case "float" | "double" as kind:
            form = struct.Struct("<f" if kind == "float" else "<d")
            return form.unpack_from(data, at)[0], at + form.size
        case "bytes" | "string" as kind:
            length, at = _long(data, at)
            raw, at = _slice(data, at, length)
            return (raw if kind == "bytes" else raw.decode()), at
        case "fixed":
            return _slice(data, at, avro["size"])
        case "enum":
            return _nth(avro["symbols"], *_long(data, at))
        case "union":
            number, at = _long(data, at)
            branch, at = _nth(avro["branches"], number, at)
            inner, at = _decoded(data, at, branch)
            return Branch(number, inner), at
        case "array":
            items: list[Any] = []
            return items, _blocks(data, at, lambda at: _item(items, data, at, avro["items"]))
        case "map":
            entries: dict[str, Any] = {}
            return entries, _blocks(data, at, lambda at: _entry(entries, data, at, avro["values"]))
    record: dict[str, Any] = {}
    for field in avro["fields"]:
        record[field["name"]], at = _decoded(data, at, field["type"])
    return record, at


def _item(items: list[Any], data: bytes, at: int, avro: Type) -> int:
    item, at = _decoded(data, at, avro)
    items.append(item)
    return at


def _entry(entries: dict[str, Any], data: bytes, at: int, avro: Type) -> int:
    length, at = _long(data, at)
    key, at = _slice(data, at, length)
    entries[key.decode()], at = _decoded(data, at, avro)
    return at


def _blocks(data: bytes, at: int, read: Callable[[int], int]) -> int:
    while True:
        number, at = _long(data, at)
        if not number:
            return at
        if number < 0:
            number = -number
            size, at = _long(data, at)
            if size < 0:
                raise MalformedError("a block of a negative size")
        if number > 100_000:
            raise MalformedError("more items than anybody writes")
        for _ in range(number):
            at = read(at)


def _long(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if byte < 0x80:
            break
        if shift > 63:
            raise MalformedError("a number of more than 64 bits")
    if number >> 64:
        raise MalformedError("a number of more than 64 bits")
    return number >> 1 ^ -(number & 1), at


def _slice(data: bytes, at: int, length: int) -> tuple[bytes, int]:
    if length < 0 or at + length > len(data):
        raise MalformedError("a length that is not there")
    return data[at : at + length], at + length


def _nth(choices: list[Any], number: int, at: int) -> tuple[Any, int]:
    if not 0 <= number < len(choices):
        raise MalformedError(f"there is no number {number}")
    return choices[number], at


def plain(physical: Any) -> Any:
    """The value without the branches of its unions, as writers take it that find these by themselves."""
    if isinstance(physical, Branch):
        return plain(physical.value)
    if isinstance(physical, Mapping):
        return {key: plain(item) for key, item in physical.items()}
    return [plain(item) for item in physical] if isinstance(physical, list) else physical
