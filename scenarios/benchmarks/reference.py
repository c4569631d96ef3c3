"""The cost of reference data: a snapshot of a million rows written, loaded and looked up, and events enriched with it.

    written_per_s         rows written to a snapshot, from a stream
    write_peak_mib        most memory of the process that writes it
    snapshot_mib          bytes of the snapshot
    load_s                from the file to the first row, with all bytes checked, in a new process
    load_peak_mib         most memory of that process
    look_ups_per_s        rows found by their keys, in an order of chance
    dict_look_ups_per_s   the same of a dict of tuples, in the same rounds
    share_of_dict         look_ups_per_s ÷ dict_look_ups_per_s
    rows_of_two_values_per_s   rows found, and two of their values read
    plain_event_us        the processor's work on an event of the ad stream without enrichment
    enriched_event_us     the same joined with the snapshot

Rates are by the processor time of one thread, so that what else the machine does counts for little; load_s is as one
waits for it.
"""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from wavetank.emulator.stack.stack import Stack
from wavetank.pipeline import topology
from wavetank.pipeline.core import envelope
from wavetank.pipeline.core.enrich import Enricher
from wavetank.pipeline.core.process import MINUTE_US, BatchContext, process
from wavetank.pipeline.core.schema import Role, parse
from wavetank.pipeline.records import Entry as Processed
from wavetank.pipeline.reference import snapshot
from wavetank.pipeline.reference.index import BEGINNING_US, Entry
from wavetank.pipeline.reference.snapshot import Snapshot
from wavetank.pipeline.reference.table import Column, ColumnType, Kind, Table
from wavetank.scenarios.benchmarks import reference_process
from wavetank.scenarios.benchmarks.registry import BenchFailedError
from wavetank.scenarios.client.wire import WireSchema, encode_frame
from wavetank.scenarios.run.event_types import ad_stream_schemas
from wavetank.scenarios.workload.synthetic import EventType, synthetic

ROWS = 1_000_000
EVENTS = 3_000
ROUNDS = 7
MIB = 1 << 20
START = datetime(2019, 11, 24, 12, tzinfo=UTC)


class _InEffect:
    """One snapshot of whatever reference, at all times."""

    def __init__(self, data: bytes, digest: str) -> None:
        self._pair = Entry(BEGINNING_US, digest), Snapshot(data, digest)

    def as_of(self, _name: str, _arrived_us: int) -> tuple[Entry, Snapshot]:
        return self._pair


def run(_stack: Stack) -> dict[str, float]:
    """Measure in processes of their own. Raises BenchFailedError."""
    with TemporaryDirectory(prefix="wavetank-bench-") as folder:
        path = Path(folder, "snapshot")
        figures = _in_a_process("write", path)
        figures["snapshot_mib"] = path.stat().st_size / MIB
        figures |= _in_a_process("read", path)
    return {"rows": ROWS, **figures, **_events()}


def _in_a_process(what: str, path: Path) -> dict[str, float]:
    command = [sys.executable, "-m", reference_process.__name__, what, str(path), str(ROWS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise BenchFailedError(done.stderr.strip())
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def _events() -> dict[str, float]:
    """Microseconds that the processor's core takes for an event, without and with enrichment."""
    event = topology.load(ad_stream_schemas()).event(EventType.IMPRESSION)
    schemas = [parse(file.path.read_bytes(), event.name, Role(file.role), file.version) for file in event.schemas]
    target = max((each for each in schemas if each.role is Role.PROCESSED), key=lambda each: each.version)
    raw = {each.fingerprint: each for each in schemas if each.role is Role.RAW}
    newest = max(raw.values(), key=lambda each: each.version)
    sent = [each.record for each in synthetic(EVENTS, 1, START) if each.event_type == EventType.IMPRESSION]
    wire = WireSchema.of(newest.definition)
    frames = [encode_frame(wire, record) for record in sent]
    enrichment = event.enrichment
    if enrichment is None:
        raise BenchFailedError("impressions are not enriched")
    campaigns = sorted({str(record["campaign"]) for record in sent})
    references = _InEffect(*_campaigns(campaigns, enrichment.add))
    plain = Enricher(target)
    joined = Enricher(target, enrichment, (enrichment.reference,), references)
    contexts = [BatchContext(raw, enricher, 60 * MINUTE_US) for enricher in (plain, joined)]
    best = [float("inf")] * 2
    for _ in range(ROUNDS):
        for number, context in enumerate(contexts):
            best[number] = min(best[number], _seconds(frames, context))
    if joined.misses or not joined.look_ups:
        raise BenchFailedError(f"{joined.misses} of {joined.look_ups} look-ups found no row")
    plain_us, enriched_us = (seconds / len(frames) * 1e6 for seconds in best)
    return {"plain_event_us": plain_us, "enriched_event_us": enriched_us}


def _campaigns(names: Sequence[str], columns: Sequence[str]) -> tuple[bytes, str]:
    """A snapshot with a row for each of these campaigns, among as many others as make it large."""
    out, text = BytesIO(), ColumnType(Kind.STRING)
    table = Table((Column("campaign", text), *(Column(name, text) for name in columns)), ("campaign",))
    others = (reference_process.campaign(number) for number in range(ROWS // 10))
    rows = ((name, *(f"{column} {len(name)}" for column in columns)) for name in (*names, *others))
    digest = snapshot.write(table, rows, out)
    return out.getvalue(), digest


def _seconds(frames: Sequence[bytes], context: BatchContext) -> float:
    arrived_us = int(START.timestamp()) * 1_000_000 + 6 * 60 * MINUTE_US
    began = time.process_time()
    for data in frames:
        if not isinstance(outcome := process(envelope.unwrap(data), context, arrived_us), Processed):
            raise BenchFailedError(f"an event was not processed: {outcome}")
    return time.process_time() - began
