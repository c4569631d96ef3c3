"""The limits of memory and ephemeral storage, whatever kind they are of and whoever in the environment takes them."""

import json
import mmap
import re
import sys

import pytest

from tests.unit.emulator.lambda_.conftest import Run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of all kinds of memory")

MEMORY_MB = 192
MUCH = 256 << 20
STORAGE_MB = 64
SOME, TOO_MUCH = 48 << 20, 80 << 20
PAGE = mmap.PAGESIZE

TOUCH = (
    "import mmap, multiprocessing, os, pathlib, tempfile, time\n"
    "def touch(memory):\n"
    f"    for page in range(0, len(memory), {PAGE}): memory[page] = 1\n"
    "    return memory\n"
)
MEMORY = {
    "private": "held = touch(bytearray({size}))",
    "anonymous, private mapping": "held = touch(mmap.mmap(-1, {size}, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))",
    "anonymous, shared mapping": "held = touch(mmap.mmap(-1, {size}))",
    "mapped memory file": "held = os.memfd_create('m'); os.ftruncate(held, {size}); touch(mmap.mmap(held, {size}))",
    "written memory file": "held = os.memfd_create('m'); [os.write(held, bytes(1 << 20)) for _ in range({size} >> 20)]",
    "file in /dev/shm": (
        "held = open('/dev/shm/' + str(os.getpid()), 'w+b'); os.unlink(held.name)\n"
        "    [os.write(held.fileno(), bytes(1 << 20)) for _ in range({size} >> 20)]"
    ),
    "in children": (
        "held = [multiprocessing.get_context('fork').Process(target=hold, args=({size} // 4,)) for _ in range(4)]\n"
        "    [process.start() for process in held]; [process.join() for process in held]"
    ),
}
HOLD = "def hold(size):\n    held = touch(bytearray(size))\n    time.sleep(60)\n"


def used(run: Run, statement: str, size: int, storage_mb: int = STORAGE_MB) -> str:
    """The type of the error of a handler that does this; empty where there is none."""
    source = f"{TOUCH}{HOLD}def handler(event, context):\n    {statement.format(size=size)}\n    time.sleep(0.5)\n"
    running = run(source, memory_mb=MEMORY_MB, storage_mb=storage_mb, timeout_s=30)
    assert running.environment.start() is None
    result = running.invoke()
    return json.loads(result.payload)["errorType"] if result.is_error else ""


@pytest.mark.parametrize("kind", MEMORY)
def test_memory_of_every_kind_counts(kind: str, run: Run) -> None:
    assert used(run, MEMORY[kind], MUCH, storage_mb=512) == "Runtime.OutOfMemory"


def test_memory_that_processes_share_counts_once(run: Run) -> None:
    shared = "held = touch(mmap.mmap(-1, {size})); copied = touch(bytearray({size}))\n    children = " + (
        "[multiprocessing.get_context('fork').Process(target=look, args=(held, copied)) for _ in range(4)]\n"
        "    [process.start() for process in children]; [process.join() for process in children]\n"
    )
    look = "def look(*memories):\n    for memory in memories: memory.find(b'2')\n    time.sleep(0.5)\n"
    source = f"{TOUCH}{look}def handler(event, context):\n    {shared.format(size=40 << 20)}"
    running = run(source, memory_mb=MEMORY_MB, timeout_s=30)
    assert running.environment.start() is None
    assert not running.invoke().is_error


STORAGE = {
    "one file": "pathlib.Path(folder, 'file').write_bytes(bytes({size}))",
    "many files": "[pathlib.Path(folder, str(n)).write_bytes(bytes(1 << 20)) for n in range({size} >> 20)]",
    "files in folders": (
        "[(pathlib.Path(folder, str(n), 'f').mkdir(parents=True), pathlib.Path(folder, str(n), 'f', 'file')"
        ".write_bytes(bytes(1 << 20))) for n in range({size} >> 20)]"
    ),
    "deleted files that are open": (
        "held = [tempfile.TemporaryFile() for n in range({size} >> 20)]\n"
        "    [(each.write(bytes(1 << 20)), each.flush()) for each in held]"
    ),
    "files of a child": (
        "import subprocess; [subprocess.check_call(['sh', '-c', f'head -c 8388608 /dev/zero > {{folder}}/{{n}}'])"
        " for n in range({size} >> 23)]"
    ),
}
FOLDER = "folder = tempfile.gettempdir()\n    "


@pytest.mark.parametrize("kind", STORAGE)
def test_ephemeral_storage_is_limited_also_where_the_handler_answers(kind: str, run: Run) -> None:
    error_type = used(run, FOLDER + STORAGE[kind], TOO_MUCH)
    assert error_type == ("OSError" if kind == "one file" else "Runtime.NoSpaceLeft")
    assert used(run, FOLDER + STORAGE[kind], SOME) == ""


def test_an_environment_whose_storage_was_used_up_is_replaced_by_one_that_is_empty(run: Run) -> None:
    source = (
        "import os, pathlib, tempfile, time\n"
        "def handler(event, context):\n"
        "    left = os.listdir(tempfile.gettempdir())\n"
        "    for n in range(event): pathlib.Path(tempfile.gettempdir(), str(n)).write_bytes(bytes(1 << 20))\n"
        "    time.sleep(0.3)\n"
        "    return left\n"
    )
    running = run(source, storage_mb=STORAGE_MB)
    assert running.environment.start() is None
    answer = json.loads(running.invoke(b"80").payload)
    assert answer["errorType"] == "Runtime.NoSpaceLeft"
    reason = r"Error: \[Errno 28\] No space left on device: \d+ MB are used of an ephemeral storage of 64 MB$"
    assert re.search(reason, answer["errorMessage"])
    assert json.loads(running.invoke(b"0").payload) == []


def test_storage_that_was_freed_can_be_used_again(run: Run) -> None:
    source = (
        "import pathlib, tempfile\n"
        "def handler(event, context):\n"
        "    for n in range(8):\n"
        "        file = pathlib.Path(tempfile.gettempdir(), 'file')\n"
        f"        file.write_bytes(bytes({SOME}))\n"
        "        file.unlink()\n"
    )
    running = run(source, storage_mb=STORAGE_MB, memory_mb=256)
    assert running.environment.start() is None
    assert not running.invoke().is_error


@pytest.mark.parametrize("name", ["Queue()", "Pool(1)", "Lock()", "shared_memory.SharedMemory(create=True, size=1)"])
@pytest.mark.parametrize("variables", [{}, {"MALLOC_ARENA_MAX": "1"}], ids=["forked", "apart"])
def test_multiprocessing_has_no_shared_memory_as_on_aws(name: str, variables: dict[str, str], run: Run) -> None:
    source = f"import multiprocessing.shared_memory\ndef handler(event, context): multiprocessing.{name}\n"
    running = run(source, variables=variables)
    assert running.environment.start() is None
    answer = json.loads(running.invoke().payload)
    assert (answer["errorType"], answer["errorMessage"]) == ("OSError", "[Errno 38] Function not implemented")


def test_multiprocessing_has_processes_and_pipes_as_on_aws(run: Run) -> None:
    source = (
        "import multiprocessing\n"
        "def handler(event, context):\n"
        "    fork = multiprocessing.get_context('fork')\n"
        "    ours, theirs = fork.Pipe()\n"
        "    process = fork.Process(target=theirs.send, args=(event,))\n"
        "    process.start()\n"
        "    process.join()\n"
        "    return ours.recv()\n"
    )
    running = run(source)
    assert running.environment.start() is None
    assert running.invoke(b"7").payload == b"7"
