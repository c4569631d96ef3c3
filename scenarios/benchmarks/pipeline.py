"""How fast events go all the way, and how much of that time the pipeline's own work would take alone.

    events_per_s        events ÷ seconds from just before the first PutRecords until every event is in the Avro and
                        Parquet files at rest: put, settled (processed, chunked, partitioned), merged
    core_events_per_s   the same events through the same core functions, called directly in one thread of this process
    share_of_core       events_per_s ÷ core_events_per_s
    put_s, settle_s, merge_s   where the time of events_per_s went

The functions are warm: a smaller workload goes through before.
"""

import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime

from wavetank.emulator.stack.stack import Stack
from wavetank.scenarios.benchmarks.core_path import CorePath
from wavetank.scenarios.benchmarks.registry import BenchFailedError
from wavetank.scenarios.client import at_rest
from wavetank.scenarios.client.at_rest import Layer
from wavetank.scenarios.client.producer import Producer, Sender
from wavetank.scenarios.client.wire import encode_frame
from wavetank.scenarios.oracle.history import EVENT_TIME, Outcome
from wavetank.scenarios.site.site import Site
from wavetank.scenarios.spec.hours import Scheduled, planner_times
from wavetank.scenarios.workload.synthetic import WorkloadEvent, synthetic

EVENTS = 20_000
WARM_UP_EVENTS = 600
HOURS = 3.0
START = datetime(2019, 11, 24, 12, tzinfo=UTC)
WARM_UP_START = datetime(2019, 11, 20, 12, tzinfo=UTC)


def run(stack: Stack) -> dict[str, float]:
    """Measure on a stack of its own: the data bucket is emptied. Raises BenchFailedError where an event is missing."""
    site = Site.deployed_on(stack)
    site.settle()
    site.empty()
    _all_the_way(site, synthetic(WARM_UP_EVENTS, 1, WARM_UP_START, HOURS))
    site.empty()
    events = synthetic(EVENTS, 2, START, HOURS)
    put_s, settle_s, merge_s = _all_the_way(site, events)
    _check_landed(site, len(events))
    events_per_s = len(events) / (put_s + settle_s + merge_s)
    core_events_per_s = len(events) / _core_s(site, events)
    return {
        "events": len(events),
        "events_per_s": events_per_s,
        "core_events_per_s": core_events_per_s,
        "share_of_core": events_per_s / core_events_per_s,
        "put_s": put_s,
        "settle_s": settle_s,
        "merge_s": merge_s,
    }


def _all_the_way(site: Site, events: Sequence[WorkloadEvent]) -> tuple[float, float, float]:
    """Seconds to put, to settle and to merge; encoding the events is the producer's and comes before."""
    with Sender(site.stack.client("kinesis")) as sender:
        producer = Producer(sender, site.routes)
        messages = [producer.message(event) for event in events]
        began = time.perf_counter()
        receipts = sender.send(messages)
    put = time.perf_counter()
    refused = sum(receipt.outcome is not Outcome.OK for receipt in receipts)
    if refused:
        raise BenchFailedError(f"{refused} of {len(events)} events were not acknowledged")
    site.settle()
    settled = time.perf_counter()
    for moment in planner_times(int(str(event.record[EVENT_TIME])) for event in events):
        site.tick(Scheduled.PLANNER, moment)
    return put - began, settled - put, time.perf_counter() - settled


def _check_landed(site: Site, expected: int) -> None:
    for layer in (Layer.AVRO, Layer.PARQUET):
        landed = sum(len(file.records()) for file in at_rest.files(site.s3, site.data_bucket, (layer,)))
        if landed != expected:
            raise BenchFailedError(f"{landed} of {expected} events are in the {layer} files")


def _core_s(site: Site, events: Sequence[WorkloadEvent]) -> float:
    """Seconds that the core functions take for the same events."""
    routes = site.routes
    frames: defaultdict[str, list[bytes]] = defaultdict(list)
    for event in events:
        frames[event.event_type].append(encode_frame(routes[event.event_type].schema, event.record))
    paths = {name: CorePath.of(site.topology.event(name), site.topology) for name in frames}
    began = time.perf_counter()
    landed = sum(paths[name].records_at_rest(some) for name, some in frames.items())
    elapsed = time.perf_counter() - began
    if landed != len(events):
        raise BenchFailedError(f"{landed} of {len(events)} events came through the core functions")
    return elapsed
