"""Schemas, envelopes, quarantine and re-drive from end to end, through the command line."""

import json
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from tests.e2e.commands import Ran, wavetank
from wavetank.emulator.stack.home import schemas_folder
from wavetank.scenarios.client import at_rest
from wavetank.scenarios.client.at_rest import Layer
from wavetank.scenarios.client.batches import Message
from wavetank.scenarios.client.producer import Sender
from wavetank.scenarios.client.wire import confluent, encode_frame, single_object
from wavetank.scenarios.oracle.history import Outcome
from wavetank.scenarios.site.site import Site

pytestmark = pytest.mark.stack

START = datetime(2019, 11, 24, 12, tzinfo=UTC)
START_US = int(START.timestamp()) * 1_000_000
IDS_KEY = "schemas/click/ids.json"


@pytest.fixture
def site(deployed_site: Site) -> Iterator[Site]:
    """The pipeline with an empty data bucket; the registry is as the folder has it when the test is over."""
    deployed_site.settle()
    deployed_site.empty()
    yield deployed_site
    deployed_site.s3.delete_object(Bucket=deployed_site.registry_bucket, Key=IDS_KEY)
    deployed_site.restore_registry()


def click(number: int) -> dict[str, Any]:
    return {"event_id": f"c-{number}", "event_time": START_US + number, "campaign": "men", "attributes": {}}


def put(site: Site, *payloads: bytes) -> None:
    """Put payloads on the raw stream of clicks, and wait for what follows from it."""
    with Sender(site.stack.client("kinesis")) as sender:
        receipts = sender.send([Message("wavetank-click-raw", "key", payload) for payload in payloads])
    assert {receipt.outcome for receipt in receipts} == {Outcome.OK}
    site.settle()


def landed(site: Site) -> set[str]:
    files = at_rest.files(site.s3, site.data_bucket, (Layer.PARTS,), "click")
    return {str(record["event_id"]) for file in files for record in file.records()}


def run(site: Site, *arguments: str) -> Ran:
    return wavetank(site.stack.endpoint_url, *arguments)


def counts(site: Site) -> dict[str, tuple[int, int, int]]:
    rows = run(site, "quarantine", "list", "--json").document
    return {row["reason"]: (row["waiting"], row["redriven"], row["exhausted"]) for row in rows}


def test_every_envelope_lands_and_an_id_that_nobody_declared_waits_until_it_is(site: Site) -> None:
    schema = site.routes["click"].schema
    put(site, encode_frame(schema, click(1)), single_object(schema, click(2)), confluent(17, schema, click(3)))
    assert landed(site) == {"c-1", "c-2"}
    assert counts(site) == {"unknown-schema": (1, 0, 0)}
    site.s3.put_object(Bucket=site.registry_bucket, Key=IDS_KEY, Body=b'{"17": 1}')
    again = run(site, "redrive", "--event", "click")
    assert "1 of 1 sent again" in again.stdout
    site.settle()
    assert landed(site) == {"c-1", "c-2", "c-3"}
    assert counts(site) == {"unknown-schema": (0, 1, 0)}
    assert "nothing to re-drive" in run(site, "redrive").stdout


def test_a_record_that_keeps_failing_is_sent_again_three_times_and_then_left_to_be_seen(site: Site) -> None:
    damaged = encode_frame(site.routes["click"].schema, click(1))[:-1] + b"\xff"
    put(site, damaged)
    for _ in range(3):
        assert "1 of 1 sent again" in run(site, "redrive", "--reason", "bad-frame").stdout
        site.settle()
    assert "0 of 0 sent again, 1 have been round often enough" in run(site, "redrive").stdout
    assert counts(site) == {"bad-frame": (0, 3, 1)}
    (row, *_) = run(site, "quarantine", "sample", "-n", "1", "--json").document
    shown = run(site, "quarantine", "show", row["digest"][:8], "--json").document
    assert (shown["redriven"], shown["hex"], shown["stage"]) == (3, damaged.hex(), "process")
    assert shown["decoded"]["event_id"] == "c-1"
    assert "57 54 4b" in run(site, "quarantine", "show", row["digest"]).stdout


def test_a_dry_run_says_what_it_would_do_and_does_nothing(site: Site) -> None:
    put(site, b"noise")
    assert run(site, "redrive", "--dry-run", "--json").document["files"][0]["records"] == 1
    assert run(site, "redrive", "--dry-run", "--since", "2999-01-01").stdout == "nothing to re-drive.\n"
    assert counts(site) == {"bad-frame": (1, 0, 0)}


def test_records_that_the_stream_has_lost_are_taken_from_the_failure_document(site: Site) -> None:
    payload = encode_frame(site.routes["click"].schema, click(1))
    stream = site.stack.client("kinesis").describe_stream_summary(StreamName="wavetank-click-raw")
    arn = stream["StreamDescriptionSummary"]["StreamARN"]
    put_data = {"data": b64encode(payload).decode(), "partitionKey": "key", "sequenceNumber": "1"}
    event = {"eventSourceARN": arn, "kinesis": {**put_data, "approximateArrivalTimestamp": START_US / 1e6}}
    batch = {"shardId": "shardId-000000000000", "startSequenceNumber": "1", "endSequenceNumber": "1", "batchSize": 1}
    document = {
        "requestContext": {"condition": "RecordAgeExceeded"},
        "KinesisBatchInfo": {**batch, "streamArn": arn},
        "payload": json.dumps({"Records": [event]}),
    }
    key = "aws/lambda/mapping/shardId-000000000000/2019/11/24/lost"
    site.s3.put_object(Bucket=site.data_bucket, Key=key, Body=json.dumps(document).encode())
    site.settle()
    assert counts(site) == {"given-up": (1, 0, 0)}
    assert run(site, "redrive", "--reason", "given-up").exit_code == 0
    site.settle()
    assert landed(site) == {"c-1"}


def test_a_folder_that_breaks_compatibility_is_not_published_and_one_that_keeps_it_is(
    site: Site, tmp_path: Path
) -> None:
    folder = copytree(schemas_folder(), tmp_path / "schemas")
    schema = json.loads((folder / "click" / "raw.v1.avsc").read_text())
    schema["fields"].append({"name": "needed", "type": "int"})
    (folder / "click" / "raw.v2.avsc").write_text(json.dumps(schema))
    refused = run_refused(site, "schemas", "publish", "--schemas", str(folder))
    assert "field needed" in refused
    schema["fields"][-1] |= {"type": ["null", "int"], "default": None}
    (folder / "click" / "raw.v2.avsc").write_text(json.dumps(schema))
    assert "published schemas/click/raw/v2.avsc" in run(site, "schemas", "publish", "--schemas", str(folder)).stdout
    assert "needed" in run(site, "schemas", "show", "click", "raw.v2", "--schemas", str(folder)).stdout
    index = json.loads(rest_object(site, "schemas/click/index.json"))
    assert sorted(index["schemas"]["raw"].values()) == [1, 2]


def run_refused(site: Site, *arguments: str) -> str:
    from wavetank.emulator.errors import DeployFailed

    with pytest.raises(DeployFailed) as refused:
        run(site, *arguments)
    return str(refused.value)


def rest_object(site: Site, key: str) -> bytes:
    body: bytes = site.s3.get_object(Bucket=site.registry_bucket, Key=key)["Body"].read()
    return body
