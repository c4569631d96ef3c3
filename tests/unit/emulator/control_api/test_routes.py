"""The control API refuses what it cannot do, in JSON, and answers this machine only."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from localstack.http import Request, Response
from localstack.services.edge import ROUTER

from wavetank.emulator.control_api import routes
from wavetank.emulator.faults.engine import FAULTS
from wavetank.emulator.faults.points import Point
from wavetank.emulator.runtime.clock import CLOCK
from wavetank.emulator.runtime.inflight import IN_FLIGHT

DROP = {"point": "s3.notification", "action": "drop"}


@pytest.fixture(scope="module", autouse=True)
def _installed() -> Iterator[None]:
    routes.install()
    yield
    routes.uninstall()


@pytest.fixture(autouse=True)
def _no_faults_left() -> Iterator[None]:
    yield
    FAULTS.clear()
    FAULTS.forget_activity()


def call(method: str, path: str, body: object = None, peer: str = "127.0.0.1") -> tuple[int, Any]:
    """The status and the decoded answer of one request to the control API."""
    route, _, query = path.partition("?")
    raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    request = Request(method, f"/_wavetank{route}", body=raw, query_string=query, remote_addr=peer)
    response: Response = ROUTER.dispatch(request)
    return response.status_code, json.loads(response.get_data())


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", ""])
def test_this_machine_is_answered(peer: str) -> None:
    assert call("GET", "/faults", peer=peer) == (200, {"faults": []})


@pytest.mark.parametrize("peer", ["10.0.0.7", "192.168.1.2", "::ffff:10.0.0.7", "2001:db8::1", "client"])
def test_another_machine_is_not(peer: str) -> None:
    status, answer = call("POST", "/faults", DROP, peer=peer)
    assert status == 403
    assert "only on this machine" in answer["error"]["message"]
    assert FAULTS.statuses() == []


def test_a_fault_is_set_listed_and_removed() -> None:
    status, answer = call("POST", "/faults", {**DROP, "id": "mine"})
    assert (status, answer["id"], answer["point"]) == (200, "mine", "s3.notification")
    _, listed = call("GET", "/faults")
    assert [(f["id"], f["matched"], f["fired"]) for f in listed["faults"]] == [("mine", 0, 0)]
    assert call("DELETE", "/faults?id=mine") == (200, {"removed": 1})
    assert call("GET", "/faults") == (200, {"faults": []})


def test_all_faults_are_removed_at_once() -> None:
    for _ in range(3):
        call("POST", "/faults", DROP)
    assert call("DELETE", "/faults") == (200, {"removed": 3})


def test_what_is_not_a_fault_is_refused_with_what_is() -> None:
    status, answer = call("POST", "/faults", {"point": "s3"})
    assert status == 400
    assert "there are: aws.call, esm.batch" in answer["error"]["message"]


def test_removing_an_unknown_fault_says_which_there_are() -> None:
    call("POST", "/faults", {**DROP, "id": "mine"})
    status, answer = call("DELETE", "/faults?id=yours")
    assert status == 404
    assert answer["error"]["message"] == "there is no fault with id 'yours'; there are: mine"


def test_every_point_is_in_the_catalogue_with_its_actions_and_fields() -> None:
    status, answer = call("GET", "/faults/points")
    assert status == 200
    by_name = {point["point"]: point for point in answer["points"]}
    assert set(by_name["s3.notification"]["match"]) == {"bucket", "key", "event", "destination"}
    actions = {action["action"]: action for action in by_name["s3.notification"]["actions"]}
    assert set(actions) == {"drop", "duplicate", "delay", "reorder"}
    assert actions["delay"]["parameters"][0]["name"] == "delay_s"


def test_activity_is_read_in_pages_and_reset_empties_it() -> None:
    call("POST", "/faults", DROP)
    for key in "abc":
        FAULTS.fire(Point.S3_NOTIFICATION, {"bucket": "b", "key": key}, f"b/{key}")
    _, first = call("GET", "/activity?limit=2")
    assert [line["target"]["key"] for line in first["activity"]] == ["a", "b"]
    _, rest = call("GET", f"/activity?after={first['next']}")
    assert [(line["identity"], line["action"]) for line in rest["activity"]] == [("b/c", "drop")]
    assert call("POST", "/reset") == (200, {"removed": 1, "quiet": True})
    assert call("GET", "/activity") == (200, {"activity": [], "next": 0})


def test_the_clock_is_moved_on() -> None:
    before = CLOCK.offset
    status, answer = call("POST", "/clock", {"advance_s": 300})
    assert status == 200
    assert answer["offset_s"] == before + 300
    assert answer["now"] == pytest.approx(CLOCK.now(), abs=5)


def test_settle_answers_what_is_in_flight() -> None:
    assert call("POST", "/settle?timeout=5") == (200, {"settled": True})
    end = IN_FLIGHT.begin("routes.test", "f", "a thing", until=1_800_000_000.5, by_fault=True)
    status, answer = call("POST", "/settle?timeout=0")
    end()
    assert (status, answer["settled"]) == (409, False)
    assert answer["pending"] == [
        {"hop": "routes.test", "resource": "f", "what": "a thing", "until": 1_800_000_000.5, "by_fault": True}
    ]
    assert answer["error"]["message"] == "still in flight: 1"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/faults", b"{"),
        ("POST", "/faults", b"\xff"),
        ("POST", "/faults", [1]),
        ("POST", "/clock", None),
        ("POST", "/clock", {"advance_s": -1}),
        ("POST", "/clock", {"advance_s": True}),
        ("POST", "/clock", {"advance_s": "soon"}),
        ("POST", "/clock", b'{"advance_s": Infinity}'),
        ("POST", "/clock", {"advance": 1}),
        ("POST", "/settle?timeout=x", None),
        ("POST", "/settle?telemetry=maybe", None),
        ("POST", "/settle?timeout=nan", None),
        ("POST", "/settle?timeout=-1", None),
        ("POST", "/settle?timeout=1e9", None),
        ("GET", "/activity?after=-1", None),
        ("GET", "/activity?limit=x", None),
    ],
)
def test_nonsense_is_refused_with_a_message(method: str, path: str, body: object) -> None:
    status, answer = call(method, path, body)
    assert status == 400
    assert answer["error"]["message"]


@pytest.mark.parametrize(("method", "path"), [("GET", "/fault"), ("PUT", "/faults"), ("GET", "/faults/1/2")])
def test_an_unknown_route_says_which_there_are(method: str, path: str) -> None:
    status, answer = call(method, path)
    assert status == 404
    assert "there are: GET /status, POST /settle" in answer["error"]["message"]


def test_a_failed_installation_is_all_that_is_told() -> None:
    routes.uninstall()
    try:
        routes.install(failure="no poller")
        assert call("GET", "/status") == (500, {"ready": False, "error": {"message": "no poller"}})
        assert call("POST", "/settle")[0] == 500
    finally:
        routes.uninstall()
        routes.install()
