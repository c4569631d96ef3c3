"""The parsing canonical form of a schema, and fingerprints of it.

Source: Avro specification, "Parsing Canonical Form for Schemas" (its rules in brackets) and "Schema Fingerprints".
"""

from hashlib import md5

from wavetank.pipeline.avro.model import Array, Enum, Fixed, Map, Primitive, Record, Type, Union
from wavetank.pipeline.avro.parse import parse

EMPTY = 0xC15D213AA4D7A795


def canonical(avro: Type) -> str:
    """The canonical form: [PRIMITIVES], [FULLNAMES], [STRIP], [ORDER], [STRINGS], [INTEGERS], [WHITESPACE]."""
    return _form(avro, set())


def canonical_of(document: object) -> str:
    """The canonical form of a JSON document; raises InvalidSchema."""
    return canonical(parse(document))


def fingerprint(form: str) -> bytes:
    """The 16 bytes by which the registry knows a schema: MD5 of its canonical form."""
    return md5(form.encode(), usedforsecurity=False).digest()


def crc64(form: str) -> bytes:
    """CRC-64-AVRO of a canonical form: 8 bytes, least significant first, as single-object encoding has them."""
    value = EMPTY
    for byte in form.encode():
        value = value >> 8 ^ _TABLE[(value ^ byte) & 0xFF]
    return value.to_bytes(8, "little")


_TABLE = tuple(range(256))
for _ in range(8):
    _TABLE = tuple(value >> 1 ^ (EMPTY if value & 1 else 0) for value in _TABLE)


def _form(avro: Type, seen: set[str]) -> str:
    match avro:
        case Primitive(name):
            return f'"{name}"'
        case Array(items):
            return f'{{"type":"array","items":{_form(items, seen)}}}'
        case Map(values):
            return f'{{"type":"map","values":{_form(values, seen)}}}'
        case Union(branches):
            return f"[{','.join(_form(branch, seen) for branch in branches)}]"
        case Enum() | Fixed() | Record() if avro.name in seen:
            return f'"{avro.name}"'
        case Enum(name, _, symbols):
            seen.add(name)
            return f'{{"name":"{name}","type":"enum","symbols":[{",".join(f'"{symbol}"' for symbol in symbols)}]}}'
        case Fixed(name, _, size):
            seen.add(name)
            return f'{{"name":"{name}","type":"fixed","size":{size}}}'
        case Record():
            seen.add(avro.name)
            fields = ",".join(f'{{"name":"{field.name}","type":{_form(field.type, seen)}}}' for field in avro.fields)
            return f'{{"name":"{avro.name}","type":"record","fields":[{fields}]}}'
