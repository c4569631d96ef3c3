"""The pid file of a stack: which process it is, beyond doubt, and since when."""

import json
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path

import psutil

from wavetank.emulator.errors import DamagedRecord
from wavetank.emulator.runtime.json_text import parsed

SAME_START_S = 1.0
"""Two start times of one process may differ by the rounding of the system's clock ticks."""


LARGEST_PID = (1 << 31) - 1


@dataclass(frozen=True)
class StackRecord:
    """The process of a stack. `began` is when it began (`_began`, seconds): a recycled pid has another.

    `owner` is the process with which the stack ends; None for one that lives until it is taken down. `project` is the
    folder of the project for which it was started; empty for none.
    """

    port: int
    pid: int
    began: float
    owner: int | None = None
    project: str = ""

    @classmethod
    def of(cls, port: int, pid: int, owner: int | None = None, project: str = "") -> "StackRecord":
        """The record of a process that runs now. Raises psutil.NoSuchProcess when it does not."""
        return cls(port, pid, _began(psutil.Process(pid)), owner, project)

    @classmethod
    def read(cls, path: Path, port: int) -> "StackRecord | None":
        """The record of the stack on `port` in a file; None when there is none.

        Raises `DamagedRecord` for a file that is no such record, or that cannot be read.
        """
        try:
            record = cls(**parsed(path.read_text()))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise DamagedRecord(path, port, str(error.strerror)) from error
        except (ValueError, TypeError) as error:
            raise DamagedRecord(path, port, "it is not what was written there") from error
        numbers = [record.port, record.pid, *([] if record.owner is None else [record.owner])]
        are_numbers = all(type(number) is int and 0 < number <= LARGEST_PID for number in numbers)
        if (
            not are_numbers
            or record.port != port
            or type(record.began) not in (int, float)
            or not isfinite(record.began)
            or type(record.project) is not str
        ):
            raise DamagedRecord(path, port, "it is not what was written there")
        return record

    def write(self, path: Path) -> None:
        """Put the record in place in one step: a reader sees the old one or the new one."""
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(self)))
        draft.replace(path)

    def process(self) -> psutil.Process | None:
        """The process, if it still runs and still is the one that was recorded."""
        try:
            process = psutil.Process(self.pid)
            same = abs(_began(process) - self.began) < SAME_START_S
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None

    @property
    def endpoint_url(self) -> str:
        """Where the stack answers."""
        return f"http://127.0.0.1:{self.port}"


def _began(process: psutil.Process) -> float:
    """When a process began, as no setting of the machine's clock changes it.

    That is, since boot on Linux, where the times of day of all starts move with the clock; elsewhere, the time of day
    that was noted at the start.
    """
    began = process.create_time()
    return began - psutil.boot_time() if psutil.LINUX else began
