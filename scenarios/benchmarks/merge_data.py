"""Part files of generated ad events, for what is measured on them."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from struct import pack

from wavetank.pipeline.core.files import avro_file
from wavetank.pipeline.core.files.avro_file import long_bytes
from wavetank.pipeline.core.route import digest_of
from wavetank.pipeline.core.schema import Role, Schema, parse

PARTITIONS = 24
PARTS = 8
"""Of a partition: what so many chunks leave in it."""
DUPLICATES = 20
"""One event in so many is there twice."""
START_US = 1_574_596_800_000_000
HOUR_US = 3_600_000_000
CAMPAIGNS = [name.encode() for name in ("men", "women", "all", "spring-trail", "city-commute")]
POLICIES = [b"bts", b"random"]


def _optional(kind: str) -> list[str]:
    return ["null", kind]


def schema() -> Schema:
    """A flat ad event: what every contestant can read (Polars reads no Avro maps)."""
    fields = [
        {"name": "event_id", "type": "string"},
        {"name": "event_time", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {"name": "campaign", "type": _optional("string"), "default": None},
        {"name": "policy", "type": _optional("string"), "default": None},
        {"name": "item_id", "type": _optional("int"), "default": None},
        {"name": "position", "type": _optional("int"), "default": None},
        {"name": "propensity", "type": _optional("double"), "default": None},
    ]
    document = {"type": "record", "name": "Ad", "fields": fields}
    return parse(json.dumps(document), "ad", Role.PROCESSED, 1)


def bodies(count: int, rng: random.Random, partition: int) -> Iterator[tuple[bytes, bytes]]:
    """Ids and bodies of `count` events of one hour, in no order."""
    for number in range(count):
        event_id = b"i-%02d-%09d-%08x" % (partition, number, rng.getrandbits(32))
        campaign, policy = rng.choice(CAMPAIGNS), rng.choice(POLICIES)
        yield (
            event_id,
            b"".join(
                [
                    bytes([len(event_id) << 1]),
                    event_id,
                    long_bytes(START_US + partition * HOUR_US + rng.randrange(HOUR_US)),
                    bytes([2, len(campaign) << 1]),
                    campaign,
                    bytes([2, len(policy) << 1]),
                    policy,
                    b"\x02",
                    long_bytes(rng.randrange(80)),
                    bytes([2, rng.randrange(1, 4) << 1, 2]),
                    pack("<d", rng.random()),
                ]
            ),
        )


def write_parts(folder: Path, events: int) -> None:
    """Write a folder for each partition, with `PARTS` part files of its share of `events` and the duplicates."""
    made, rng = schema(), random.Random(events)  # noqa: S311 - repeatable, not secret
    for partition in range(PARTITIONS):
        share = events // PARTITIONS + (partition < events % PARTITIONS)
        records = list(bodies(share, rng, partition))
        records += rng.sample(records, share // DUPLICATES)
        rng.shuffle(records)
        place = folder / f"{partition:02}"
        place.mkdir()
        for number in range(PARTS):
            some = records[number::PARTS]
            data = avro_file.part(made, [body for _, body in some], [digest_of(event_id) for event_id, _ in some])
            (place / f"{number}.avro").write_bytes(data)
