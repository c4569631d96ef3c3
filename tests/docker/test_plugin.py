"""The pytest plugin's fixtures on a stack in a container."""

import subprocess
import sys
from pathlib import Path

MINE = """
def test_mine(stack, settle):
    assert stack.kind == "docker"
    stack.client("s3").create_bucket(Bucket="mine")
    settle()
"""


def test_a_session_may_have_its_stack_in_a_container(nothing_left: None, tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text(MINE)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--wavetank-stack=docker"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
