"""The search for all that is known of one event: at rest first, then on streams around the time at which it came.

A chunk's name has the time at which its oldest record arrived, which bounds where the streams are read; where no chunk
has the event, they are read from the time that the search begins at.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from wavetank.pipeline.metrics import DROPPED, INVOCATION
from wavetank.scenarios.observability.log_lines import LogChoice, LogLine
from wavetank.scenarios.observability.log_reader import LogReader
from wavetank.scenarios.observability.trace.assembly import assemble, is_about
from wavetank.scenarios.observability.trace.at_rest import RestSearch, Say, part_name, reach
from wavetank.scenarios.observability.trace.model import Evidence, InChunk, InFile, OnStream, Trace, begun_at
from wavetank.scenarios.observability.trace.on_streams import StreamSearch, Window
from wavetank.scenarios.site.site import Site

LONGEST_BUFFERING = timedelta(minutes=16)
"""Firehose gathers a chunk for 15 minutes at most, and a clock may be a minute off."""
PROCESSING = timedelta(hours=1)
"""A record on the raw stream is looked for so long before its event is on the processed one."""
MINUTE = timedelta(minutes=1)


def trace(site: Site, event_type: str, event_id: str, since: datetime, *, say: Say, on_streams: bool = True) -> Trace:
    """The trace of an event of this type, of what is there since then by the clock of the stack.

    say: takes how far the search is. on_streams: whether the streams are read, which those who process them share.
    """
    looked: list[str] = []

    def note(sentence: str) -> None:
        looked.append(sentence)
        say(f"{event_type}: looked through {sentence}")

    event = site.topology.event(event_type)
    search = RestSearch(site, event_type, event_id, since, note)
    indexed = search.indexed()
    merged, parts, late = search.merged(indexed), search.parts(indexed), search.late()
    chunks = search.chunks([*parts, *late])
    raw, processed = list[OnStream](), list[OnStream]()
    if on_streams:
        streams = StreamSearch(site.stack.client("kinesis"), event, event_id, note)
        for window in windows(chunks, since):
            processed += streams.processed(window)
        for window in _before(processed, windows(chunks, since)):
            raw += streams.raw(window)
    quarantined = search.quarantine(frozenset((record.stream, record.sequence) for record in raw))
    evidence = Evidence(
        event_type=event_type,
        event_id=event_id,
        since=since,
        raw=tuple(raw),
        processed=tuple(processed),
        chunks=tuple(chunks),
        parts=tuple(_of_chunks(parts, chunks)),
        late=tuple(_of_chunks(late, chunks)),
        merged=tuple(merged),
        indexed=tuple(indexed),
        quarantine=tuple(quarantined),
        partitions_before=reach(indexed, event.component.look_back_hours),
    )
    if not evidence.is_empty:
        evidence = replace(evidence, lines=tuple(_lines(site, evidence)))
    return assemble(replace(evidence, looked=tuple(looked)))


def windows(chunks: Iterable[InChunk], since: datetime) -> list[Window]:
    """The spans in which the records of chunks arrived at the stream; without a chunk all since then."""
    spans: list[Window] = []
    for begun in sorted({_begun(chunk) for chunk in chunks}):
        window = Window(begun - MINUTE, begun + LONGEST_BUFFERING)
        if spans and spans[-1].until is not None and window.since <= spans[-1].until:
            window = Window(spans.pop().since, window.until)
        spans.append(window)
    return spans or [Window(since)]


def _begun(chunk: InChunk) -> datetime:
    """The time at which the oldest record of a chunk arrived."""
    return begun_at(chunk.key) or chunk.written - LONGEST_BUFFERING


def _before(processed: Iterable[OnStream], fallback: list[Window]) -> list[Window]:
    """The spans in which the raw records of processed ones arrived."""
    times = sorted(record.arrived for record in processed)
    if not times:
        return [Window(window.since - PROCESSING, window.until) for window in fallback if window.until] or fallback
    return [Window(times[0] - PROCESSING, times[-1] + MINUTE)]


def _of_chunks(parts: Iterable[InFile], chunks: Iterable[InChunk]) -> list[InFile]:
    names = {part_name(chunk.key): chunk.key for chunk in chunks}
    return [replace(part, chunk=names.get(part.key.rpartition("/")[2], "")) for part in parts]


def _lines(site: Site, evidence: Evidence) -> list[LogLine]:
    """The lines of functions about their work on an event, and about what they dropped with it."""
    names, event = site.names, site.topology.event(evidence.event_type)
    functions = (event.processor, names.partitioner, names.concatenator, names.rescuer)
    reader = LogReader(site.stack.client("logs"), functions, names.prefix)
    times = evidence.times
    begin, end = min(times) - PROCESSING, max(times) + PROCESSING
    since_ms = int(begin.timestamp() * 1000)
    until_ms = int(end.timestamp() * 1000) if evidence.merged else None
    of_type = replace(LogChoice(event_type=evidence.event_type), text=INVOCATION)
    work = [line for line in reader.lines(of_type, since_ms, until_ms) if is_about(line, evidence)]
    if not (requests := {line.request_id for line in work if line.fields.get("dropped")}):
        return work
    dropped = reader.lines(replace(of_type, text=DROPPED), since_ms, until_ms)
    return [*work, *(line for line in dropped if line.message == DROPPED and line.request_id in requests)]
