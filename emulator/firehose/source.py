"""The source of a delivery stream: a Kinesis stream, read through the AWS API, shard by shard.

A source starts at the tip of every open shard as of `open` and reads children once their parents are read to the end,
so nothing is skipped at a reshard. A bell wakes it at every write; a slow poll makes up for a bell not heard.
Sources: https://docs.aws.amazon.com/firehose/latest/dev/writing-with-kinesis-streams.html (reads from LATEST, retries
GetRecords and GetShardIterator without end) and the Kinesis API reference of GetRecords (at MillisBehindLatest 0 there
is nothing more to read) and ListShards.
"""

import logging
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf
from typing import Any, Protocol

from botocore.exceptions import ClientError

from wavetank.emulator.firehose.core.buffer import Entry, Origin
from wavetank.emulator.firehose.core.deaggregate import user_records
from wavetank.emulator.firehose.metrics import Measure, Metric, ignore
from wavetank.emulator.pending import Pending
from wavetank.emulator.runtime.clock import CLOCK, Alarm, Clock
from wavetank.emulator.runtime.doorbell import STREAM_WRITES, Doorbell

LOG = logging.getLogger(__name__)

SOURCE_HOP = "firehose.source"
POLL_S = 60.0  # a stream is read when its bell rings; so often (wall clock) also without
READ_LIMIT = 10_000  # most records of one GetRecords
LINGER_S = 0.02  # a read waits so for more records (wall clock), so that a trickle of puts costs few reads
FIRST_RETRY_S = 0.1
LONGEST_RETRY_S = 30.0
NOT_FOUND = "ResourceNotFoundException"
_SUSPECT = frozenset({NOT_FOUND, "InvalidArgumentException", "ExpiredIteratorException"})


class Sink(Protocol):
    """Takes the records that were read."""

    def accept(self, entries: Iterable[Entry]) -> None: ...

    def wait_for_room(self) -> None: ...


