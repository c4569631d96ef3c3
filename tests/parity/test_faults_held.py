"""Calls that a fault holds until it is taken away: before they take effect, or between that and their answer."""

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.parity.test_faults_streams import once
from tests.waiting import until
from wavetank.emulator.stack.clients import Clients
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

POINT = "aws.call"
KEY = "k"


@pytest.fixture
def bucket(stack: EmbeddedStack) -> Iterator[str]:
    name = f"held-{uuid.uuid4().hex[:8]}"
    stack.client("s3").create_bucket(Bucket=name)
    yield name
    stack.control.clear_faults()


@pytest.fixture
def beside() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def keys(stack: EmbeddedStack, bucket: str) -> list[str]:
    return [item["Key"] for item in stack.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])]


def held(stack: EmbeddedStack, fault: str, pool: ThreadPoolExecutor, call: Callable[[], Any]) -> Future[Any]:
    """The call, once it is held."""
    made = pool.submit(call)
    assert until(lambda: any(firing["fault"] == fault for firing in stack.control.activity()) or made.done())
    assert not made.done()
    return made


@pytest.mark.fault(POINT, "hold-before", "hold-after")
@pytest.mark.parametrize(("action", "there"), [("hold-before", []), ("hold-after", [KEY])])
def test_a_call_is_held_until_the_fault_is_taken_away(
    action: str, there: list[str], stack: EmbeddedStack, bucket: str, beside: ThreadPoolExecutor
) -> None:
    s3 = once(stack, "s3")
    with stack.faults.set(POINT, action, match={"operation": "PutObject", "resource": bucket}, nth=1) as fault:
        made = held(stack, fault.id, beside, lambda: s3.put_object(Bucket=bucket, Key=KEY, Body=b"first"))
        assert keys(stack, bucket) == there
        [item] = stack.control.pending(0)
        assert (item.hop, item.until, item.by_fault) == (POINT, None, True)
        s3.put_object(Bucket=bucket, Key="other", Body=b"")
        assert not made.done()
    made.result()
    assert keys(stack, bucket) == [KEY, "other"]
    assert s3.get_object(Bucket=bucket, Key=KEY)["Body"].read() == b"first"
    assert stack.control.pending(0) == ()


@pytest.mark.parametrize("let_go", ["clear_faults", "reset"])
def test_what_clears_faults_lets_held_calls_go(
    let_go: str, stack: EmbeddedStack, bucket: str, beside: ThreadPoolExecutor
) -> None:
    s3 = once(stack, "s3")
    with stack.faults.set(POINT, "hold-before", match={"operation": "HeadBucket", "resource": bucket}) as fault:
        made = held(stack, fault.id, beside, lambda: s3.head_bucket(Bucket=bucket))
        getattr(stack.control, let_go)()
        made.result()


def test_an_answer_that_is_held_is_that_of_its_time(
    stack: EmbeddedStack, bucket: str, beside: ThreadPoolExecutor
) -> None:
    s3, body = once(stack, "s3"), b"before" * 100_000
    s3.put_object(Bucket=bucket, Key=KEY, Body=body)
    with stack.faults.set(POINT, "hold-after", match={"operation": "GetObject", "resource": bucket}) as fault:
        made = held(stack, fault.id, beside, lambda: s3.get_object(Bucket=bucket, Key=KEY)["Body"].read())
        s3.put_object(Bucket=bucket, Key=KEY, Body=b"after")
        s3.delete_object(Bucket=bucket, Key=KEY)
    assert made.result() == body


def test_an_error_is_held_as_well(stack: EmbeddedStack, bucket: str, beside: ThreadPoolExecutor) -> None:
    s3 = once(stack, "s3")
    with stack.faults.set(POINT, "hold-after", match={"operation": "HeadObject", "resource": bucket}) as fault:
        made = held(stack, fault.id, beside, lambda: s3.head_object(Bucket=bucket, Key=KEY))
        s3.put_object(Bucket=bucket, Key=KEY, Body=b"")
    with pytest.raises(ClientError, match="404"):
        made.result()


def test_a_client_is_known_by_the_application_id_that_it_gives_itself(stack: EmbeddedStack, bucket: str) -> None:
    named = Clients(stack.endpoint_url, application="back-fill").get("s3")
    with stack.faults.error_before(POINT, match={"caller": "back-fill"}, code="AccessDenied") as fault:
        with pytest.raises(ClientError, match="AccessDenied"):
            named.list_objects_v2(Bucket=bucket)
        assert keys(stack, bucket) == []
        assert [firing["target"]["caller"] for firing in fault.firings()] == ["back-fill"]


def test_calls_are_recorded_with_their_whole_keys_where_that_is_asked_for(stack: EmbeddedStack, bucket: str) -> None:
    named, key = Clients(stack.endpoint_url, application="back-fill").get("s3"), f"date=2019-11-24/{uuid.uuid4()}"
    told = []
    for exact in (True, False):
        stack.control.start_recording(exact=exact)
        named.put_object(Bucket=bucket, Key=key, Body=b"")
        [call] = [call for call in stack.control.stop_recording() if call["match"]["caller"] == "back-fill"]
        told.append(call["match"]["key"])
    assert told == [key, "date=*"]
