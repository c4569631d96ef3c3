"""Firehose that delivers to an HTTP endpoint: what it sends, which answers it takes, and where the rest goes."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.parity.firehose_setup import ACCOUNT, ROLE, SETTLE_S, Hose, until
from tests.parity.http_endpoint import HttpEndpoint, Received, Reply
from tests.parity.lambda_kit import Deploy
from tests.parity.test_firehose import hose as hose
from tests.parity.test_firehose import refusal
from wavetank.emulator.errors import NotSettled
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

DESTINATION_ID = "destinationId-000000000001"
RETRY_S = 100
UPPER = """
import base64

def handler(event, context):
    upper = lambda data: base64.b64encode(base64.b64decode(data).upper()).decode()
    return {"records": [{**record, "result": "Ok", "data": upper(record["data"])} for record in event["records"]]}
"""


@pytest.fixture
def endpoint() -> Iterator[HttpEndpoint]:
    with HttpEndpoint().serving() as endpoint:
        yield endpoint


def config(hose: Hose, url: str, **rest: Any) -> dict[str, Any]:
    return {
        "EndpointConfiguration": {"Url": url, "Name": "collector", "AccessKey": "secret"},
        "BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 900},
        "RetryOptions": {"DurationInSeconds": RETRY_S},
        "RoleARN": ROLE,
        "S3Configuration": {"RoleARN": ROLE, "BucketARN": f"arn:aws:s3:::{hose.name}", "ErrorOutputPrefix": "errors/"},
        **rest,
    }


def create(hose: Hose, url: str, **rest: Any) -> None:
    hose.firehose.create_delivery_stream(
        DeliveryStreamName=hose.name, HttpEndpointDestinationConfiguration=config(hose, url, **rest)
    )


def update(hose: Hose, version: int, **change: Any) -> None:
    hose.firehose.update_destination(
        DeliveryStreamName=hose.name,
        CurrentDeliveryStreamVersionId=str(version),
        DestinationId=DESTINATION_ID,
        HttpEndpointDestinationUpdate=change,
    )


def records_of(request: Received) -> list[bytes]:
    return [base64.b64decode(record["data"]) for record in request.body["records"]]


def given_up(hose: Hose) -> list[dict[str, Any]]:
    """The failed records, once the endpoint has refused them for their retry duration."""
    with pytest.raises(NotSettled):
        hose.stack.settle(0.1)

    def is_set_aside() -> bool:
        hose.stack.control.advance_clock(RETRY_S)
        return hose.objects() != []

    until(is_set_aside)
    (failed,) = hose.settled()
    assert failed.key.startswith("errors/http-endpoint-failed/")
    return [json.loads(line) for line in failed.body.splitlines()]


def test_records_arrive_in_one_request_of_protocol_1_0(hose: Hose, endpoint: HttpEndpoint) -> None:
    attributes = [{"AttributeName": "deployment", "AttributeValue": "tést"}]
    create(hose, f"{endpoint.url}/path?q=1", RequestConfiguration={"CommonAttributes": attributes})
    hose.put(b"one", b"", b"\x00\xff")
    assert hose.settled() == []
    (request,) = endpoint.received
    assert request.path == "/path?q=1"
    assert request.headers["x-amz-firehose-protocol-version"] == "1.0"
    assert request.headers["x-amz-firehose-access-key"] == "secret"
    assert request.headers["content-type"] == "application/json"
    assert "content-encoding" not in request.headers
    arn = f"arn:aws:firehose:us-east-1:{ACCOUNT}:deliverystream/{hose.name}"
    assert request.headers["x-amz-firehose-source-arn"] == arn
    common = json.loads(request.headers["x-amz-firehose-common-attributes"])
    assert common == {"commonAttributes": {"deployment": "tést"}}
    assert set(request.body) == {"requestId", "timestamp", "records"}
    assert request.body["requestId"] == request.id
    assert isinstance(request.body["timestamp"], int)
    assert records_of(request) == [b"one", b"", b"\x00\xff"]


def test_a_body_is_compressed_on_demand_and_optional_headers_are_absent(hose: Hose, endpoint: HttpEndpoint) -> None:
    create(
        hose,
        endpoint.url,
        EndpointConfiguration={"Url": endpoint.url},
        RequestConfiguration={"ContentEncoding": "GZIP"},
    )
    hose.put(b"one")
    hose.stack.settle(SETTLE_S)
    (request,) = endpoint.received
    assert request.headers["content-encoding"] == "gzip"
    assert records_of(request) == [b"one"]
    assert not {"x-amz-firehose-access-key", "x-amz-firehose-common-attributes"} & set(request.headers)


def test_records_pass_through_the_function_and_all_are_backed_up_raw(
    hose: Hose, endpoint: HttpEndpoint, deploy: Deploy
) -> None:
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{deploy(UPPER)}"
    transform = {"Type": "Lambda", "Parameters": [{"ParameterName": "LambdaArn", "ParameterValue": arn}]}
    delimit = {
        "Type": "AppendDelimiterToRecord",
        "Parameters": [{"ParameterName": "Delimiter", "ParameterValue": "\\n"}],
    }
    processing = {"Enabled": True, "Processors": [transform, delimit]}
    create(hose, endpoint.url, ProcessingConfiguration=processing, S3BackupMode="AllData")
    hose.put(b"one", b"two")
    (backup,) = hose.settled()
    assert backup.body == b"onetwo"
    assert [records_of(request) for request in endpoint.received] == [[b"ONE\n", b"TWO\n"]]


def test_a_refused_request_is_made_again_with_the_same_id_until_it_is_taken(hose: Hose, endpoint: HttpEndpoint) -> None:
    endpoint.answer = lambda _request: Reply(503) if len(endpoint.received) < 3 else Reply()
    create(hose, endpoint.url)
    hose.put(b"one")
    with pytest.raises(NotSettled, match=r"503"):
        hose.stack.settle(0.1)
    hose.stack.control.advance_clock(10)
    until(lambda: len(endpoint.received) == 2)
    hose.stack.control.advance_clock(10)
    assert hose.settled() == []
    assert len({request.id for request in endpoint.received}) == 1
    assert [records_of(request) for request in endpoint.received] == [[b"one"]] * 3


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(401, b'{"errorMessage": "who?"}'), "DestinationException"),
        (Reply(202), "DestinationException"),
        (Reply(302, headers={"Location": "/elsewhere"}), "DestinationException"),
        (Reply(200, b""), "InvalidResponseFromDestination"),
        (Reply(200, b"ok"), "InvalidResponseFromDestination"),
        (Reply(200, b'{"requestId": "another", "timestamp": 1}'), "InvalidResponseFromDestination"),
        (Reply(headers={"Content-Type": "text/plain"}), "InvalidResponseFromDestination"),
        (Reply(headers={"Content-Encoding": "identity"}), "InvalidResponseFromDestination"),
        (Reply(200, b" " * (1024 * 1024 + 1)), "ResponseTooLarge"),
    ],
)
def test_records_that_are_not_taken_in_time_end_under_the_error_prefix(
    hose: Hose, endpoint: HttpEndpoint, reply: Reply, code: str
) -> None:
    endpoint.answer = lambda _request: reply
    create(hose, endpoint.url)
    hose.put(b"one", b"two")
    lines = given_up(hose)
    assert [base64.b64decode(line["rawData"]) for line in lines] == [b"one", b"two"]
    assert {line["errorCode"] for line in lines} == {f"HttpEndpoint.{code}"}
    assert all(line["attemptsMade"] == len(endpoint.received) for line in lines)
    fields = ["attemptsMade", "arrivalTimestamp", "errorCode", "errorMessage", "attemptEndingTimestamp", "rawData"]
    assert list(lines[0]) == [*fields, "subsequenceNumber", "dataId"]
    assert {request.path for request in endpoint.received} == {"/"}


def test_an_answer_of_413_is_final_and_leaves_nothing_behind(hose: Hose, endpoint: HttpEndpoint) -> None:
    endpoint.answer = lambda _request: Reply(413)
    create(hose, endpoint.url)
    hose.put(b"one")
    assert hose.settled() == []
    assert len(endpoint.received) == 1


def test_a_retry_duration_of_zero_means_one_attempt(hose: Hose, endpoint: HttpEndpoint) -> None:
    endpoint.answer = lambda _request: Reply(500)
    create(hose, endpoint.url, RetryOptions={"DurationInSeconds": 0})
    hose.put(b"one")
    (failed,) = hose.settled()
    assert json.loads(failed.body)["attemptsMade"] == 1


def test_an_endpoint_that_is_not_there_is_a_failed_connection(hose: Hose) -> None:
    with HttpEndpoint().serving() as gone:
        pass
    create(hose, gone.url, RetryOptions={"DurationInSeconds": 0})
    hose.put(b"one")
    (failed,) = hose.settled()
    assert json.loads(failed.body)["errorCode"] == "HttpEndpoint.ConnectionFailed"


def test_an_update_changes_where_the_next_attempt_goes(hose: Hose, endpoint: HttpEndpoint) -> None:
    endpoint.answer = lambda request: Reply(401) if request.path == "/old" else Reply()
    create(hose, f"{endpoint.url}/old")
    hose.put(b"one")
    with pytest.raises(NotSettled):
        hose.stack.settle(0.1)
    update(hose, 1, EndpointConfiguration={"Url": f"{endpoint.url}/new", "AccessKey": "other"})
    assert hose.settled() == []
    last = endpoint.received[-1]
    assert (last.path, last.headers["x-amz-firehose-access-key"]) == ("/new", "other")
    assert len({request.id for request in endpoint.received}) == 1


def test_a_description_tells_the_settings_but_not_the_access_key(hose: Hose, endpoint: HttpEndpoint) -> None:
    create(hose, endpoint.url)
    update(hose, 1, S3BackupMode="AllData", S3Update={"Prefix": "raw/"}, RetryOptions={"DurationInSeconds": 7})
    described = hose.describe()
    assert described["VersionId"] == "2"
    (destination,) = described["Destinations"]
    assert set(destination) == {"DestinationId", "HttpEndpointDestinationDescription"}
    told = destination["HttpEndpointDestinationDescription"]
    assert told["EndpointConfiguration"] == {"Url": endpoint.url, "Name": "collector"}
    assert told["BufferingHints"] == {"SizeInMBs": 64, "IntervalInSeconds": 900}
    assert told["RequestConfiguration"] == {"ContentEncoding": "NONE", "CommonAttributes": []}
    assert (told["S3BackupMode"], told["RetryOptions"]) == ("AllData", {"DurationInSeconds": 7})
    s3 = told["S3DestinationDescription"]
    assert (s3["Prefix"], s3["ErrorOutputPrefix"], s3["CompressionFormat"]) == ("raw/", "errors/", "UNCOMPRESSED")


def test_an_update_to_another_type_of_destination_takes_nothing_over(hose: Hose, endpoint: HttpEndpoint) -> None:
    create(hose, endpoint.url)
    change = {
        "DeliveryStreamName": hose.name,
        "CurrentDeliveryStreamVersionId": "1",
        "DestinationId": DESTINATION_ID,
    }
    code, text = refusal(hose.firehose.update_destination, **change, ExtendedS3DestinationUpdate={"Prefix": "p/"})
    assert code == "InvalidArgumentException"
    assert "RoleARN, BucketARN must be specified" in text
    target = {"RoleARN": ROLE, "BucketARN": f"arn:aws:s3:::{hose.name}"}
    hose.firehose.update_destination(**change, ExtendedS3DestinationUpdate=target)
    hose.put(b"one")
    assert [item.body for item in hose.settled()] == [b"one"]
    assert endpoint.received == []


@pytest.mark.parametrize(
    ("change", "code", "text"),
    [
        ({"EndpointConfiguration": {"Url": "http://example.com/"}}, "InvalidArgumentException", "https://"),
        ({"EndpointConfiguration": {"Url": "https://example.com:8443"}}, "InvalidArgumentException", "port 443"),
        ({"EndpointConfiguration": {"Url": "ftp://localhost/"}}, "ValidationException", "https://.*"),
        (
            {"EndpointConfiguration": {"Url": "http://localhost/", "AccessKey": "a\nb: c"}},
            "InvalidArgumentException",
            "printable ASCII",
        ),
        ({"BufferingHints": {"SizeInMBs": 65, "IntervalInSeconds": 60}}, "ValidationException", "equal to 64"),
        ({"RetryOptions": {"DurationInSeconds": 7201}}, "ValidationException", "equal to 7200"),
        ({"S3BackupMode": "Enabled"}, "ValidationException", "enum value set"),
        ({"SecretsManagerConfiguration": {"Enabled": True}}, "InvalidArgumentException", "AccessKey"),
    ],
)
def test_a_bad_endpoint_is_refused(hose: Hose, change: dict[str, Any], code: str, text: str) -> None:
    found, message = refusal(
        hose.firehose.create_delivery_stream,
        DeliveryStreamName=hose.name,
        HttpEndpointDestinationConfiguration=config(hose, "http://localhost/", **change),
    )
    assert found == code
    assert text in message


@pytest.mark.fault("firehose.endpoint", "fail", "duplicate")
def test_a_request_is_refused_and_made_again_or_arrives_twice(
    hose: Hose, stack: EmbeddedStack, endpoint: HttpEndpoint
) -> None:
    create(hose, endpoint.url)
    match = {"delivery_stream": hose.name, "url": f"{endpoint.url}*"}
    with stack.faults.fail("firehose.endpoint", match=match, count=1) as fault:
        hose.put(b"one")
        hose.stack.settle(SETTLE_S)
        assert len(fault.firings()) == 1
    assert [records_of(request) for request in endpoint.received] == [[b"one"]]
    endpoint.received.clear()
    with stack.faults.duplicate("firehose.endpoint", match=match):
        hose.put(b"two")
        hose.stack.settle(SETTLE_S)
    first, second = endpoint.received
    assert (first.id, first.raw) == (second.id, second.raw)