@dataclass
class _Shard:
    """A shard and how far it is read: every record that arrived before `since` has been."""

    id: str
    first: str  # its first sequence number, which no other shard ever has
    since: float
    from_start: bool
    iterator: str | None = None
    sequence: str | None = None
    behind: bool = True
    failures: int = 0
    retry_at: float = 0.0
    problem: str = ""

    def start(self) -> dict[str, Any]:
        """The arguments of GetShardIterator that go on where reading has got to."""
        if self.sequence is not None:
            return {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": self.sequence}
        if self.from_start:
            return {"ShardIteratorType": "TRIM_HORIZON"}
        return {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": datetime.fromtimestamp(self.since, UTC)}


class KinesisSource:
    """A reader of a stream; records go to `sink` in shard order."""

    def __init__(
        self,
        client: Any,
        stream_arn: str,
        sink: Sink,
        *,
        clock: Clock = CLOCK,
        bell: Doorbell = STREAM_WRITES,
        measure: Measure = ignore,
    ) -> None:
        self._client = client
        self._arn = stream_arn
        self._sink = sink
        self._clock = clock
        self._bell = bell
        self._measure = measure
        self._wake = Alarm(clock)
        self._stopping = threading.Event()
        self._shards: dict[str, _Shard] = {}
        self._finished: set[str] = set()  # by first sequence number: ids come again in another stream of the name
        self._look_for_shards = False
        self._gone = False
        self._looks_failed = 0
        self._look_at = 0.0
        self._busy = False
        self._thread = threading.Thread(
            target=self._run, name=f"firehose-source-{stream_arn.rsplit('/', 1)[-1]}", daemon=True
        )

    def open(self) -> None:
        """Take the position: records put from now on will be read. Raises ClientError when there is no such stream."""
        self._bell.listen(self._arn, self._wake)
        try:
            for shard in self._list():
                if "EndingSequenceNumber" in shard["SequenceNumberRange"]:
                    self._finished.add(_first(shard))
                    continue
                since = self._clock.now()
                iterator = self._iterator(shard["ShardId"], {"ShardIteratorType": "LATEST"})
                self._shards[shard["ShardId"]] = _Shard(
                    shard["ShardId"], _first(shard), since, from_start=False, iterator=iterator, behind=False
                )
        except Exception:
            self._bell.unlisten(self._arn, self._wake)
            raise

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """Read no more; returns at once."""
        self._bell.unlisten(self._arn, self._wake)
        self._stopping.set()
        self._wake.set()

    def pending(self) -> list[Pending]:
        """The records that are put and not read yet, as far as is known; none when the stream is gone."""
        name = self._arn.rsplit("/", 1)[-1]
        # `_wake` is looked at before `_busy`: the reader sets the latter before it clears the former.
        if self._wake.is_set() or self._busy:
            return [Pending(SOURCE_HOP, name, f"reading {name}")]
        if self._look_for_shards and not self._gone:
            until = self._look_at if self._looks_failed else None
            return [Pending(SOURCE_HOP, name, f"looking for the shards of {name}", until)]
        return [
            Pending(SOURCE_HOP, name, f"reading {name}/{shard.id} {shard.problem}".rstrip(), shard.retry_at or None)
            for shard in tuple(self._shards.values())
            if shard.behind
        ]

    def _run(self) -> None:
        while not self._stopping.is_set():
            looks = [shard.retry_at for shard in self._shards.values() if shard.problem]
            if self._looks_failed:
                looks.append(self._look_at)
            self._wake.wait(min(looks, default=inf) - self._clock.now(), patience=POLL_S)
            self._stopping.wait(LINGER_S)
            self._busy = True
            self._wake.clear()
            try:
                # Every shard is read until none is left that can be read now.
                self._adopt()
                waiting = list(self._shards.values())
                while waiting and not self._stopping.is_set():
                    for shard in waiting:
                        if self._may_read(shard):
                            self._read(shard)
                    self._adopt()
                    waiting = [shard for shard in self._shards.values() if shard.behind and self._may_read(shard)]
            except Exception:
                LOG.exception("reading %s failed, trying again", self._arn)
                self._wake.set()
                self._stopping.wait(LONGEST_RETRY_S)
            finally:
                self._busy = False

    def _may_read(self, shard: _Shard) -> bool:
        return shard.id in self._shards and self._clock.now() >= shard.retry_at

    def _read(self, shard: _Shard) -> None:
        """Make one GetRecords call and take its records."""
        self._sink.wait_for_room()
        try:
            if shard.iterator is None:
                shard.iterator = self._iterator(shard.id, shard.start())
            now = self._clock.now()
            answer = self._client.get_records(ShardIterator=shard.iterator, Limit=READ_LIMIT)
        except Exception as error:
            self._failed(shard, error)
            return
        shard.failures, shard.problem, shard.retry_at = 0, "", 0.0
        records = answer["Records"]
        entries = list(self._entries(shard, records))
        self._measure(None, [(Metric.SOURCE_BEHIND, answer.get("MillisBehindLatest") or 0)])
        if entries:
            size = sum(len(record["Data"]) for record in records)
            self._measure(None, [(Metric.SOURCE_RECORDS, len(records)), (Metric.SOURCE_BYTES, size)])
            self._sink.accept(entries)
        if records:
            shard.sequence = records[-1]["SequenceNumber"]
        elif not answer.get("MillisBehindLatest"):
            shard.since = now
        shard.iterator = answer.get("NextShardIterator")
        shard.behind = bool(answer.get("MillisBehindLatest"))
        if shard.iterator is None:
            # Before the shard is forgotten: in between, `pending` must not tell that all was read.
            self._look_for_shards = True
            self._finished.add(shard.first)
            del self._shards[shard.id]

    def _entries(self, shard: _Shard, records: list[dict[str, Any]]) -> Iterator[Entry]:
        # Timestamps lose their fraction on the way to Kinesis: AT_TIMESTAMP may give up to a second too much.
        tail_only = shard.sequence is None and not shard.from_start
        earliest = int(shard.since * 1000) / 1000
        for record in records:
            arrival = record["ApproximateArrivalTimestamp"].timestamp()
            if tail_only and arrival < earliest:
                continue
            inner = user_records(record["Data"], record["PartitionKey"])
            for number, item in enumerate(inner):
                origin = Origin(shard.id, record["SequenceNumber"], item.partition_key, number)
                yield Entry(item.data, arrival, origin)

    def _failed(self, shard: _Shard, error: Exception) -> None:
        """Try again later, from the same place, unless the shard is gone."""
        code = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
        if code in _SUSPECT:
            shard.iterator = None
        if code == "ExpiredIteratorException":
            shard.behind = True
            return
        if not shard.problem:
            LOG.warning("%s/%s cannot be read, trying again: %s", self._arn, shard.id, error)
        shard.problem, shard.behind = str(error), True
        shard.retry_at = self._clock.now() + _retry_s(shard.failures)
        shard.failures += 1
        if code in _SUSPECT:
            self._verify(shard)

    def _verify(self, shard: _Shard) -> None:
        """Compare the shard with those that the stream has now.

        A shard whose records are all past retention is over. A stream that was deleted is forgotten; one that
        was made again under the same name is read from its beginning.
        """
        try:
            listed = {item["ShardId"]: _first(item) for item in self._list()}
        except Exception:
            listed = {}
            if not self._gone:
                return
        if listed.get(shard.id) == shard.first:
            return
        self._look_for_shards = True
        if shard.id in listed or not listed:
            LOG.warning("%s was deleted", self._arn)
            self._shards.clear()
            self._finished.clear()
        else:
            self._finished.add(shard.first)
            self._shards.pop(shard.id, None)

    def _adopt(self) -> None:
        """Begin with the shards whose parents are read to the end, at their first record."""
        if not self._look_for_shards:
            return
        try:
            listed = self._list()
        except Exception as error:
            LOG.debug("%s: no shards: %s", self._arn, error)
            self._look_at = self._clock.now() + _retry_s(self._looks_failed)
            self._looks_failed += 1
            return
        self._looks_failed = 0
        first = {shard["ShardId"]: _first(shard) for shard in listed}
        for shard in listed:
            parents = {first.get(shard.get(name, "")) for name in ("ParentShardId", "AdjacentParentShardId")} - {None}
            new = _first(shard) not in self._finished and shard["ShardId"] not in self._shards
            if new and parents <= self._finished:
                self._shards[shard["ShardId"]] = _Shard(
                    shard["ShardId"], _first(shard), self._clock.now(), from_start=True
                )
        self._look_for_shards = not self._shards

    def _list(self) -> list[dict[str, Any]]:
        """Every shard; notes whether the stream is known to be gone."""
        try:
            answer = self._client.list_shards(StreamARN=self._arn)
            shards: list[dict[str, Any]] = answer["Shards"]
            while answer.get("NextToken"):
                answer = self._client.list_shards(NextToken=answer["NextToken"])
                shards += answer["Shards"]
        except Exception as error:
            self._gone = isinstance(error, ClientError) and error.response["Error"]["Code"] == NOT_FOUND
            raise
        self._gone = False
        return shards

    def _iterator(self, shard_id: str, start: dict[str, Any]) -> str:
        answer = self._client.get_shard_iterator(StreamARN=self._arn, ShardId=shard_id, **start)
        return str(answer["ShardIterator"])


def _first(shard: dict[str, Any]) -> str:
    return str(shard["SequenceNumberRange"]["StartingSequenceNumber"])


def _retry_s(failures: int) -> float:
    """The wait in seconds after another failure, when there were `failures` before."""
    return float(min(FIRST_RETRY_S * 2 ** min(failures, 20), LONGEST_RETRY_S))
