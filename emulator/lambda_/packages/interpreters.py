"""Which runtimes functions can have here: the Pythons of this machine, and programs of the functions' own."""

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

MINORS = range(9, 15)
"""Python 3 minor versions that a Lambda runtime exists for and that boto3 and the runtime client still support."""

ASK_S = 10
"""How long an interpreter may take to say which one it is."""


@dataclass(frozen=True)
class Interpreter:
    """A Python that can run functions: the runtime's name (`python3.13`), the program, and its full version."""

    runtime: str
    program: Path
    version: str


@dataclass(frozen=True)
class OwnRuntime:
    """A runtime of a function's own: a program that the package or a layer brings (`provided.al2023`)."""

    runtime: str


Runtime = Interpreter | OwnRuntime

OWN_RUNTIMES = ("provided.al2023", "provided.al2")


class RuntimeUnavailable(Exception):
    """The runtime is not here; the message says which there are."""

    def __init__(self, runtime: str) -> None:
        here = ", ".join([*(item.runtime for item in installed_interpreters()), *OWN_RUNTIMES])
        remedy = "Choose one of these"
        if _is_python(runtime):
            remedy += ", or install the interpreter (on PATH, through pyenv or uv)"
        super().__init__(f"The runtime {runtime} {_reason(runtime)}. Functions can run on: {here}. {remedy}.")


def runtime_for(runtime: str) -> Runtime:
    """What runs functions of `runtime`. Raises `RuntimeUnavailable`."""
    return OwnRuntime(runtime) if runtime in OWN_RUNTIMES else interpreter_for(runtime)


def interpreter_for(runtime: str) -> Interpreter:
    """The interpreter that runs functions of `runtime`. Raises `RuntimeUnavailable`."""
    found = _find(runtime) if _is_python(runtime) else None
    if found is None:
        raise RuntimeUnavailable(runtime)
    return found


def installed_interpreters() -> list[Interpreter]:
    """Every interpreter found here, oldest version first."""
    return [found for minor in MINORS if (found := _find(f"python3.{minor}"))]


def _reason(runtime: str) -> str:
    if _is_python(runtime):
        return "is not installed on this machine"
    return "is too old to work here" if runtime.startswith("python") else "is not emulated"


def _is_python(runtime: str) -> bool:
    return runtime in {f"python3.{minor}" for minor in MINORS}


@cache
def _find(runtime: str) -> Interpreter | None:
    if runtime == "python{}.{}".format(*sys.version_info):
        base = getattr(sys, "_base_executable", sys.executable)
        return Interpreter(runtime, Path(base), "{}.{}.{}".format(*sys.version_info))
    for program in _candidates(runtime):
        if version := _version(program):
            return Interpreter(runtime, program, version)
    return None


def _candidates(runtime: str) -> Iterator[Path]:
    home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    number = runtime.removeprefix("python")
    yield from sorted(home.glob(f".pyenv/versions/{number}.*/bin/{runtime}"), reverse=True)
    yield from sorted(home.glob(f".local/share/uv/python/cpython-{number}.*/bin/{runtime}"), reverse=True)
    if on_path := shutil.which(runtime):
        yield Path(on_path)


def _version(program: Path) -> str | None:
    """The version that a program says it has; None when it does not run (a pyenv shim without a version behind it)."""
    question = [str(program), "-I", "-S", "-c", "import sys; print('%d.%d.%d' % sys.version_info[:3])"]
    try:
        answer = subprocess.run(question, capture_output=True, text=True, timeout=ASK_S, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()
