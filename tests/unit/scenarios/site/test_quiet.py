"""Without a control API, settled is what has not changed for as long as it is told to."""

import itertools
import time
from collections.abc import Sequence
from typing import Any

import pytest

from wavetank.emulator.errors import NotSettled
from wavetank.emulator.stack.home import project_root
from wavetank.emulator.stack.stack import ExternalStack
from wavetank.emulator.stack.uncontrolled import UncontrolledStack
from wavetank.pipeline import topology
from wavetank.pipeline.names import NAMES
from wavetank.scenarios.site import waiting
from wavetank.scenarios.site.site import Site
from wavetank.scenarios.site.waiting import Controlled, Quiet, waiting_on

QUIET_S = 0.6
SCHEMAS = project_root() / "schemas"


class Clients:
    """S3 whose bucket looks like `sights`, one after another, and SQS with so many messages each time."""

    def __init__(self, sights: Sequence[dict[str, str]], queued: Sequence[int] = (0,)) -> None:
        self._sights = itertools.chain(sights, itertools.repeat(sights[-1]))
        self._queued = itertools.chain(queued, itertools.repeat(0))
        self.looks = 0

    def get_paginator(self, _operation: str) -> "Clients":
        return self

    def paginate(self, **_: object) -> list[dict[str, Any]]:
        self.looks += 1
        return [{"Contents": [{"Key": key, "ETag": tag} for key, tag in next(self._sights).items()]}]

    def get_queue_url(self, **asked: str) -> dict[str, str]:
        assert asked == {"QueueName": NAMES.merge_queue}
        return {"QueueUrl": "merges"}

    def get_queue_attributes(self, **_: object) -> dict[str, Any]:
        return {"Attributes": {"ApproximateNumberOfMessages": str(next(self._queued))}}


class Watched(UncontrolledStack):
    """A plain stack whose account is known."""

    account = "000000000000"


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "SIGHT_S", 0.02)


def site(clients: Clients) -> Site:
    stack: Any = Watched("http://127.0.0.1:1")
    stack.client = lambda _service, **_: clients
    return Site(stack, topology.load(SCHEMAS), SCHEMAS, Quiet(QUIET_S))


def seconds(clients: Clients) -> float:
    began = time.monotonic()
    site(clients).settle()
    return time.monotonic() - began


def test_what_stays_as_it_is_has_settled() -> None:
    assert seconds(Clients([{"a": "1"}])) >= QUIET_S


@pytest.mark.parametrize("last", [{"a": "1", "b": "1"}, {"a": "2"}, {}])
def test_every_change_starts_the_wait_anew(last: dict[str, str]) -> None:
    clients = Clients([*([{"a": "1"}] * 8), last])
    assert seconds(clients) >= QUIET_S + 7 * 0.02


def test_while_a_merge_waits_nothing_has_settled() -> None:
    assert seconds(Clients([{}], queued=[1] * 10)) >= QUIET_S + 9 * 0.02


def test_what_goes_on_for_ever_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "LONGEST_S", 0.3)
    with pytest.raises(NotSettled, match="objects still come"):
        seconds(Clients([{"a": str(number)} for number in range(100)]))


def test_a_site_waits_for_quiet_only_where_it_has_to() -> None:
    plain, controlled = UncontrolledStack("http://127.0.0.1:1"), ExternalStack("http://127.0.0.1:1")
    assert waiting_on(plain, quiet_s=3.0) == Quiet(3.0)
    assert waiting_on(plain, eager=True) == Quiet()
    assert waiting_on(controlled, eager=True, quiet_s=3.0) == Controlled(eager=True)
