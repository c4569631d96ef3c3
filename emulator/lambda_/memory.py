"""How much memory a function's processes use.

Counted against the limit is memory that the function made (anonymous and shared pages): pages of mapped files, such as
libraries, can be dropped and read again, and do not run a function on AWS out of memory.
"""

import os
from pathlib import Path

import psutil

MB = 1 << 20
PROC = Path("/proc")
HAS_PROC = PROC.joinpath("self/statm").exists()
PAGE = os.sysconf("SC_PAGE_SIZE")


def used_bytes(pid: int) -> int:
    """Bytes that the process and its descendants hold of their own now; 0 when they are gone."""
    if not HAS_PROC:
        return _resident(pid)
    return sum(_own_bytes(member) for member in _family(pid))


def peak_bytes(pid: int) -> int:
    """The most that was ever resident for the process, with mapped files; 0 when it is gone."""
    if not HAS_PROC:
        return _resident(pid)
    try:
        for line in PROC.joinpath(str(pid), "status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def _own_bytes(pid: int) -> int:
    try:
        _, resident, shared, *_ = PROC.joinpath(str(pid), "statm").read_text().split()
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(shared)) * PAGE


def _family(pid: int) -> list[int]:
    """The process and all that descend from it."""
    found, looked_at = [pid], 0
    while looked_at < len(found):
        found += _children(found[looked_at])
        looked_at += 1
    return found


def _children(pid: int) -> list[int]:
    children: list[int] = []
    try:
        for task in os.scandir(PROC / str(pid) / "task"):
            children += map(int, Path(task.path, "children").read_text().split())
    except OSError:
        pass
    return children


def _resident(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0
