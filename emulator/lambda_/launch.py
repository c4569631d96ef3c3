"""What to start for an execution environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Launch:
    """A function's process: its Python, its whole environment, its working directory, and what runs in it.

    opt: the folder that stands for `/opt`, which may be missing.
    """

    program: Path
    runtime_folder: Path
    opt: Path
    handler: str
    variables: Mapping[str, str]
    folder: Path

    def command(self, leash: int) -> list[str]:
        """The command that starts it by itself; `leash` is the descriptor that it inherits (see `bootstrap.py`)."""
        bootstrap = self.runtime_folder / "bootstrap.py"
        return [*map(str, (self.program, "-I", "-S", "-X", "utf8", bootstrap, leash, self.opt)), self.handler]
