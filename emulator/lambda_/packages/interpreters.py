"""The runtimes that functions can have here: the Pythons of this machine, and programs of the functions' own."""

import os
import pwd
import shutil
import subprocess
import sys
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
        reason = "is too old to work here" if runtime.startswith("python") else "is not emulated"
        remedy = "Choose one of these"
        if _is_python(runtime):
            reason = "is not installed on this machine"
            remedy += ", or install the interpreter (on PATH, through pyenv or uv)"
        super().__init__(f"The runtime {runtime} {reason}. Functions can run on: {here}. {remedy}.")


def runtime_for(runtime: str) -> Runtime:
    """The runtime of this name, as it is here. Raises `RuntimeUnavailable`."""
    return OwnRuntime(runtime) if runtime in OWN_RUNTIMES else interpreter_for(runtime)


def interpreter_for(runtime: str) -> Interpreter:
    """The interpreter that runs functions of `runtime`. Raises `RuntimeUnavailable`."""
    interpreter = _find(runtime) if _is_python(runtime) else None
    if interpreter is None:
        raise RuntimeUnavailable(runtime)
    return interpreter


def installed_interpreters() -> list[Interpreter]:
    """Every interpreter found here, oldest version first."""
    return [interpreter for minor in MINORS if (interpreter := _find(f"python3.{minor}"))]


def _is_python(runtime: str) -> bool:
    return runtime in {f"python3.{minor}" for minor in MINORS}


@cache
def _find(runtime: str) -> Interpreter | None:
    if runtime == "python{}.{}".format(*sys.version_info):
        base = getattr(sys, "_base_executable", sys.executable)
        return Interpreter(runtime, Path(base), "{}.{}.{}".format(*sys.version_info))
    home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    number = runtime.removeprefix("python")
    candidates = sorted(home.glob(f".pyenv/versions/{number}.*/bin/{runtime}"), reverse=True)
    candidates += sorted(home.glob(f".local/share/uv/python/cpython-{number}.*/bin/{runtime}"), reverse=True)
    if on_path := shutil.which(runtime):
        candidates.append(Path(on_path))
    question = ["-I", "-S", "-c", "import sys; print('%d.%d.%d' % sys.version_info[:3])"]
    for program in candidates:
        try:
            answer = subprocess.run([program, *question], capture_output=True, text=True, timeout=ASK_S, check=True)  # noqa: S603
        except (OSError, subprocess.SubprocessError):
            continue  # It does not run: a pyenv shim without a version behind it.
        if version := answer.stdout.strip():
            return Interpreter(runtime, program, version)
    return None
