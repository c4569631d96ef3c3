"""Whatever a transformation function answers, each record ends in exactly one place."""

import base64
import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavetank.emulator.firehose.core.buffer import Entry
from wavetank.emulator.firehose.core.processing import InvocationError, process
from wavetank.emulator.firehose.core.settings import Processing, Transformation

ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"
TRANSFORMATION = Processing(transformation=Transformation(ARN, retries=0))
DATA = base64.b64encode(b"new").decode()
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
RESULTS = st.fixed_dictionaries(
    {},
    optional={
        "number": st.integers(0, 4) | st.just("none"),
        "result": st.sampled_from(["Ok", "Dropped", "ProcessingFailed", "ok"]) | ANYTHING,
        "data": st.sampled_from([DATA, "", "%%%", "ü"]) | ANYTHING,
        "metadata": ANYTHING,
    },
)
ANSWERS = ANYTHING | st.fixed_dictionaries({"records": ANYTHING | st.lists(RESULTS | ANYTHING, max_size=7)})


def answer_of(template: Any, records: Sequence[dict[str, Any]]) -> Any:
    """The template with the ids of the records that it numbers."""
    if not isinstance(template, dict) or not isinstance(template.get("records"), list):
        return template
    return {"records": [_numbered(item, records) for item in template["records"]]}


def _numbered(item: Any, records: Sequence[dict[str, Any]]) -> Any:
    if not isinstance(item, dict) or "number" not in item:
        return item
    number = item["number"]
    is_known = isinstance(number, int) and 0 <= number < len(records)
    return {**item, "recordId": records[number]["recordId"] if is_known else str(number)}


@given(ANSWERS, st.integers(1, 4))
def test_each_record_is_delivered_or_dropped_on_purpose_or_set_aside(template: Any, count: int) -> None:
    entries = [Entry(b"%d" % number, 1.0) for number in range(count)]
    processed = process(entries, TRANSFORMATION, lambda _arn, records: answer_of(template, records), lambda: 2.0)
    places = [
        *(part.entry for part in processed.parts),
        *processed.dropped,
        *(failure.entry for failure in processed.failures),
    ]
    assert sorted(entry.data for entry in places) == [entry.data for entry in entries]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"result": "Ok"}, "Lambda.InvalidReturnFormat"),
        ({"result": "Ok", "data": None}, "Lambda.InvalidReturnFormat"),
        ({"result": "Ok", "data": 7}, "Lambda.InvalidReturnFormat"),
        ({"result": "Ok", "data": {"a": 1}}, "Lambda.InvalidReturnFormat"),
        ({"result": "Ok", "data": "%%%"}, "Lambda.InvalidReturnFormat"),
        ({"result": "Ok", "data": "ü"}, "Lambda.InvalidReturnFormat"),
        ({"result": "OK", "data": DATA}, "Lambda.InvalidReturnFormat"),
        ({"data": DATA}, "Lambda.InvalidReturnFormat"),
        ({"result": ["Ok"], "data": DATA}, "Lambda.InvalidReturnFormat"),
        ({"result": "ProcessingFailed", "data": DATA}, "Lambda.ProcessingFailedStatus"),
        ({"result": "Ok", "data": DATA, "recordId": "of another batch"}, "Lambda.MissingRecordId"),
        ({"result": "Ok", "data": DATA, "recordId": None}, "Lambda.MissingRecordId"),
    ],
)
def test_an_ill_formed_result_sets_its_record_aside_under_the_code_of_aws(answer: dict[str, Any], code: str) -> None:
    def invoke(_arn: str, records: Sequence[dict[str, Any]]) -> Any:
        return {"records": [{"recordId": records[0]["recordId"], **answer}]}

    processed = process([Entry(b"old", 1.0)], TRANSFORMATION, invoke, lambda: 2.0)
    assert processed.parts == ()
    (line,) = [json.loads(failure.line()) for failure in processed.failures]
    assert line.pop("errorMessage")
    assert line == {
        "attemptsMade": 1,
        "arrivalTimestamp": 1000,
        "errorCode": code,
        "attemptEndingTimestamp": 2000,
        "rawData": base64.b64encode(b"old").decode(),
        "lambdaArn": ARN,
    }


@pytest.mark.parametrize("answer", [None, [], "text", {}, {"records": None}, {"records": []}, {"records": [None, 3]}])
def test_an_answer_without_results_is_not_asked_for_again_and_misses_every_record(answer: Any) -> None:
    calls = []

    def invoke(arn: str, _records: Sequence[dict[str, Any]]) -> Any:
        calls.append(arn)
        return answer

    processing = Processing(transformation=Transformation(ARN, retries=3))
    processed = process([Entry(b"a", 1.0), Entry(b"b", 1.0)], processing, invoke, lambda: 2.0)
    assert [failure.code for failure in processed.failures] == ["Lambda.MissingRecordId"] * 2
    assert len(calls) == 1


def test_an_empty_result_is_a_record_of_no_bytes_and_dropped_needs_no_data() -> None:
    def invoke(_arn: str, records: Sequence[dict[str, Any]]) -> Any:
        ids = [record["recordId"] for record in records]
        dropped = {"recordId": ids[1], "result": "Dropped", "data": DATA}
        return {"records": [{"recordId": ids[0], "result": "Ok", "data": ""}, dropped]}

    processed = process([Entry(b"a", 1.0), Entry(b"b", 1.0)], TRANSFORMATION, invoke, lambda: 2.0)
    assert [part.data for part in processed.parts] == [b""]
    assert [entry.data for entry in processed.dropped] == [b"b"]
    assert processed.failures == ()


@pytest.mark.parametrize(("retriable", "attempts"), [(True, 4), (False, 1)])
def test_only_a_failed_invocation_is_tried_again(retriable: bool, attempts: int) -> None:
    calls = []

    def invoke(arn: str, _records: Sequence[dict[str, Any]]) -> Any:
        calls.append(arn)
        raise InvocationError("Lambda.FunctionError", "boom", retriable=retriable)

    processing = Processing(transformation=Transformation(ARN, retries=3))
    (failure,) = process([Entry(b"a", 1.0)], processing, invoke, lambda: 2.0).failures
    assert len(calls) == attempts == failure.attempts


def test_a_batch_of_tiny_records_stays_below_the_payload_limit_of_lambda() -> None:
    sizes = []

    def invoke(_arn: str, records: Sequence[dict[str, Any]]) -> Any:
        sizes.append(len(json.dumps({"records": list(records)})))
        return {"records": []}

    processing = Processing(transformation=Transformation(ARN, retries=0, batch_bytes=3 * 1024 * 1024))
    process([Entry(b"x", 1.0)] * 12_000, processing, invoke, lambda: 2.0)
    assert len(sizes) > 1
    assert max(sizes) < 6 * 1024 * 1024
