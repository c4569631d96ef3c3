"""A trace from evidence: the steps in the order of the flow, what each function did with the event, and its fate. Pure.

Which invocation handled an event follows from its position: a processor's line names the shard and the sequence numbers
of its batch, a partitioner's the chunk, a concatenator's the partition. Where no line does, the trace says so.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from wavetank.pipeline.metrics import DROPPED, INVOCATION
from wavetank.scenarios.observability.log_lines import LogLine
from wavetank.scenarios.observability.trace.model import Evidence, Fate, Hop, InFile, OnStream, Step, Trace, begun_at

_ORDER = {hop: number for number, hop in enumerate(Hop)}


def assemble(evidence: Evidence) -> Trace:
    """The trace of an event; a pure function of the evidence."""
    lines = _Lines(evidence)
    steps = [*_on_streams(evidence, lines), *_at_rest(evidence, lines), *_set_aside(evidence)]
    fate, reason, remedy = _fate(evidence, lines)
    return Trace(
        event_type=evidence.event_type,
        event_id=evidence.event_id,
        fate=fate,
        reason=reason,
        steps=tuple(sorted(steps, key=lambda step: (_ORDER[step.hop], step.at or evidence.since, step.place))),
        remedy=remedy,
        untold=tuple(_untold(evidence, lines)),
        looked=evidence.looked,
    )


def is_about(line: LogLine, evidence: Evidence) -> bool:
    """Whether a line is about a batch, a chunk or a partition that the event was in."""
    if line.message != INVOCATION:
        return False
    return (
        _merged_it(line, evidence)
        or line.fields.get("chunk") in {chunk.key for chunk in evidence.chunks}
        or any(_has(line, record) for record in evidence.raw)
    )


def _merged_it(line: LogLine, evidence: Evidence) -> bool:
    """Whether a line is about a merge of a partition with the event, after its first part there was written."""
    partition = line.fields.get("partition")
    parts = [_there(part, evidence) for part in evidence.parts if part.partition == partition]
    is_there = bool(parts) or any(merged.partition == partition for merged in evidence.merged)
    return is_there and (not parts or min(parts) <= _at(line))


def _there(part: InFile, evidence: Evidence) -> datetime:
    """The time that a part was not there before.

    S3 tells in whole seconds when it was written, and a merge may have ended earlier in the same one: it was not before
    its chunk was begun, nor before a record that can be in it was on the stream.
    """
    begun = begun_at(part.chunk)
    if begun is None:
        return part.written
    arrived = [record.arrived for record in evidence.processed if record.arrived >= begun]
    return max(part.written, min(arrived, default=begun))


class _Lines:
    """The lines of functions, by what each was about."""

    def __init__(self, evidence: Evidence) -> None:
        self._work = [line for line in evidence.lines if line.message == INVOCATION]
        self._dropped = [line for line in evidence.lines if line.message == DROPPED]

    def of_batch(self, record: OnStream) -> list[LogLine]:
        """The processor's lines about batches with this record."""
        return [line for line in self._work if "processed" in line.fields and _has(line, record)]

    def about(self, name: str, value: str) -> list[LogLine]:
        """The lines about a chunk or a partition."""
        return [line for line in self._work if line.fields.get(name) == value]

    def reasons(self, request: str) -> list[str]:
        """The reasons for which an invocation dropped events."""
        return sorted({str(line.fields.get("reason", "")) for line in self._dropped if line.request_id == request})


def _has(line: LogLine, record: OnStream) -> bool:
    """Whether the batch that a line names has the record."""
    first, last = (str(line.fields.get(name, "")) for name in ("first_sequence", "last_sequence"))
    is_named = line.fields.get("shard") == record.shard and first.isdecimal() and last.isdecimal()
    return is_named and int(first) <= record.number <= int(last)


def _on_streams(evidence: Evidence, lines: _Lines) -> Iterator[Step]:
    for record in evidence.raw:
        note = "" if record.is_whole else "its bytes name the id, and do not decode"
        yield Step(Hop.RAW, f"{record.stream} {record.shard}", record.arrived, f"sequence {record.sequence}", note)
        for line in lines.of_batch(record):
            span = f"{line.fields['first_sequence']} to {line.fields['last_sequence']}"
            yield _work(Hop.PROCESSOR, line, f"batch {span}", "received", "processed", "quarantined", "dropped")
    for record in evidence.processed:
        place, position = f"{record.stream} {record.shard}", f"sequence {record.sequence}"
        yield Step(Hop.PROCESSED, place, record.arrived, position, enriched_as_of=record.enriched_as_of)
    if dropped := _dropped_by(evidence, lines):
        why = ", ".join(lines.reasons(dropped.request_id)) or "no line says why"
        yield Step(Hop.DROPPED, dropped.function, _at(dropped), note=why, request=dropped.request_id)


