"""A state folder that cannot be used, and files in it that are damaged: one sentence, and no other stack suffers."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from wavetank.emulator.stack.home import CACHE_VARIABLE, HOME_VARIABLE, Home
from wavetank.emulator.stack.process import listen
from wavetank.emulator.stack.stack import EmbeddedStack

WAVETANK = str(Path(sys.executable).with_name("wavetank"))
USAGE, NOTHING_UP = 2, 3
CHANGES = ("up --port 0 --no-deploy",)
LOOKS = ("status", "down --all", "logs")

pytestmark = pytest.mark.stack


def run(home: Path | str, command: str, cache: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {HOME_VARIABLE: str(home), CACHE_VARIABLE: str(cache or Home.from_environment().cache)}
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}
    return subprocess.run(
        [WAVETANK, *command.split()],
        env=kept | environment, capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip


def told(done: subprocess.CompletedProcess[str], file: Path | str) -> bool:
    """Whether it ended as wrong usage, with a sentence about a file and another that says what to do."""
    error, _, remedy = done.stderr.partition("\n")
    assert "Traceback" not in done.stderr
    return done.returncode == USAGE and error.startswith(f"error: {file}") and len(remedy.split()) > 5


def a_file(folder: Path) -> tuple[Path, Path]:
    (folder / "home").touch()
    return folder / "home", folder / "home"


def below_a_file(folder: Path) -> tuple[Path, Path]:
    (folder / "file").touch()
    return folder / "file" / "home", folder / "file" / "home"


def in_no_file_system(_folder: Path) -> tuple[Path, Path]:
    return Path("/proc/nope"), Path("/proc/nope")


def read_only(_folder: Path) -> tuple[Path, Path]:
    return Path("/sys/wavetank"), Path("/sys/wavetank")


def in_a_loop_of_links(folder: Path) -> tuple[Path, Path]:
    (folder / "home").symlink_to(folder / "home")
    return folder / "home", folder / "home"


def with_a_file_for_stacks(folder: Path) -> tuple[Path, Path]:
    (folder / "stacks").touch()
    return folder, folder / "stacks"


@pytest.mark.parametrize(
    "made", [a_file, below_a_file, in_no_file_system, read_only, in_a_loop_of_links, with_a_file_for_stacks]
)
@pytest.mark.parametrize("command", CHANGES)
def test_a_home_that_cannot_be_written_is_named_with_what_to_do(
    tmp_path: Path, made: Callable[[Path], tuple[Path, Path]], command: str
) -> None:
    home, named = made(tmp_path)
    done = run(home, command)
    assert told(done, named), (done.returncode, done.stderr)


@pytest.mark.parametrize("made", [a_file, with_a_file_for_stacks])
@pytest.mark.parametrize("command", LOOKS)
def test_looking_into_a_home_that_cannot_be_used_is_no_bug(
    tmp_path: Path, made: Callable[[Path], tuple[Path, Path]], command: str
) -> None:
    home, _named = made(tmp_path)
    done = run(home, command)
    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 1, USAGE, NOTHING_UP)


def test_a_cache_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "cache").touch()
    done = run(tmp_path / "home", "up --port 0 --no-deploy", tmp_path / "cache")
    assert told(done, tmp_path / "cache")


def test_damaged_files_of_some_stacks_do_not_hide_the_others(own_home: Home) -> None:
    with EmbeddedStack.up(home=own_home, owned=False) as stack, listen(0) as bound:
        taken = int(bound.getsockname()[1])
        for name in (str(taken), "1", "65535", "not-a-port"):
            own_home.stack(0).path.with_name(name).mkdir()
            own_home.stack(0).path.with_name(name).joinpath("stack.json").write_text('{"port": ')
        own_home.stack(2).path.touch()
        own_home.container(0).parent.mkdir()
        own_home.container(0).with_name("not-a-port").touch()
        done = run(own_home.path, "status --json")
        assert done.returncode == 0
        assert [it["port"] for it in json.loads(done.stdout)] == [stack.port]
        warnings = [line for line in done.stderr.splitlines() if line.startswith("warning: ")]
        assert len(warnings) == 3
        assert all("stack.json is damaged" in line for line in warnings)
        assert told(run(own_home.path, f"logs --port {taken}"), own_home.stack(taken).record)
        done = run(own_home.path, "down --all")
        assert (done.returncode, f"stopped the stack on port {stack.port}" in done.stdout) == (0, True)
        assert stack.record.process() is None
        assert [port for port in own_home.ports() if own_home.stack(port).path.is_dir()] == [taken]
