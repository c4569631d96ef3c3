"""The contestants of `.concatenate`, and the part files of generated ad events that they merge.

`python -m wavetank.scenarios.benchmarks.merge_jobs JOB FOLDER` runs one.
"""

import json
import os
import random
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from struct import pack
from typing import Any

import fastavro

from wavetank.pipeline.core import frame
from wavetank.pipeline.core.bulk import batch
from wavetank.pipeline.core.bulk.digests import Digests
from wavetank.pipeline.core.bulk.merge import merge_all
from wavetank.pipeline.core.files import avro_file, parquet
from wavetank.pipeline.core.files.avro_file import long_bytes
from wavetank.pipeline.core.partition import Scanned, partition
from wavetank.pipeline.core.route import digest_of, route
from wavetank.pipeline.core.schema import Role, Schema, parse
from wavetank.pipeline.layout import Partition

CHUNK_EVENTS = 40_000
"""About what a chunk of 5 MiB has."""
BUCKETS = 2
ROUNDS = 5
DEFLATE_LEVEL = avro_file.LEVEL

PARTITIONS = 24
PARTS = 8
"""Part files of a partition: as many as chunks that it has events in."""
DUPLICATES = 20
"""The share of events that are there twice, one in so many."""
START_US = 1_574_596_800_000_000
HOUR_US = 3_600_000_000
CAMPAIGNS = [name.encode() for name in ("men", "women", "all", "spring-trail", "city-commute")]
POLICIES = [b"bts", b"random"]


def schema() -> Schema:
    """A flat ad event, which every contestant can read (Polars reads no Avro maps)."""
    text, whole, share = ["null", "string"], ["null", "int"], ["null", "double"]
    fields = [
        {"name": "event_id", "type": "string"},
        {"name": "event_time", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {"name": "campaign", "type": text, "default": None},
        {"name": "policy", "type": text, "default": None},
        {"name": "item_id", "type": whole, "default": None},
        {"name": "position", "type": whole, "default": None},
        {"name": "propensity", "type": share, "default": None},
    ]
    document = {"type": "record", "name": "Ad", "fields": fields}
    return parse(json.dumps(document), "ad", Role.PROCESSED, 1)


def bodies(count: int, rng: random.Random, hour: int) -> Iterator[tuple[bytes, bytes]]:
    """Ids and bodies of `count` events of one hour, in no order."""
    for number in range(count):
        event_id = b"i-%02d-%09d-%08x" % (hour, number, rng.getrandbits(32))
        campaign, policy = rng.choice(CAMPAIGNS), rng.choice(POLICIES)
        yield (
            event_id,
            b"".join(
                [
                    bytes([len(event_id) << 1]),
                    event_id,
                    long_bytes(START_US + hour * HOUR_US + rng.randrange(HOUR_US)),
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
    for hour in range(PARTITIONS):
        share = events // PARTITIONS + (hour < events % PARTITIONS)
        records = list(bodies(share, rng, hour))
        records += rng.sample(records, share // DUPLICATES)
        rng.shuffle(records)
        place = folder / f"{hour:02}"
        place.mkdir()
        for number in range(PARTS):
            some = records[number::PARTS]
            data = avro_file.part(made, [body for _, body in some], [digest_of(event_id) for event_id, _ in some])
            (place / f"{number}.avro").write_bytes(data)


def ours(folder: Path) -> int:
    """The concatenator's core: as many partitions at a time as there are processors."""

    def merge(place: Path) -> int:
        parts = (path.read_bytes() for path in sorted(place.glob("*.avro")))
        batches = (one for part in parts for one in batch.read(part, schema()))
        with (place / "events.out").open("wb") as avro, (place / "events.parquet").open("wb") as columns:
            return parquet.write_both(merge_all(batches, Digests.unpacked(b"")), schema(), avro, columns)

    with ThreadPoolExecutor(os.process_cpu_count() or 1) as pool:
        return sum(pool.map(merge, sorted(folder.iterdir())))


def polars(folder: Path) -> int:
    """The same in Polars, which cannot write times to Avro: they are written as numbers."""
    import polars as pl

    count = 0
    for place in sorted(folder.iterdir()):
        parts = pl.concat([pl.read_avro(path) for path in sorted(place.glob("*.avro"))])
        merged = parts.sort("event_time", "event_id").unique("event_id", keep="first", maintain_order=True)
        merged.write_parquet(place / "polars.parquet", compression="zstd", compression_level=parquet.ZSTD_LEVEL)
        merged.with_columns(pl.col("event_time").cast(pl.Int64)).write_avro(place / "polars.out", "deflate")
        count += merged.height
    return count


def plain_fastavro(folder: Path) -> int:
    """Read, a dict by id, write; and no Parquet."""
    count = 0
    for place in sorted(folder.iterdir()):
        winners: dict[str, Any] = {}
        for path in sorted(place.glob("*.avro")):
            with path.open("rb") as source:
                records: Iterator[Any] = iter(fastavro.reader(source))
                for record in records:
                    winner = winners.get(record["event_id"])
                    if winner is None or record["event_time"] < winner["event_time"]:
                        winners[record["event_id"]] = record
        with (place / "fastavro.out").open("wb") as out:
            _write(out, schema().definition, winners.values())
        count += len(winners)
    return count


def _write(out: Any, definition: Any, records: Any) -> None:
    fastavro.writer(out, definition, records, codec="deflate", codec_compression_level=DEFLATE_LEVEL)


def partitioning() -> dict[str, float]:
    """How the partitioner's core compares with decoding, routing and encoding every record, on one chunk."""
    made = schema()
    events = [body for _, body in bodies(CHUNK_EVENTS, random.Random(1), 0)]  # noqa: S311 - repeatable, not secret
    chunk = b"".join(frame.encode(made.fingerprint, body) for body in events)
    best = {"ours": float("inf"), "fastavro": float("inf")}
    for _ in range(ROUNDS):
        began = time.perf_counter()
        partition(Scanned.of(chunk), {made.fingerprint: made}, BUCKETS)
        between = time.perf_counter()
        _partition_plainly(chunk)
        best["ours"] = min(best["ours"], between - began)
        best["fastavro"] = min(best["fastavro"], time.perf_counter() - between)
    return {
        "partition_over_fastavro": best["fastavro"] / best["ours"],
        "partition_events_per_s": CHUNK_EVENTS / best["ours"],
    }


def _partition_plainly(chunk: bytes) -> dict[Partition, bytes]:
    made = schema()
    routed: defaultdict[Partition, list[Any]] = defaultdict(list)
    for piece in frame.scan(chunk):
        if isinstance(piece, frame.Frame):
            record: Any = fastavro.schemaless_reader(BytesIO(piece.body), made.physical, None)
            routed[route("ad", record["event_id"], record["event_time"], BUCKETS)].append(record)
    files = {}
    for where, records in routed.items():
        out = BytesIO()
        _write(out, made.physical, records)
        files[where] = out.getvalue()
    return files


JOBS: dict[str, Callable[[Path], int]] = {"ours": ours, "polars": polars, "fastavro": plain_fastavro}


def main() -> None:
    """Do a job and print its seconds, events and peak memory as JSON."""
    job, folder = sys.argv[1:]
    began = time.perf_counter()
    events = JOBS[job](Path(folder))
    seconds = time.perf_counter() - began
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"seconds": seconds, "events": events, "peak_mib": peak_mib}))


if __name__ == "__main__":
    main()