def _at_rest(evidence: Evidence, lines: _Lines) -> Iterator[Step]:
    for chunk in evidence.chunks:
        note = "" if chunk.is_done else "not partitioned: it has no tag"
        yield Step(Hop.CHUNK, chunk.key, chunk.written, f"offset {chunk.offset}", note)
        for line in lines.about("chunk", chunk.key):
            yield _work(Hop.PARTITIONER, line, chunk.key, "events", "parts", "quarantined")
    for part in evidence.parts:
        yield _in_file(Hop.PART, part, _of_part(evidence, part))
    for part in evidence.late:
        yield _in_file(Hop.LATE, part)
    for partition in sorted({part.partition for part in (*evidence.parts, *evidence.merged)}):
        for line in lines.about("partition", partition):
            yield _work(Hop.CONCATENATOR, line, partition, "merged", "duplicates_removed", "quarantined", "failed")
    for merged in evidence.merged:
        yield _in_file(Hop.MERGED, merged)


def _in_file(hop: Hop, file: InFile, note: str = "") -> Step:
    return Step(hop, file.key, file.written, f"record {file.record}", note, enriched_as_of=file.enriched_as_of)


def _set_aside(evidence: Evidence) -> Iterator[Step]:
    for record in evidence.quarantine:
        first, *_ = record.message.split("\n")
        note = f"{record.reason}: {first}" + (" (re-driven)" if record.is_redriven else "")
        yield Step(Hop.QUARANTINE, record.key, record.arrived, f"from {record.source} {record.position}", note)


def _of_part(evidence: Evidence, part: InFile) -> str:
    """What became of a part's record at the merge, in words."""
    index = next((index for index in evidence.indexed if index.partition == part.partition), None)
    here = [merged for merged in evidence.merged if merged.partition == part.partition]
    if index is None or part.key not in {*index.inputs, *index.left_out}:
        return "not merged yet"
    left_out = index.left_out.get(part.key)
    if left_out is not None and (not left_out or part.record in left_out):
        return "could not be merged, and was set aside"
    if any(merged.content == part.content for merged in here):
        return "merged"
    if here:
        if part.time_us != here[0].time_us:
            return "left out: the copy with the earlier event time is kept"
        if part.enriched_as_of != here[0].enriched_as_of:
            return "left out: the copy that was enriched with earlier reference data is kept"
        return "left out: another version of the same event is kept"
    if earlier := _earlier(evidence, part.partition):
        return f"left out: a copy of the one in {earlier}"
    return "merged, and not in the merged file"


def _earlier(evidence: Evidence, partition: str) -> str:
    """The partition in reach before one that has the event as well; empty for none."""
    before = evidence.partitions_before.get(partition, frozenset())
    there = (index.partition for index in evidence.indexed if index.has_event and index.partition in before)
    return max(there, default="")


def _dropped_by(evidence: Evidence, lines: _Lines) -> LogLine | None:
    """The line of the batch that dropped the event: it is in no place behind, and the batch has dropped some."""
    if evidence.processed or evidence.chunks or evidence.parts or evidence.merged or evidence.late:
        return None
    aside = {record.position for record in evidence.quarantine}
    for record in evidence.raw:
        if record.sequence not in aside:
            for line in lines.of_batch(record):
                if line.fields.get("dropped"):
                    return line
    return None


def _fate(evidence: Evidence, lines: _Lines) -> tuple[Fate, str, str]:
    """The fate, the reason for it, and the command that helps."""
    if evidence.merged:
        places = ", ".join(sorted({merged.partition for merged in evidence.merged}))
        return Fate.LANDED, f"it is in the data of record: {places}", ""
    if kept := [record for record in evidence.quarantine if not record.is_redriven]:
        why = f"set aside by the {kept[-1].stage} stage as {kept[-1].reason}; mend what is wrong, then re-drive"
        return Fate.QUARANTINED, why, f"wavetank redrive --event {evidence.event_type} --reason {kept[-1].reason}"
    if evidence.parts:
        return _fate_of_parts(evidence)
    if evidence.late:
        hour = _hour(evidence.late[0].partition)
        return Fate.LATE, "its hour had left the look-back when it came", f"wavetank concatenate {hour} --backfill"
    if evidence.chunks:
        if undone := [chunk for chunk in evidence.chunks if not chunk.is_done]:
            why = (
                f"it ends at {undone[0].key}, which was not partitioned: the notification was lost, or the partitioner "
                "failed. The replayer announces such chunks again."
            )
            return Fate.UNDER_WAY, why, "wavetank tick --only replayer"
        return Fate.LOST, f"{evidence.chunks[0].key} was partitioned, and no part has it", _LOGS
    if evidence.processed:
        why = "it is on the processed stream, and in no chunk yet: Firehose gathers it, or cannot deliver it"
        return Fate.UNDER_WAY, why, "wavetank triage"
    if evidence.raw:
        return _fate_on_raw(evidence, lines)
    return Fate.UNSEEN, f"it was seen nowhere since {evidence.since:%Y-%m-%dT%H:%M:%SZ}", ""


