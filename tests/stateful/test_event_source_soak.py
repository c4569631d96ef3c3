"""A mapping under failing functions, resharding, disabling and updating loses, reorders and repeats nothing.

Set WAVETANK_SOAK_S for a longer run and WAVETANK_SOAK_SEED for another one.
"""

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.parity.event_source_kit import Fixture, until
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

SOAK_S = float(os.environ.get("WAVETANK_SOAK_S", "6"))
SEED = int(os.environ.get("WAVETANK_SOAK_SEED", "1"))
KEYS = 12
MOST_SHARDS = 5

UNRELIABLE = """
import random

def respond(records, got):
    luck = random.random()
    if luck < 0.02:
        note(batch=got, outcome="crash")
        os._exit(1)
    if luck < 0.12:
        note(batch=got, outcome="error")
        raise ValueError("bad luck")
    if luck < 0.24:
        index = random.randrange(len(records))
        note(batch=got, outcome=index)
        return {"batchItemFailures": [{"itemIdentifier": records[index]["kinesis"]["sequenceNumber"]}]}
    note(batch=got, outcome="ok")
"""


@pytest.fixture
def made(stack: EmbeddedStack, tmp_path: Path) -> Iterator[Fixture]:
    """A stream of two shards, an unreliable function, and a mapping."""
    fixture = Fixture(stack, tmp_path, shards=2)
    fixture.function(UNRELIABLE)
    fixture.map(
        StartingPosition="LATEST",
        BatchSize=20,
        ParallelizationFactor=2,
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )
    yield fixture
    fixture.remove()


class Producer(threading.Thread):
    """Puts numbered records of every key, one after the other, until it is told to end."""

    def __init__(self, made: Fixture) -> None:
        super().__init__(daemon=True)
        self._made = made
        self.enough = threading.Event()
        self.acknowledged: Counter[str] = Counter()

    def run(self) -> None:
        """Put a round of all keys at a time; a record that was not taken is put again before the next of its key."""
        while not self.enough.is_set():
            keys = [f"k{n}" for n in range(KEYS)]
            records = [{"Data": f"{key}:{self.acknowledged[key]}".encode(), "PartitionKey": key} for key in keys]
            answer = self._made.kinesis.put_records(StreamName=self._made.name, Records=records)
            for key, result in zip(keys, answer["Records"], strict=True):
                if "ErrorCode" not in result:
                    self.acknowledged[key] += 1
            self.enough.wait(0.01)


def disturb(made: Fixture, rng: random.Random) -> None:
    """Do one of the things that a mapping has to live with."""
    mapping = made.mappings[0]
    update = made.functions.update_event_source_mapping
    match rng.choice(["split", "merge", "disable", "update", "wait", "later", "later"]):
        case "split" if len(made.shard_ids()) < MOST_SHARDS:
            made.split(rng.choice(made.shard_ids()))
        case "merge" if len(made.shard_ids()) > 1:
            made.merge(*rng.choice(_neighbours(made)))
        case "disable":
            update(UUID=mapping, Enabled=False)
            until(lambda: made.state() == "Disabled")
            update(UUID=mapping, Enabled=True)
        case "update":
            update(
                UUID=mapping,
                BatchSize=rng.randint(1, 50),
                ParallelizationFactor=rng.randint(1, 4),
                BisectBatchOnFunctionError=rng.random() < 0.5,
            )
        case "later":
            made.stack.control.advance_clock(20)
        case _:
            time.sleep(0.05)


def _neighbours(made: Fixture) -> list[tuple[str, str]]:
    shards: list[dict[str, Any]] = made.kinesis.list_shards(StreamName=made.name)["Shards"]
    still = [s for s in shards if "EndingSequenceNumber" not in s["SequenceNumberRange"]]
    still.sort(key=lambda s: int(s["HashKeyRange"]["StartingHashKey"]))
    return [(a["ShardId"], b["ShardId"]) for a, b in pairwise(still)]


def check(invocations: list[dict[str, Any]], acknowledged: Counter[str]) -> Counter[str]:
    """Each record in order of its key, again only after a failure; returns how the invocations ended.

    A record is done when an invocation that had it ended well, or failed at a later record of the batch.
    """
    done: Counter[str] = Counter()
    endings: Counter[str] = Counter()
    for invocation in invocations:
        batch, outcome = invocation["batch"], invocation["outcome"]
        endings[outcome if isinstance(outcome, str) else "partial"] += 1
        ahead: Counter[str] = Counter()
        for text in batch:
            key, number = text.split(":")
            assert int(number) == done[key] + ahead[key], f"{text} came when {done[key] + ahead[key]} was due"
            ahead[key] += 1
        finished = {"ok": len(batch), "error": 0, "crash": 0}.get(outcome, outcome)
        done.update(text.split(":")[0] for text in batch[:finished])
    assert done == acknowledged
    return endings


def test_every_acknowledged_record_is_delivered_in_order_and_again_only_after_a_failure(
    made: Fixture, stack: EmbeddedStack
) -> None:
    rng = random.Random(SEED)
    producer = Producer(made)
    producer.start()
    ends = time.monotonic() + SOAK_S
    while time.monotonic() < ends:
        disturb(made, rng)
    producer.enough.set()
    producer.join()
    _settle(stack)
    endings = check([note for note in made.noted() if "batch" in note], producer.acknowledged)
    assert endings["ok"]
    assert endings["error"]
    assert endings["partial"]


def _settle(stack: EmbeddedStack) -> None:
    """Let emulated time pass until the last retry is over."""
    calm = threading.Event()

    def hurry() -> None:
        while not calm.wait(0.1):
            stack.control.advance_clock(20)

    thread = threading.Thread(target=hurry, daemon=True)
    thread.start()
    try:
        stack.settle(60)
    finally:
        calm.set()
        thread.join()
