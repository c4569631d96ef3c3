"""Faults on the AWS calls of one function: it dies at a call that is named, or its time is over while it waits.

Which calls there are to be named is what the recording says.
"""

import threading
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.parity.test_faults_lambda import CALLS, TIMEOUT_S, Writer
from tests.waiting import until
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

POINT = "aws.call"


@pytest.fixture(scope="module")
def built(stack: EmbeddedStack) -> Writer:
    return Writer(stack, f"caller-{uuid.uuid4().hex[:8]}").build()


@pytest.fixture
def writer(built: Writer) -> Iterator[Writer]:
    yield built
    built.stack.control.clear_faults()


def at_its_call(writer: Writer, action: str, number: int, **parameters: Any) -> Any:
    match = {"caller": writer.name, "operation": "PutObject"}
    return writer.stack.faults.set(POINT, action, match=match, nth=number, **parameters)


@pytest.mark.fault(POINT, "crash-before", "crash-after")
@pytest.mark.parametrize(("action", "done"), [("crash-before", 1), ("crash-after", 2)])
def test_a_function_dies_at_the_call_that_is_named(action: str, done: int, writer: Writer) -> None:
    with at_its_call(writer, action, 2) as fault:
        error, answer, _ = writer.invoke(action)
        assert (error, answer["errorType"]) == ("Unhandled", "Runtime.ExitError")
        assert writer.written(action) == done
        assert len(fault.firings()) == 1
        assert writer.invoke(f"{action}-again")[0] == ""


@pytest.mark.fault(POINT, "delay")
def test_a_call_that_outlasts_its_function_takes_effect_when_the_function_is_gone(writer: Writer) -> None:
    control, ended = writer.stack.control, list[tuple[str, Any, str]]()
    with at_its_call(writer, "delay", 1, delay_s=TIMEOUT_S * 10) as fault:
        run = threading.Thread(target=lambda: ended.append(writer.invoke("slow")))
        run.start()
        until(lambda: bool(fault.firings()))
        control.advance_clock(TIMEOUT_S)
        run.join()
        [(error, answer, _)] = ended
        assert (error, answer["errorType"]) == ("Unhandled", "Sandbox.Timedout")
        assert writer.written("slow") == 0
        control.advance_clock(TIMEOUT_S * 10)
        writer.stack.settle()
        assert writer.written("slow") == 1


def test_the_calls_of_a_function_are_recorded_by_call_site_while_that_is_asked_for(writer: Writer) -> None:
    control = writer.stack.control
    writer.invoke("before")
    control.start_recording()
    writer.invoke("during")
    calls = [call for call in control.stop_recording() if call["match"]["caller"] == writer.name]
    writer.invoke("after")
    again = [call for call in control.stop_recording() if call["match"]["caller"] == writer.name]
    [call] = calls
    assert again == calls
    assert call["times"] == CALLS
    assert (call["match"]["operation"], call["match"]["key"]) == ("PutObject", "during/*")


def test_what_was_recorded_is_what_a_fault_matches_the_calls_by(writer: Writer) -> None:
    control = writer.stack.control
    control.start_recording()
    writer.invoke("recorded")
    writer.stack.client("s3").delete_object(Bucket=writer.name, Key=f"recorded/{CALLS - 1}")
    [call] = [call for call in control.stop_recording() if call["match"]["caller"] == writer.name]
    with writer.stack.faults.set(POINT, "error-before", match=call["match"], nth=CALLS, code="AccessDenied") as fault:
        error, answer, _ = writer.invoke("recorded")
        assert (error, answer["errorType"]) == ("Unhandled", "AccessDenied")
        assert writer.written("recorded") == CALLS - 1
        assert [firing["target"]["key"] for firing in fault.firings()] == [f"recorded/{CALLS - 1}"]
