"""A stream as plain JSON-able data, and back: the import of an export is the same stream."""

import base64
from dataclasses import asdict
from typing import Any

from wavetank.emulator.kinesis.model import sequence
from wavetank.emulator.kinesis.model.consumer import Consumer
from wavetank.emulator.kinesis.model.generations import MonotonicCounter
from wavetank.emulator.kinesis.model.log import RecordLog
from wavetank.emulator.kinesis.model.shards import Shard, ShardSet, StreamIdentity
from wavetank.emulator.kinesis.model.stream import Stream
from wavetank.emulator.kinesis.settings import Mode, ShardMetric, StreamSettings

type Plain = dict[str, Any]


def exported(stream: Stream) -> Plain:
    """A stream as plain data, with its records' data in base64; the caller holds the stream's lock."""
    who = stream.identity
    return {
        "account": who.account,
        "region": who.region,
        "name": who.name,
        "arn": who.arn,
        "created_ms": who.created_ms,
        "opened": stream.shards.opened,
        "epoch": stream.shards.epoch,
        "settings": asdict(stream.settings)
        | {"mode": stream.settings.mode.value, "metrics": sorted(stream.settings.metrics)},
        "consumers": [asdict(consumer) for consumer in stream.consumers.all()],
        "shards": [
            {
                "number": shard.number,
                "epoch": shard.epoch,
                "first_hash": str(shard.first_hash),
                "last_hash": str(shard.last_hash),
                "opened_ms": shard.opened_ms,
                "closed_ms": shard.closed_ms,
                "parents": list(shard.parents),
                "children": list(shard.children),
                "head": shard.log.head,
                "records": [
                    [record.arrived_ms, record.key, base64.b64encode(record.data).decode()]
                    for record in shard.log.read(shard.log.head, len(shard.log), shard.log.retained_bytes)
                ],
            }
            for shard in stream.shards
        ],
    }


def imported(plain: Plain, epochs: MonotonicCounter | None = None) -> Stream:
    """The stream that `exported` described, which keeps the rules of `snapshot_rules`."""
    who = StreamIdentity(*(plain[name] for name in ("account", "region", "name", "arn", "created_ms")))
    shards = [_imported_shard(shard) for shard in plain["shards"]]
    settings = plain["settings"]
    changed = {"mode": Mode(settings["mode"]), "metrics": frozenset(map(ShardMetric, settings["metrics"]))}
    stream = Stream(
        who,
        ShardSet.restored(who, shards, opened=plain["opened"], epoch=plain["epoch"], epochs=epochs),
        StreamSettings(**(settings | changed)),
    )
    for consumer in plain["consumers"]:
        stream.consumers.restore(Consumer(**consumer))
    return stream


def renewed(plain: Plain, created_ms: int, epochs: MonotonicCounter) -> Plain:
    """The same records as another stream, which no iterator, checkpoint or sequence number of the first fits."""
    old = sorted({plain["epoch"], *(shard["epoch"] for shard in plain["shards"])})
    new = {epoch: epochs.next(min(created_ms // 1000, sequence.LATEST_EPOCH)) for epoch in old}
    shards = [shard | {"epoch": new[shard["epoch"]]} for shard in plain["shards"]]
    return plain | {"created_ms": created_ms, "epoch": new[plain["epoch"]], "shards": shards}


def _imported_shard(plain: Plain) -> Shard:
    log = RecordLog(plain["head"])
    for arrived_ms, key, data in plain["records"]:
        log.append(arrived_ms, key, base64.b64decode(data))
    return Shard(
        number=plain["number"],
        epoch=plain["epoch"],
        first_hash=int(plain["first_hash"]),
        last_hash=int(plain["last_hash"]),
        opened_ms=plain["opened_ms"],
        parents=tuple(plain["parents"]),
        children=tuple(plain["children"]),
        closed_ms=plain["closed_ms"],
        log=log,
    )
