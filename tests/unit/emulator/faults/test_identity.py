"""A message is named by what it is about, not by the ids and times it carries."""

import json
from typing import Any

import pytest

from wavetank.emulator.faults.identity import steady, subject_of

KEY = "chunks/click/2019/11/24/a b+c"


def s3_event(when: str) -> dict[str, Any]:
    entry = {"bucket": {"name": "data"}, "object": {"key": "chunks/click/2019/11/24/a+b%2Bc"}}
    return {"Records": [{"eventTime": when, "s3": entry}]}


def sns_event(message: str, message_id: str) -> dict[str, Any]:
    return {"Records": [{"EventSource": "aws:sns", "Sns": {"MessageId": message_id, "Message": message}}]}


def test_an_s3_event_is_about_its_object() -> None:
    assert subject_of(json.dumps(s3_event("2026-01-01"))) == f"data/{KEY}"


def test_an_envelope_is_about_what_is_in_it() -> None:
    enveloped = sns_event(json.dumps(s3_event("2026-01-01")), "id-1")
    assert subject_of(json.dumps(enveloped).encode()) == f"data/{KEY}"


def test_ids_and_times_do_not_show() -> None:
    one = sns_event(json.dumps(s3_event("2026-01-01")), "id-1")
    other = sns_event(json.dumps(s3_event("2027-02-02")), "id-2")
    assert subject_of(json.dumps(one)) == subject_of(json.dumps(other))


def test_a_tick_is_about_its_rule_and_its_time() -> None:
    tick = {"id": "x", "detail-type": "Scheduled Event", "time": "2019-11-24T12:00:00Z", "resources": ["r"]}
    assert subject_of(json.dumps(tick)) == "r@2019-11-24T12:00:00Z"


@pytest.mark.parametrize(
    "payload", ["", "not json", "[]", "3", '{"a": 1}', '{"Records": []}', b"\xff\x00", "[" * 10**5]
)
def test_anything_else_is_about_its_bytes(payload: str | bytes) -> None:
    assert len(subject_of(payload)) == 32


MALFORMED = ("1", '{"s3": {}}', '{"s3": 1}', '{"s3": {"bucket": "b", "object": []}}', '{"s3": {"bucket": null}}')


@pytest.mark.parametrize("payload", [f'{{"Records": [{record}]}}' for record in MALFORMED])
def test_a_malformed_record_is_no_error(payload: str) -> None:
    assert subject_of(payload)


def test_the_parts_of_names_that_differ_from_run_to_run_are_masked() -> None:
    uuid = "0b2c8f0e-5d5a-4a53-9c8e-3a1f0a2b4c6d"
    chunk = f"data/chunks/click/2019/11/24/12/wavetank-click-1-2019-11-24-12-00-07-{uuid}"
    assert steady(chunk) == "data/chunks/click/wavetank-click-*"
    assert steady(f"{chunk}.gz") == "data/chunks/click/wavetank-click-*"
    assert steady(f"parts/event=click/bucket=01/{'ab' * 16}.avro") == "parts/event=click/bucket=01/*.avro"
    assert steady(uuid) == "*"
    assert steady("chunks/k01") == "chunks/k01"


def test_a_stream_record_is_about_its_key_and_its_bytes() -> None:
    def event(sequence: str) -> str:
        return json.dumps({"Records": [{"kinesis": {"partitionKey": "k", "data": "eA==", "sequenceNumber": sequence}}]})

    assert subject_of(event("1")) == subject_of(event("2"))
