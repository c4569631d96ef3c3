"""A function as an environment needs it, and the variables that its process gets."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from wavetank.emulator.lambda_.packages.interpreters import Interpreter, Runtime


class LogFormat(StrEnum):
    """The two formats of a function's log."""

    TEXT = "Text"
    JSON = "JSON"


@dataclass(frozen=True)
class Function:
    """A version of a function, ready to run: its folders are unpacked and its runtime was found."""

    name: str
    version: str
    handler: str
    region: str
    memory_mb: int
    timeout_s: float
    runtime: Runtime
    runtime_folder: Path
    task_root: Path
    opt: Path | None
    log_format: LogFormat = LogFormat.TEXT
    log_level: str = "INFO"
    system_log_level: str = "INFO"
    initialization: str = "on-demand"
    """Why its environments are started, in Lambda's words."""
    storage_mb: int = 512
    """Size of the folder that stands for `/tmp`."""

    def program(self) -> Path:
        """The program to execute. Raises `InvalidEntrypoint` where that of a runtime of its own is missing."""
        if isinstance(self.runtime, Interpreter):
            return self.runtime.program
        for folder in (self.task_root, *([self.opt] if self.opt else [])):
            if (folder / BOOTSTRAP).exists():
                return folder / BOOTSTRAP
        raise InvalidEntrypoint("Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]")


class InvalidEntrypoint(Exception):
    """The program of a function cannot be found or executed; the message is AWS's."""


BOOTSTRAP = "bootstrap"
"""The name of a program that is a runtime.
Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html"""


DOCUMENTED = (
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_XRAY_CONTEXT_MISSING",
    "AWS_XRAY_DAEMON_ADDRESS",
    "_AWS_XRAY_DAEMON_PORT",
    "_AWS_XRAY_DAEMON_ADDRESS",
    "TZ",
    "AWS_ENDPOINT_URL",
)
"""The variables of the caller's that a function sees: those AWS documents, and the address of the emulator.
Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html"""


def process_variables(
    function: Function, given: Mapping[str, str], own: Mapping[str, str], scratch: Path
) -> dict[str, str]:
    """The whole environment of a function's process, but for the address of its Runtime API.

    `given` is what the caller knows (account, credentials, log names), of which the documented ones are taken;
    `own` is what the function was deployed with; `scratch` stands for `/tmp`.
    """
    opt = [function.opt] if function.opt else []
    roots = [function.runtime_folder, function.task_root, *opt]
    libraries = [folder for root in roots for folder in (root, root / "lib")]
    programs = [*map(Path, os.defpath.split(os.pathsep)), *(root / "bin" for root in opt)]
    variables = {name: str(given[name]) for name in DOCUMENTED if name in given}
    if isinstance(function.runtime, Interpreter):
        libraries.insert(0, function.runtime.program.parent.parent / "lib")
        programs.insert(0, function.runtime.program.parent)
        variables |= {
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime.runtime}",
            "PYTHONPATH": str(function.runtime_folder),
        }
    variables |= {
        "HOME": str(scratch),
        "LANG": "en_US.UTF-8",
        "LAMBDA_RUNTIME_DIR": str(function.runtime_folder),
        "LAMBDA_TASK_ROOT": str(function.task_root),
        "LD_LIBRARY_PATH": _joined(libraries),
        "PATH": _joined(programs),
        "TMPDIR": str(scratch),
        "_HANDLER": function.handler,
    }
    if function.log_format is LogFormat.JSON:
        variables |= {
            "AWS_LAMBDA_LOG_FORMAT": function.log_format.value,
            "AWS_LAMBDA_LOG_LEVEL": function.log_level.upper(),
        }
    return variables | dict(own)


def _joined(paths: list[Path]) -> str:
    return os.pathsep.join(str(path) for path in paths)
