"""The process to start for an execution environment."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KEEPER = Path(__file__).parents[1] / "runtime" / "keeper.py"
OUR_PYTHON = Path(getattr(sys, "_base_executable", sys.executable))


@dataclass(frozen=True)
class Launch:
    """A function's process: its whole environment, its working directory, and what runs in it.

    program: its Python, or what is executed instead where `is_python` is false. opt: the folder that stands for `/opt`,
    which may be missing. storage_bytes: what a file of the process may have at most.
    """

    program: Path
    runtime_folder: Path
    opt: Path
    handler: str
    variables: Mapping[str, str]
    folder: Path
    storage_bytes: int
    is_python: bool = True

    def command(self, control: int) -> list[str]:
        """The command that starts its keeper by itself; `control` is the descriptor that it inherits."""
        if self.is_python:
            return [*map(str, (self.program, "-I", "-S", "-X", "utf8", self.runtime_folder / "bootstrap.py", control))]
        return [*map(str, (OUR_PYTHON, "-I", "-S", KEEPER, control))]

    def order(self) -> dict[str, Any]:
        """The order that its keeper gets (see `Order` in `runtime/keeper.py`)."""
        return {
            "folder": str(self.folder),
            "variables": dict(self.variables),
            "opt": str(self.opt),
            "handler": self.handler,
            "program": str(self.program),
            "storage": self.storage_bytes,
        }
