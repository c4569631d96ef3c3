"""The contestants of `.concatenate`; `python -m wavetank.scenarios.benchmarks.merge_jobs JOB FOLDER` runs one."""

import json
import os
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import fastavro

from wavetank.pipeline.core import frame
from wavetank.pipeline.core.bulk import batch
from wavetank.pipeline.core.bulk.digests import Digests
from wavetank.pipeline.core.bulk.merge import merge_all
from wavetank.pipeline.core.files import avro_file, parquet
from wavetank.pipeline.core.partition import Scanned, partition
from wavetank.pipeline.core.route import route
from wavetank.pipeline.layout import Partition
from wavetank.scenarios.benchmarks.merge_data import bodies, schema

CHUNK_EVENTS = 40_000
"""About what a chunk of 5 MiB has."""
BUCKETS = 2
ROUNDS = 5
DEFLATE_LEVEL = avro_file.LEVEL


def ours(folder: Path) -> int:
    """The concatenator's core: as many partitions at a time as there are processors."""
    with ThreadPoolExecutor(os.process_cpu_count() or 1) as pool:
        return sum(pool.map(_merge, sorted(folder.iterdir())))


def _merge(place: Path) -> int:
    with (place / "events.out").open("wb") as avro, (place / "events.parquet").open("wb") as columns:
        return parquet.write_both(merge_all(_batches(place), Digests.unpacked(b"")), schema(), avro, columns)


def _batches(place: Path) -> Iterator[batch.Batch]:
    for path in sorted(place.glob("*.avro")):
        yield from batch.read(path.read_bytes(), schema())


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
                    held = winners.get(record["event_id"])
                    if held is None or record["event_time"] < held["event_time"]:
                        winners[record["event_id"]] = record
        with (place / "fastavro.out").open("wb") as out:
            _write(out, winners.values())
        count += len(winners)
    return count


def _write(out: Any, records: Any) -> None:
    fastavro.writer(out, schema().definition, records, codec="deflate", codec_compression_level=DEFLATE_LEVEL)


def partitioning() -> dict[str, float]:
    """How the partitioner's core compares with decoding, routing and encoding every record, on one chunk."""
    made = schema()
    events = [body for _, body in bodies(CHUNK_EVENTS, Random(1), 0)]  # noqa: S311 - repeatable, not secret
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
        fastavro.writer(out, made.physical, records, codec="deflate", codec_compression_level=DEFLATE_LEVEL)
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
