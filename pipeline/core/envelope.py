"""Opens what producers put on a raw stream: which schema a body was written with, and the body.

Chosen by the first byte:

    01  our frame (`pipeline.core.frame`); the schema is named by 16 bytes, the MD5 of its canonical form
    C3  Avro single-object encoding, `C3 01`; by 8 bytes, its CRC-64-AVRO (Avro specification, "Single-object encoding")
    00  Confluent's wire format; by a schema id of 4 bytes ("Wire format", Confluent Schema Registry documentation)

The lengths differ, so the bytes of a reference alone tell which kind it is.
"""

from dataclasses import dataclass

from wavetank.pipeline.core import deaggregate, frame
from wavetank.pipeline.records import Reason, Rejection

SINGLE_OBJECT = b"\xc3\x01"
CRC_BYTES = 8
CONFLUENT = b"\x00"
ID_BYTES = 4


@dataclass(slots=True)
class Message:
    """An Avro body and the reference to its schema."""

    reference: bytes
    body: bytes


def unwrap(data: bytes) -> Message | Rejection:
    """The message in a raw record; otherwise what is wrong with it."""
    if len(data) > frame.MAX_RECORD:
        return Rejection(Reason.OVERSIZE, f"{len(data)} bytes, the limit is {frame.MAX_RECORD}")
    first = data[:1]
    if data.startswith(deaggregate.MAGIC):
        most = deaggregate.MAX_KEY_CHARACTERS
        rule = f"its digest holds, it has records, their keys have 1 to {most} characters and their hash keys 128 bits"
        return Rejection(Reason.BAD_FRAME, f"a KPL aggregate that cannot be taken apart; in a sound one {rule}")
    if first == SINGLE_OBJECT[:1]:
        return _after(data, SINGLE_OBJECT, CRC_BYTES)
    if first == CONFLUENT:
        return _after(data, CONFLUENT, ID_BYTES)
    opened = frame.decode(data)
    return opened if isinstance(opened, Rejection) else Message(opened.fingerprint, opened.body)


def named(reference: bytes) -> str:
    """A reference in words, for messages."""
    kinds = {ID_BYTES: f"id {int.from_bytes(reference)}", CRC_BYTES: f"CRC-64 {reference.hex()}"}
    return kinds.get(len(reference), reference.hex())


def _after(data: bytes, mark: bytes, length: int) -> Message | Rejection:
    start = len(mark) + length
    if not data.startswith(mark) or len(data) < start:
        return Rejection(Reason.BAD_FRAME, f"starts with {data[:4].hex(' ')}, which is no envelope we know")
    return Message(data[len(mark) : start], data[start:])
