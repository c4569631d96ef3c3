"""A disk without room is told in a sentence, and never taken for a client that went away."""

import http.client
import os
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.small_disk import small_disk
from wavetank.emulator.errors import DiskFull
from wavetank.emulator.stack.home import Home
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack
MB = 1 << 20


def fill(s3: Any, size: int) -> None:
    for number in range(3):
        s3.put_object(Bucket="room", Key=f"{size}-{number}", Body=bytes(size))


def test_a_stack_does_not_start_on_a_disk_without_room_and_says_so(own_home: Home, tmp_path: Path) -> None:
    with small_disk(tmp_path / "full", 16 << 10) as folder, pytest.raises(DiskFull, match=str(folder)):
        EmbeddedStack.up(home=Home(folder / "home", own_home.cache))


def test_what_does_not_fit_is_507_whoever_writes_it_and_the_rest_goes_on(own_home: Home, tmp_path: Path) -> None:
    with (
        small_disk(tmp_path / "small", 30 * MB) as folder,
        EmbeddedStack.up(home=Home(folder / "home", own_home.cache)) as stack,
    ):
        s3 = stack.client("s3")
        s3.create_bucket(Bucket="room")
        for size in (17 * MB, 40 * MB):
            with pytest.raises(ClientError) as refused:
                fill(s3, size)
            assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 507
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        client = http.client.HTTPSConnection("127.0.0.1", stack.port, timeout=60, context=context)
        client.request("PUT", "/room/over-tls", bytes(40 * MB))
        assert client.getresponse().status == 507
        assert "No space left on device" in stack.folder.log.read_text()
        for listed in s3.list_objects_v2(Bucket="room").get("Contents", []):
            s3.delete_object(Bucket="room", Key=listed["Key"])
        s3.put_object(Bucket="room", Key="fits", Body=b"x" * MB)


def test_a_deployment_without_room_says_so(own_home: Home, tmp_path: Path) -> None:
    with small_disk(tmp_path / "small", 6 * MB) as folder:
        environment = os.environ | {"WAVETANK_HOME": str(folder / "home"), "WAVETANK_CACHE": str(own_home.cache)}
        command = [str(Path(sys.executable).with_name("wavetank")), "up", "--port", "0"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert "The disk of the stack is full" in done.stderr
        assert "Traceback" not in done.stderr
