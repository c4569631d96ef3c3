"""Reads what Firehose could not deliver from its error prefix.

A line of JSON a record, its bytes as Base64 in `rawData` (Amazon Data Firehose Developer Guide, "Handle data
transformation failures").
"""

import base64
import json
from collections.abc import Iterator

from wavetank.scenarios.client import at_rest
from wavetank.scenarios.client.batches import Message
from wavetank.scenarios.site.site import Site

ERRORS = "delivery-errors/"


def undelivered(site: Site) -> Iterator[Message]:
    """Every record below the error prefix, for the stream that it was to be delivered from."""
    for event in site.topology.events:
        for key in at_rest.keys(site.s3, site.data_bucket, f"{ERRORS}{event.name}/"):
            lines = site.s3.get_object(Bucket=site.data_bucket, Key=key)["Body"].read().splitlines()
            for number, line in enumerate(lines):
                yield Message(
                    event.processed_stream, f"{key}#{number}"[-256:], base64.b64decode(json.loads(line)["rawData"])
                )
