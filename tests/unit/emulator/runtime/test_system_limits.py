"""A stack may open as many files as the system lets it, and a limit that cannot be raised stays."""

import resource
import subprocess
import sys

import pytest

SHOW = """
import resource
from wavetank.emulator.runtime.system_limits import raise_limit
limit = raise_limit()
print(limit, *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize("soft", [64, 256, 512])
def test_the_soft_limit_becomes_the_hard_one(soft: int) -> None:
    def lower() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, 512))

    shown = subprocess.run(
        [sys.executable, "-c", SHOW], preexec_fn=lower, capture_output=True, text=True, check=True
    ).stdout
    assert shown.split() == ["512", "512", "512"]
