"""Data that would command a terminal come out of every command as text, and change nothing of it."""

import json
import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.commands import Ran, wavetank
from wavetank.scenarios.client.batches import Message
from wavetank.scenarios.client.producer import Sender
from wavetank.scenarios.client.wire import encode_frame
from wavetank.scenarios.site.site import Site

pytestmark = pytest.mark.stack

HOSTILE = "\x1b[31m\x9b2J\x07\u202e[red]x"
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
START_US = int(datetime(2019, 11, 24, 12, tzinfo=UTC).timestamp()) * 1_000_000
FUNCTION = "wavetank-partitioner"


def click(number: int) -> dict[str, Any]:
    return {"event_id": f"c-{number}{HOSTILE}", "event_time": START_US, "campaign": HOSTILE, "attributes": {}}


@pytest.fixture
def hostile(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """The pipeline with hostile text in events, keys, logs, firings and quarantine."""
    monkeypatch.chdir(tmp_path)
    control = site.stack.control
    control.add_fault({"id": "drop", "point": "s3.notification", "action": "drop", "match": {"key": "chunks/click/*"}})
    site.s3.put_object(Bucket=site.data_bucket, Key=f"chunks/click/{HOSTILE}", Body=b"")
    site.settle()
    control.clear_faults()
    site.s3.delete_object(Bucket=site.data_bucket, Key=f"chunks/click/{HOSTILE}")
    schema = site.routes["click"].schema
    with Sender(site.stack.client("kinesis")) as sender:
        sender.send([Message("wavetank-click-raw", f"key{HOSTILE}", encode_frame(schema, click(1)))])
        sender.send([Message("wavetank-click-raw", f"key{HOSTILE}", encode_frame(schema, click(2))[:-1] + b"\x1b")])
    site.settle()
    wavetank(site.stack.endpoint_url, "tick")
    bad = "parquet/event=click/date=2019-13-45/hour=00/bucket=00/\u202e.parquet"
    # Not a control character: the XML of DeleteObjects, by which the next test empties the bucket, cannot name one.
    site.s3.put_object(Bucket=site.data_bucket, Key=bad, Body=b"junk")
    logs = site.stack.client("logs")
    stream = {"logGroupName": f"/aws/lambda/{FUNCTION}", "logStreamName": "hostile"}
    with suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_stream(**stream)
    logs.put_log_events(**stream, logEvents=[{"timestamp": int(control.now() * 1000), "message": HOSTILE}])
    (tmp_path / "lines").write_text(json.dumps({"id": "1", "t": HOSTILE, HOSTILE: 1}) + "\n")
    (tmp_path / "mapping.toml").write_text(
        'event = "click"\n[id]\nfield = "id"\n[time]\nfield = "t"\nformat = "epoch_s"\n'
    )
    (tmp_path / "bad.toml").write_text(f"event = {json.dumps(HOSTILE)}\n")
    return site


def run(site: Site, *arguments: str) -> Ran:
    return wavetank(site.stack.endpoint_url, *arguments)


def test_no_command_lets_data_command_the_terminal_and_a_pipe_gets_csv_as_it_is(hostile: Site) -> None:
    digest = run(hostile, "quarantine", "sample", "--json").document[0]["digest"]
    commands = [
        ("query", "select * from click"),
        ("query", "select * from click", "--json"),
        ("query", "select chr(27) || '[31m' as \"\x1b[31m\""),
        ("query", "select error(chr(27))"),
        ("query", "select error(max(campaign)) from click"),
        ("head", "click"),
        ("head", "click", "--json"),
        ("head", f"click{HOSTILE}"),
        ("quarantine", "list"),
        ("quarantine", "list", "--json"),
        ("quarantine", "sample"),
        ("quarantine", "sample", "--json"),
        ("quarantine", "show", digest),
        ("quarantine", "show", digest, "--json"),
        ("quarantine", "show", HOSTILE),
        ("redrive", "--dry-run"),
        ("redrive", "--dry-run", "--json"),
        ("logs", "--function", FUNCTION),
        ("logs", "--json"),
        ("trace", f"c-1{HOSTILE}"),
        ("trace", f"c-2{HOSTILE}", "--json"),
        ("logs", "--event-id", f"c-1{HOSTILE}"),
        ("ledger",),
        ("ledger", "--show", "landed"),
        ("triage",),
        ("triage", "--json"),
        ("query", "select message from logs"),
        ("query", "select line from logs", "--json"),
        ("activity",),
        ("activity", "--json"),
        ("feed", "lines", "--mapping", "mapping.toml"),
        ("feed", "lines", "--mapping", "bad.toml"),
    ]
    for command in commands:
        ran = run(hostile, *command)
        assert not OBEYED.search(ran.stdout + ran.stderr), (command, ran)
    assert "\\u001b[31m" in run(hostile, "query", "select campaign from click").stdout
    assert "\\u001b[31m" in run(hostile, "logs", "--function", FUNCTION).stdout
    assert run(hostile, "query", "select campaign from click", "--json").document == [{"campaign": HOSTILE}]
    assert run(hostile, "query", "select campaign from click", "--csv").stdout == f"campaign\n{HOSTILE}\n"


def test_a_bad_object_is_named_on_standard_error_and_fails_what_is_strict(hostile: Site) -> None:
    ran = run(hostile, "query", "select count(*) as n from click", "--json")
    assert (ran.exit_code, ran.document) == (0, [{"n": 1}])
    assert "warning: parquet/event=click/date=2019-13-45/hour=00" in ran.stderr
    strict = run(hostile, "query", "select count(*) from click", "--strict")
    assert strict.exit_code == 1
    assert "error: parquet/event=click/date=2019-13-45/hour=00" in strict.stderr
