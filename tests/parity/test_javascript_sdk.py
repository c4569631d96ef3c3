"""The AWS SDK for JavaScript, version 3, with its defaults: HTTP/2 for Kinesis, on connections that it leaves early.

Its packages come from `make javascript`; nothing is installed here.
"""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from wavetank.emulator.stack.home import Home
from wavetank.emulator.stack.stack import EmbeddedStack

NODE = shutil.which("node")
SDK = Home.from_environment().cache / "javascript"
SCRIPT = Path(__file__).parent.parent / "javascript" / "kinesis.mjs"


@pytest.mark.stack
@pytest.mark.skipif(NODE is None, reason="needs node")
@pytest.mark.skipif(not (SDK / "installed").is_file(), reason="needs the SDK: `make javascript`")
def test_records_and_subscriptions_come_whole_over_http_2(stack: EmbeddedStack) -> None:
    kinesis = stack.client("kinesis")
    kinesis.create_stream(StreamName="javascript", ShardCount=1)
    for _ in range(4):
        kinesis.put_record(StreamName="javascript", PartitionKey="k", Data=bytes(50_000))
    arn = kinesis.describe_stream_summary(StreamName="javascript")["StreamDescriptionSummary"]["StreamARN"]
    consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="node")["Consumer"]["ConsumerARN"]
    command = [str(NODE), str(SCRIPT), str(SDK), stack.endpoint_url, arn, consumer]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    seen = json.loads(ran.stdout)
    assert seen["read"] == [50_000] * 4
    assert sorted(seen["pushed"]) == ["pushed 0", "pushed 1", "pushed 2"]
