"""The control API refuses whatever it is given that makes no sense, and nothing has changed then."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from localstack.http import Request, Response
from localstack.services.edge import ROUTER
from localstack.services.internal import get_internal_apis

from wavetank.emulator.control_api import inputs, kinesis_state, routes
from wavetank.emulator.faults.chaos import CHAOS_EFFECTS
from wavetank.emulator.faults.engine import FAULTS
from wavetank.emulator.kinesis.state import export_state
from wavetank.emulator.runtime.clock import CLOCK, END

YEAR_S = 366 * 86_400


@pytest.fixture(scope="module", autouse=True)
def _installed() -> Iterator[None]:
    routes.install()
    kinesis_state.install()
    yield
    routes.uninstall()


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    FAULTS.clear()
    CHAOS_EFFECTS.latency_s = 0.0


def call(method: str, path: str, body: bytes = b"") -> tuple[int, Any]:
    route, _, query = path.partition("?")
    request = Request(method, route, body=body, query_string=query, remote_addr="127.0.0.1")
    router = get_internal_apis() if route.startswith("/_localstack") else ROUTER
    response: Response = router.dispatch(request)
    return response.status_code, json.loads(response.get_data())


def state() -> tuple[object, ...]:
    return CLOCK.offset, CHAOS_EFFECTS.latency_s, FAULTS.statuses(), export_state()


BODIES = {
    "nested": b"[" * 100_000,
    "nested objects": b'{"a":' * 100_000,
    "infinite": b'{"advance_s": 1e999, "latency": 1e999}',
    "not a number": b'{"advance_s": NaN, "latency": NaN}',
    "not UTF-8": b'{"id": "\xff"}',
    "UTF-16": '{"advance_s": 1}'.encode("utf-16"),
    "half a surrogate": b'{"id": "\\ud800"}',
    "a name twice": b'{"advance_s": 1, "advance_s": 2}',
    "thousands of digits": b'{"advance_s": ' + b"9" * 5000 + b"}",
    "hundreds of digits": b'{"advance_s": ' + b"9" * 400 + b', "latency": ' + b"9" * 400 + b"}",
    "cut off": b'{"advance_s": 1',
    "a text": b'"advance_s"',
    "a list of lists": b"[[]]",
    "a number": b"7",
    "nothing": b"null",
    "a zero byte": b"\x00",
    "too large": b" " * (inputs.LARGEST_BODY + 1),
}
TAKE_A_BODY = (
    ("POST", "/_wavetank/clock"),
    ("POST", "/_wavetank/faults"),
    ("PATCH", "/_wavetank/faults?id=mine"),
    ("PUT", "/_wavetank/kinesis/state"),
    ("POST", "/_localstack/chaos/faults"),
    ("PATCH", "/_localstack/chaos/faults"),
    ("DELETE", "/_localstack/chaos/faults"),
    ("POST", "/_localstack/chaos/effects"),
)


@pytest.mark.parametrize(("method", "path"), TAKE_A_BODY)
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_that_makes_no_sense_is_refused(method: str, path: str, body: bytes) -> None:
    FAULTS.add({"id": "mine", "point": "s3.notification", "action": "drop"})
    before = state()
    status, answer = call(method, path, body)
    assert (status, bool(answer["error"]["message"])) == (400, True)
    assert len(answer["error"]["message"]) < 1000
    assert state() == before


HUGE = [-1, "1", [1], {}, True, 10**400, 1e308, None, "x" * 10_000, "\x00", "a\nb"]
FAULT = {"id": "mine", "point": "aws.call", "action": "delay"}


@pytest.mark.parametrize(
    ("field", "takes"),
    [
        ("id", ["1"]),
        ("point", []),
        ("action", []),
        ("match", [{}, None]),
        ("match.key", ["1", "\x00", "a\nb"]),
        ("when", [{}, None]),
        ("when.nth", [[1], 10**400, None]),
        ("when.every", [10**400, None]),
        ("when.count", [10**400, None]),
        ("when.probability", [None]),
        ("when.window", [None]),
        ("seed", [-1, 10**400]),
        ("parameters", [{}, None]),
        ("parameters.delay_s", [None]),
    ],
)
@pytest.mark.parametrize("value", HUGE, ids=lambda value: repr(value)[:12])
def test_each_field_of_a_fault_takes_what_it_can_and_refuses_the_rest(
    field: str, takes: list[object], value: object
) -> None:
    name, _, inner = field.partition(".")
    fault = FAULT | {name: {inner: value} if inner else value}
    status, answer = call("POST", "/_wavetank/faults", json.dumps(fault).encode())
    is_taken = any(type(value) is type(other) and value == other for other in takes)
    assert status == (200 if is_taken else 400), answer
    assert call("GET", "/_wavetank/faults")[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "/_wavetank/settle?timeout=" + "9" * 400,
        "/_wavetank/settle?timeout=1e999",
        "/_wavetank/settle?timeout=%FF",
        "/_wavetank/settle?telemetry=%FF",
    ],
)
def test_a_settle_of_no_length_is_refused(path: str) -> None:
    assert call("POST", path)[0] == 400


@pytest.mark.parametrize("given", ["9" * 5000, "9" * 30, "1e3", "%D9%A3", "-0", "%00"])
@pytest.mark.parametrize("name", ["after", "limit"])
def test_a_page_of_the_activity_is_counted_in_whole_numbers(name: str, given: str) -> None:
    assert call("GET", f"/_wavetank/activity?{name}={given}")[0] == 400


@pytest.mark.parametrize("action", [["drop"], {"a": 1}, None, 1.5])
def test_an_action_of_another_type_is_refused(action: object) -> None:
    status, answer = call("POST", "/_wavetank/faults", json.dumps({"point": "aws.call", "action": action}).encode())
    assert (status, "has no action" in answer["error"]["message"]) == (400, True)


def test_the_ids_of_chaos_rules_are_theirs_alone() -> None:
    fault = {"id": "chaos-1", "point": "s3.notification", "action": "drop"}
    status, answer = call("POST", "/_wavetank/faults", json.dumps(fault).encode())
    assert (status, "begin with 'chaos-'" in answer["error"]["message"]) == (400, True)
    assert call("GET", "/_localstack/chaos/faults") == (200, [])


@pytest.mark.parametrize("advance_s", [1e308, 1e12, END, 10**15])
def test_the_clock_does_not_move_past_what_a_date_can_be(advance_s: float) -> None:
    before = CLOCK.offset
    status, answer = call("POST", "/_wavetank/clock", json.dumps({"advance_s": advance_s}).encode())
    assert (status, "the clock ends with the year 9998" in answer["error"]["message"]) == (400, True)
    assert CLOCK.offset == before


def test_latency_is_at_most_an_hour() -> None:
    assert call("POST", "/_localstack/chaos/effects", b'{"latency": 3600001}')[0] == 400
    assert call("POST", "/_localstack/chaos/effects", b'{"latency": 3600000}') == (200, {"latency": 3_600_000})
