"""The settings of the provider, read from environment variables when the stack starts.

| variable                            | meaning                                                       | default      |
| ----------------------------------- | ------------------------------------------------------------- | ------------ |
| WAVETANK_KINESIS_MAX_BYTES          | cap on memory for records; beyond it the oldest are trimmed   | half the RAM |
| KINESIS_SHARD_LIMIT                 | open shards of an account and region (LocalStack's variable)  | 20000        |
| KINESIS_ON_DEMAND_STREAM_COUNT_LIMIT | on-demand streams of an account and region (LocalStack's)    | 50           |
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

CGROUP_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


@dataclass(slots=True)
class KinesisConfig:
    """The provider's settings; bytes, and counts per account and region."""

    max_bytes: int
    shard_quota: int
    on_demand_quota: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "KinesisConfig":
        """The settings in an environment; raises ValueError for a variable that is no number."""
        return cls(
            max_bytes=int(environment.get("WAVETANK_KINESIS_MAX_BYTES") or available_memory() // 2),
            shard_quota=int(environment.get("KINESIS_SHARD_LIMIT") or 20_000),
            on_demand_quota=int(environment.get("KINESIS_ON_DEMAND_STREAM_COUNT_LIMIT") or 50),
        )


def available_memory() -> int:
    """Bytes this process may use: the machine's memory, or its control group's where that is less."""
    total = int(psutil.virtual_memory().total)
    for path in CGROUP_LIMITS:
        if path.is_file() and (text := path.read_text().strip()).isdigit():
            return min(total, int(text))
    return total


CONFIG = KinesisConfig.from_environment(os.environ)
