"""Recovery by hand, once what went wrong is over: back-fill, re-drive of the quarantine, re-delivery for Firehose.

The back-fill merges many hours and lands what came too late; it is the pipeline's own, in a process of its own.
"""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import wavetank
from wavetank.emulator.stack.clients import DUMMY_KEY, LOCAL_HOSTS
from wavetank.emulator.stack.stack import Stack
from wavetank.pipeline.names import NAMES, Names
from wavetank.scenarios.client import at_rest, quarantine
from wavetank.scenarios.client.batches import MAX_KEY_CHARACTERS, Message
from wavetank.scenarios.client.producer import Sender
from wavetank.scenarios.oracle.history import Outcome
from wavetank.scenarios.site.site import Site

MODULE = "wavetank.pipeline.handlers.backfill"
LATE = "--late"
"""The option that lands late parts as well."""
BACK_FILL, REDRIVE = "backfill", "redrive"
"""The application ids of who recovers, by which faults find their calls."""
LAST_LINES = 3
ERRORS = "delivery-errors/"
"""Firehose's error prefix."""


class BackFillFailedError(Exception):
    """The back-fill broke off; the message is what it said last. What was done is done."""


class PartitionsFailedError(BackFillFailedError):
    """Some partitions could not be merged, and all others were; the message names them and their errors."""


class RedriveFailedError(Exception):
    """A stream did not take all records that were to come back; the message says which and why."""


def back_fill(
    stack: Stack, options: Sequence[str] = (LATE,), checkout: Path | None = None, names: Names = NAMES
) -> Iterator[dict[str, Any]]:
    """The lines in which the back-fill tells of what it does, as they come.

    checkout: the folder of the package `wavetank` with its code, None for this one.
    Raises PartitionsFailedError at the end where partitions failed, BackFillFailedError where it broke off.
    """
    environment = {
        "AWS_ACCESS_KEY_ID": DUMMY_KEY,
        "AWS_SECRET_ACCESS_KEY": DUMMY_KEY,
        **os.environ,
        **({"AWS_ACCESS_KEY_ID": stack.account} if urlsplit(stack.endpoint_url).hostname in LOCAL_HOSTS else {}),
        "AWS_ENDPOINT_URL": stack.endpoint_url,
        "AWS_DEFAULT_REGION": stack.region,
        "AWS_SDK_UA_APP_ID": BACK_FILL,
        "PYTHONPATH": str(checkout or Path(str(wavetank.__file__)).parents[1]),
    }
    # Without -P the working directory would come before the checkout.
    command = [sys.executable, "-P", "-m", MODULE, f"--account={stack.account}", f"--prefix={names.prefix}", *options]
    with subprocess.Popen(  # noqa: S603 - our own module, its arguments checked
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            failed = list[str]()
            for line in map(json.loads, process.stdout):
                failed += [f"{line['partition']}: {line['error']}"] if "error" in line else []
                yield line
            complaint = process.stderr.read().strip().splitlines()[-LAST_LINES:]
        except BaseException:
            process.terminate()
            raise
    if process.returncode and failed:
        raise PartitionsFailedError("\n".join(failed))
    if process.returncode:
        raise BackFillFailedError("\n".join(complaint))


def redrive(site: Site, chosen: quarantine.Filter) -> Iterator[quarantine.Redriven]:
    """Put the original bytes of quarantined records back on their streams, file by file."""
    s3, bucket = site.s3, site.data_bucket
    with Sender(site.stack.client("kinesis")) as sender:
        for some in quarantine.waiting(quarantine.held(s3, bucket), chosen):
            yield quarantine.redrive(s3, bucket, some, sender=sender, topology=site.topology, now=datetime.now(UTC))


def redeliver(site: Site) -> None:
    """Put every record below Firehose's error prefix back on the stream that it was to be delivered from.

    A line of JSON a record, its bytes as Base64 in `rawData` (Amazon Data Firehose Developer Guide, "Handle data
    transformation failures"). Raises RedriveFailedError.
    """
    messages = list[Message]()
    for event in site.topology.events:
        for key in at_rest.keys(site.s3, site.data_bucket, f"{ERRORS}{event.name}/"):
            lines = site.s3.get_object(Bucket=site.data_bucket, Key=key)["Body"].read().splitlines()
            for number, line in enumerate(lines):
                partition_key = f"{key}#{number}"[-MAX_KEY_CHARACTERS:]
                data = base64.b64decode(json.loads(line)["rawData"])
                messages.append(Message(event.processed_stream, partition_key, data))
    with Sender(site.stack.client("kinesis")) as sender:
        receipts = sender.send(messages)
    refused = [receipt.reason for receipt in receipts if receipt.outcome is not Outcome.OK]
    if refused:
        raise RedriveFailedError(f"{len(refused)} of {len(receipts)} undelivered records refused: {refused[0]}")
