"""The command line: quick to answer, and a user's mistake costs a sentence, not a traceback."""

import os
import pkgutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from typer.main import get_command

from wavetank import scenarios
from wavetank.emulator.stack.pidfile import StackRecord
from wavetank.emulator.stack.process import listen
from wavetank.scenarios import commands
from wavetank.scenarios.cli import COMMANDS, ROOMS, app

WAVETANK = Path(sys.executable).parent / "wavetank"
HEAVY = ("boto3", "botocore", "localstack", "rich", "pyarrow", "duckdb", "fastavro", "docker")


def run(home: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command with a state folder of its own, and no stack named by the environment."""
    unset = ("AWS_ENDPOINT_URL", "WAVETANK_PORT")
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    environment |= {"WAVETANK_HOME": str(home), **variables}
    return subprocess.run(
        [WAVETANK, *arguments], env=environment, capture_output=True, text=True, timeout=30, check=False
    )


def test_asking_for_help_imports_nothing_heavy() -> None:
    look = f"import sys, wavetank.scenarios.cli; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_command_shows_an_example() -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    leaves = {
        f"{name} {sub}".strip(): command
        for name, group in commands.items()
        for sub, command in getattr(group, "commands", {"": group}).items()
    }
    leaves |= {name: group for name, group in commands.items() if getattr(group, "invoke_without_command", False)}
    assert len(leaves) > len(("up", "down", "status", "logs"))
    assert [name for name, command in leaves.items() if "wavetank " not in (command.epilog or "")] == []


@pytest.mark.parametrize("arguments", [("nonsense",), ("up", "--port", "70000"), ("drill", "--seed", "x")])
def test_wrong_usage_is_exit_code_2(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = run(tmp_path, *arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["logs", "settle"])
def test_a_command_without_a_stack_says_how_to_start_one(tmp_path: Path, command: str) -> None:
    done = run(tmp_path, command)
    assert done.returncode == 1
    assert "no stack is up" in done.stderr
    assert "wavetank up" in done.stderr
    assert "Traceback" not in done.stderr


def test_status_without_a_stack_is_exit_code_3(tmp_path: Path) -> None:
    assert run(tmp_path, "status").returncode == 3
    listed = run(tmp_path, "status", "--json")
    assert (listed.returncode, listed.stdout.strip()) == (3, "[]")


def test_stopping_when_nothing_is_up_is_no_failure(tmp_path: Path) -> None:
    for arguments in (("down",), ("down", "--all"), ("down", "--port", "4599")):
        done = run(tmp_path, *arguments)
        assert (done.returncode, done.stdout) == (0, "")
        assert "nothing to stop" in done.stderr


def test_an_endpoint_where_nothing_listens_is_named(tmp_path: Path) -> None:
    with listen(0) as bound:
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
    done = run(tmp_path, "settle", "--endpoint-url", url)
    assert done.returncode == 1
    assert f"nothing listens at {url}" in done.stderr


@pytest.mark.parametrize("url", ["127.0.0.1:4566", "ftp://127.0.0.1", "http://"])
def test_an_endpoint_that_is_no_url_is_refused(tmp_path: Path, url: str) -> None:
    done = run(tmp_path, "settle", AWS_ENDPOINT_URL=url)
    assert done.returncode == 2
    assert "is not a URL" in done.stderr


def test_several_stacks_and_none_named_is_wrong_usage(tmp_path: Path) -> None:
    for port in (4601, 4602):
        record = tmp_path / "stacks" / str(port) / "stack.json"
        record.parent.mkdir(parents=True)
        StackRecord.of(port, os.getpid()).write(record)
    done = run(tmp_path, "settle")
    assert done.returncode == 2
    assert "4601, 4602" in done.stderr


def test_the_private_stack_of_a_drill_is_not_taken_for_the_users(tmp_path: Path) -> None:
    record = tmp_path / "stacks" / "4603" / "stack.json"
    record.parent.mkdir(parents=True)
    StackRecord.of(4603, os.getpid(), owner=os.getppid()).write(record)
    assert "no stack is up" in run(tmp_path, "settle").stderr
    assert "nothing to stop" in run(tmp_path, "down").stderr


def test_a_port_that_another_program_has_is_named_with_what_to_do(tmp_path: Path) -> None:
    with listen(0) as bound:
        port = str(bound.getsockname()[1])
        done = run(tmp_path, "up", "--port", port)
    assert done.returncode == 1
    assert f"port {port} is taken" in done.stderr
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_group_of_commands_is_on_the_command_line() -> None:
    found = {module.name for module in pkgutil.iter_modules(commands.__path__)}
    groups = {name for name in found if hasattr(import_module(f"{commands.__name__}.{name}"), "register")}
    assert groups == set(COMMANDS)


def test_every_room_with_a_command_is_on_the_command_line() -> None:
    found = {path.parent.name for path in Path(scenarios.__path__[0]).glob("*/command.py")}
    assert found == set(ROOMS)