_LOGS = "wavetank logs --level warn"


def _fate_of_parts(evidence: Evidence) -> tuple[Fate, str, str]:
    notes = {part.key: _of_part(evidence, part) for part in evidence.parts}
    for part in evidence.parts:
        if notes[part.key] == "not merged yet":
            return Fate.UNDER_WAY, f"{part.key} waits for its merge", f"wavetank tick {_hour(part.partition)}"
    part = evidence.parts[0]
    if notes[part.key].startswith("could not be merged"):
        return Fate.QUARANTINED, f"{part.key}: set aside at the merge, and re-driven since", ""
    return Fate.LOST, f"{part.key}: {notes[part.key]}", _LOGS


def _fate_on_raw(evidence: Evidence, lines: _Lines) -> tuple[Fate, str, str]:
    if dropped := _dropped_by(evidence, lines):
        why = ", ".join(lines.reasons(dropped.request_id))
        return Fate.DROPPED, "the event type's own code dropped it on purpose" + (f": {why}" if why else ""), ""
    if evidence.quarantine:
        return Fate.UNDER_WAY, "it was set aside and re-driven, and is not behind the processor again yet", _LOGS
    batches = [line for record in evidence.raw for line in lines.of_batch(record)]
    if handled := [line for line in batches if _is_accounted_for(line)]:
        why = f"{handled[-1].function} has handled its batch, and it is neither behind it, nor set aside, nor dropped"
        return Fate.LOST, why, f"wavetank logs --request {handled[-1].request_id}"
    if batches:
        why = f"{batches[-1].function} failed over its batch, which comes again"
        return Fate.UNDER_WAY, why, f"wavetank logs --request {batches[-1].request_id}"
    return Fate.UNDER_WAY, "it is on the raw stream, and nothing tells that the processor has had it", "wavetank triage"


def _is_accounted_for(batch: LogLine) -> bool:
    """Whether all that a processor received went somewhere, by its line; that of one which failed says less."""
    counts = [batch.fields.get(name) for name in ("processed", "quarantined", "dropped")]
    whole = batch.fields.get("received")
    return isinstance(whole, int) and whole == sum(count for count in counts if isinstance(count, int))


def _untold(evidence: Evidence, lines: _Lines) -> Iterator[str]:
    """What the log should tell of the event's way and does not."""
    for record in evidence.raw:
        if not lines.of_batch(record):
            yield f"processor: no line names a batch of {record.shard} with sequence {record.sequence}"
    for chunk in evidence.chunks:
        if chunk.is_done and not lines.about("chunk", chunk.key):
            yield f"partitioner: no line names {chunk.key}"
    for partition in sorted({merged.partition for merged in evidence.merged}):
        if not lines.about("partition", partition):
            yield f"concatenator: no line names {partition}"
    behind = (evidence.processed, evidence.chunks, evidence.parts, evidence.merged, evidence.late)
    if any(behind) and not evidence.raw:
        yield "raw stream: it is not there any more, or came before the time that was looked at"
    if any(behind[1:]) and not evidence.processed:
        yield "processed stream: it is not there any more, or came before the time that was looked at"
    if (evidence.parts or evidence.merged or evidence.late) and not evidence.chunks:
        yield "chunk: it has expired, or was written before the time that was looked at"
    if evidence.merged and not evidence.parts:
        yield "part: it has expired since it was merged"


def _work(hop: Hop, line: LogLine, place: str, *counts: str) -> Step:
    told = ", ".join(f"{name} {line.fields[name]}" for name in counts if name in line.fields)
    return Step(hop, line.function, _at(line), place, told, line.request_id)


def _at(line: LogLine) -> datetime:
    return datetime.fromtimestamp(line.time_ms / 1000, UTC)


def _hour(partition: str) -> str:
    """The hour of a partition as options of `tick` and `concatenate`."""
    keys = dict(pair.split("=", 1) for pair in partition.split("/"))
    start = datetime.fromisoformat(f"{keys['date']}T{keys['hour']}:00")
    return f"--from {start:%Y-%m-%dT%H:%M} --to {start + timedelta(hours=1):%Y-%m-%dT%H:%M}"
