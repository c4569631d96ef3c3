"""Memory and ephemeral storage that a function's processes use.

Memory is what the function made: anonymous pages, and shared ones (mappings that processes share, memory files, open
files in `/dev/shm`), once for all of its processes. Pages of mapped files, such as libraries, can be dropped and read
again, and do not run a function on AWS out of memory. What an environment has from its fork server counts once, as what
it would have imported itself. Of shared mappings and open memory files, which may be the same, the larger sum counts.

Ephemeral storage is the folder that stands for `/tmp`, with files that are deleted and still open.
"""

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

MB = 1 << 20
KB = 1 << 10
BLOCK = 512
"""Bytes of a block as `stat` counts them, on every system."""
HAS_PROC = Path("/proc/self/status").exists()


@dataclass(frozen=True)
class Usage:
    """Bytes in use now."""

    memory: int
    storage: int


@dataclass(frozen=True)
class Member:
    """A process: bytes of anonymous and of shared memory that it maps."""

    anonymous: int
    shared: int


def used(keeper: int, pid: int, scratch: Path) -> Usage:
    """The usage of the process and all that descends from its keeper, and of `scratch`; nothing when it is gone."""
    if not HAS_PROC:
        return Usage(_resident(pid), bytes_below(scratch))
    processes = descendants(keeper)
    files = {(file.st_dev, file.st_ino): file for process in processes for file in _open_files(process)}
    devices = _memory_devices()
    memory_files = sum(file.st_blocks * BLOCK for file in files.values() if file.st_dev in devices)
    own = _device(scratch)
    deleted = sum(file.st_blocks * BLOCK for file in files.values() if file.st_dev == own and not file.st_nlink)
    return Usage(_memory(processes, memory_files), bytes_below(scratch) + deleted)


def peak_bytes(pid: int) -> int:
    """The most memory that was ever resident for the process, with mapped files; 0 when it is gone."""
    if not HAS_PROC:
        return _resident(pid)
    return _fields(pid, "status", "VmHWM")[0]


def descendants(pid: int) -> list[int]:
    """All processes that descend from this one."""
    processes = [pid]
    for process in processes:
        folder = f"/proc/{process}/task"
        try:
            tasks = os.listdir(folder)  # noqa: PTH208
        except OSError:
            continue
        processes += [int(child) for task in tasks for child in _read(f"{folder}/{task}/children").split()]
    return processes[1:]


def _memory(processes: list[int], memory_files: int) -> int:
    """The memory of one process as it is; that of several with what they share counted once.

    Then every page counts for each in the share that it has of it, which is less than all where the fork server or
    another environment has it too: never less than what one process alone has.
    """
    members = [Member(*_fields(process, "status", "RssAnon", "RssShmem")) for process in processes]
    most = max((member.anonymous + max(member.shared, memory_files) for member in members), default=0)
    if len(members) < 2:
        return most
    shares = [Member(*_fields(process, "smaps_rollup", "Pss_Anon", "Pss_Shmem")) for process in processes]
    anonymous = sum(share.anonymous for share in shares)
    return max(most, anonymous + max(memory_files, sum(share.shared for share in shares)))


def _fields(pid: int, file: str, *names: str) -> list[int]:
    """These fields of a file that the system has about a process, in bytes; 0 where the process is gone."""
    text = _read(f"/proc/{pid}/{file}")
    values = []
    for name in names:
        start = text.find(b"\n%s:" % name.encode())
        values.append(int(text[start + len(name) + 2 : text.index(b"kB", start)]) * KB if start >= 0 else 0)
    return values


def _read(path: str) -> bytes:
    """A file of the system's; empty where its process is gone."""
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123
            return file.readall()
    except OSError:
        return b""


def _open_files(pid: int) -> Iterable[os.stat_result]:
    """The regular files that a process has open."""
    folder = f"/proc/{pid}/fd/"
    try:
        descriptors = os.listdir(folder)  # noqa: PTH208
    except OSError:
        return
    for descriptor in descriptors:
        try:
            file = os.stat(folder + descriptor)  # noqa: PTH116
        except OSError:
            continue
        if stat.S_ISREG(file.st_mode):
            yield file


@cache
def _memory_devices() -> frozenset[int]:
    """The devices of memory files and of `/dev/shm`."""
    descriptor = os.memfd_create("wavetank")
    devices = frozenset({os.fstat(descriptor).st_dev, _device(Path("/dev/shm"))})  # noqa: S108
    os.close(descriptor)
    return devices


def _device(path: Path) -> int:
    try:
        return path.stat().st_dev
    except OSError:
        return -1


def bytes_below(folder: Path) -> int:
    """Bytes that the files below a folder take, each file once; links lead nowhere."""
    total, folders, seen = 0, [str(folder)], set[int]()
    while folders:
        try:
            entries = list(os.scandir(folders.pop()))
        except OSError:
            continue
        for entry in entries:
            try:
                file = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            if stat.S_ISDIR(file.st_mode):
                folders.append(entry.path)
            elif file.st_nlink == 1 or file.st_ino not in seen:
                seen.add(file.st_ino)
                total += file.st_blocks * BLOCK
    return total


def _resident(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0
