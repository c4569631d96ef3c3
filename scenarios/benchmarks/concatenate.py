"""The cost of merging beside the same job in Polars and in plain fastavro, on the same files in the same run.

    merge_over_polars      Polars ÷ ours: merge, dedupe, Avro and Parquet of a million events in 24 partitions
    merge_over_fastavro    fastavro ÷ ours: read, dict by id, write Avro (and no Parquet), of the same files
    partition_over_fastavro  fastavro ÷ ours: take a chunk apart, decode, route, encode, write the parts
    peak_mib_1m, peak_mib_5m   peak resident memory of our job, a process of its own
    cost_5m_over_10k       seconds an event of five million, over those of ten thousand, in as many partitions

Every job is a process of its own, given a folder of part files with 5 % duplicates; the fastest of its rounds counts.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from wavetank.emulator.stack.stack import Stack
from wavetank.scenarios.benchmarks import merge_jobs
from wavetank.scenarios.benchmarks.merge_jobs import PARTITIONS, write_parts
from wavetank.scenarios.benchmarks.registry import BenchFailedError

SMALL, MILLION, MOST = 10_000, 1_000_000, 5_000_000
ROUNDS = {SMALL: 5, MILLION: 3, MOST: 1}


def run(_stack: Stack) -> dict[str, float]:
    """Measure in processes of their own. Raises BenchFailedError where a job does not give every event once."""
    figures: dict[str, float] = {"partitions": PARTITIONS}
    costs: dict[int, float] = {}
    for events in (SMALL, MILLION, MOST):
        with tempfile.TemporaryDirectory(prefix="bench-merge-") as folder:
            write_parts(Path(folder), events)
            ours = _fastest("ours", Path(folder), events)
            costs[events] = ours["seconds"] / events
            if events == MILLION:
                figures["merge_ours_s"] = ours["seconds"]
                figures["peak_mib_1m"] = ours["peak_mib"]
                for name in ("polars", "fastavro"):
                    other = _fastest(name, Path(folder), events)["seconds"]
                    figures |= {f"merge_{name}_s": other, f"merge_over_{name}": other / ours["seconds"]}
            if events == MOST:
                figures["peak_mib_5m"] = ours["peak_mib"]
    figures["cost_5m_over_10k"] = costs[MOST] / costs[SMALL]
    figures["events_per_s_5m"] = 1 / costs[MOST]
    return figures | merge_jobs.partitioning()


def _fastest(job: str, folder: Path, events: int) -> dict[str, float]:
    """The fastest of the rounds of a job: its seconds, and the peak memory of its process."""
    command = [sys.executable, "-m", merge_jobs.__name__, job, str(folder)]
    rounds: list[dict[str, float]] = []
    for _ in range(ROUNDS[events]):
        ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own module
        if ended.returncode:
            raise BenchFailedError(f"{job} failed: {ended.stderr.strip()[-500:]}")
        figures = json.loads(ended.stdout)
        if figures["events"] != events:
            raise BenchFailedError(f"{job} gave {figures['events']} of {events} events")
        rounds.append(figures)
    return min(rounds, key=lambda figures: figures["seconds"])
