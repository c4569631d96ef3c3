"""The state of every stream of every account and region, for a snapshot of a stack."""

from typing import Any

from wavetank.emulator.kinesis import snapshot_rules
from wavetank.emulator.kinesis.model.snapshot import exported, imported, renewed
from wavetank.emulator.kinesis.operations.boundary import now_ms
from wavetank.emulator.kinesis.store import CREATIONS, DELETED, EPOCHS, STORES, Region, all_streams
from wavetank.emulator.kinesis.subscription import SUBSCRIPTIONS
from wavetank.emulator.runtime.doorbell import STREAM_WRITES

VERSION = 1


def export_state() -> dict[str, Any]:
    """Plain JSON-able data from which `import_state` makes the same streams."""
    streams = []
    for stream in all_streams():
        with stream.lock:
            stream.expire(now_ms())
            streams.append(exported(stream))
    return {"version": VERSION, "streams": streams}


def import_state(state: Any) -> int:
    """Put the exported streams in place of all that exist; returns how many.

    Iterators from before keep working where the stream has not changed since the export; where it has, the exported
    records become those of a new stream, which readers read from its oldest: see `DeletedStreams.is_continued_by`.
    Raises ValueError, and changes nothing, when the data cannot have been exported: see `snapshot_rules`.
    """
    snapshot_rules.check(state, VERSION)
    arriving = [(plain, imported(plain, EPOCHS)) for plain in state["streams"]]
    before = list(all_streams())
    SUBSCRIPTIONS.end()
    STORES.reset()
    for stream in before:
        DELETED.note(stream)
    streams = []
    for plain, stream in arriving:
        if DELETED.is_continued_by(stream):
            CREATIONS.rise_to(stream.identity.created_ms)
            streams.append(stream)
        else:
            streams.append(imported(renewed(plain, CREATIONS.next(now_ms()), EPOCHS), EPOCHS))
    for stream in streams:
        Region.of(stream).put(stream)
    for stream in (*before, *streams):
        STREAM_WRITES.ring(stream.identity.arn)
    return len(streams)
