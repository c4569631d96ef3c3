"""A real browser for the tests of this folder, which `make browser-test` runs."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-popup-blocking",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--ignore-certificate-errors",
)  # fmt: skip
WITHIN_S = 120


@dataclass(frozen=True)
class Browser:
    """An installed browser with a profile of its own."""

    program: str
    profile: Path

    def dom(self, url: str, *options: str) -> str:
        """The document at an address, typed by a user, once it is drawn and its scripts have run."""
        command = [*self._command(*options), "--virtual-time-budget=2000", "--dump-dom", url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN_S, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def at(self, url: str, *options: str) -> Iterator[None]:
        """A running browser that shows the address, until the block ends."""
        command = [*self._command(*options), "--remote-debugging-port=0", url]
        running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield
        finally:
            running.terminate()
            running.wait(WITHIN_S)

    def _command(self, *options: str) -> list[str]:
        return [self.program, *QUIET, f"--user-data-dir={self.profile}", *options]


@pytest.fixture
def browser(tmp_path: Path) -> Browser:
    """A browser; the test is skipped, by name, where none is installed."""
    program = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if program is None:
        pytest.skip(f"no browser is installed: looked for {', '.join(BROWSERS)}")
    return Browser(program, tmp_path / "profile")
