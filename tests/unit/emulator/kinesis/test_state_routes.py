"""The state of the streams in the control API: there from the start, guarded and answering as the rest of it."""

import json
from typing import Any

import pytest
from localstack.http import Request, Response
from localstack.services.edge import ROUTER

from tests.unit.emulator.kinesis.service import Service
from wavetank.emulator.control_api import kinesis_state


@pytest.fixture(scope="module", autouse=True)
def _installed() -> None:
    kinesis_state.install()


def call(method: str, body: bytes = b"", peer: str = "127.0.0.1") -> tuple[int, Any]:
    response: Response = ROUTER.dispatch(Request(method, kinesis_state.PATH, body=body, remote_addr=peer))
    return response.status_code, json.loads(response.get_data())


def test_what_is_exported_can_be_imported(kinesis: Service) -> None:
    kinesis.create("s")
    status, state = call("GET")
    assert (status, len(state["streams"])) == (200, 1)
    assert call("PUT", json.dumps(state).encode()) == (200, {"streams": 1})


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"version": 99}'])
def test_anything_else_is_refused_as_the_control_api_refuses(kinesis: Service, body: bytes) -> None:
    status, answer = call("PUT", body)
    assert status == 400
    assert answer["error"]["message"]


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_another_machine_is_not_answered(kinesis: Service, method: str) -> None:
    status, answer = call(method, peer="10.0.0.7")
    assert status == 403
    assert "only on this machine" in answer["error"]["message"]
