"""A scheduled function is run again when it failed, and never beside one that may still be at work."""

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from tests.unit.scenarios.site_double import still_site
from wavetank.emulator.stack.home import project_root
from wavetank.emulator.stack.stack import ExternalStack
from wavetank.pipeline import topology
from wavetank.scenarios.client.producer import routes
from wavetank.scenarios.site import site as place
from wavetank.scenarios.site.site import Site, TickFailedError
from wavetank.scenarios.spec.hours import Chunks, Scheduled

NOON = datetime(2019, 11, 24, 12, tzinfo=UTC)
LONGEST_RUN_S = 900
Answer = Callable[[], dict[str, Any]]


class Listing:
    """An S3 client of which one bucket has objects that were written at these times."""

    def __init__(self, *written: datetime) -> None:
        self._written = written

    def get_paginator(self, _operation: str) -> "Listing":
        """The listing's pages."""
        return self

    def paginate(self, **_: object) -> list[dict[str, Any]]:
        """A page for each object, and one with none."""
        return [*({"Contents": [{"Key": "chunks/x", "LastModified": moment}]} for moment in self._written), {}]


def test_no_chunk_is_old_enough_a_second_before_the_first_and_each_is_with_the_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site = still_site(lambda _: None)
    monkeypatch.setattr(Site, "s3", Listing(NOON, NOON + timedelta(seconds=70)))
    assert site.due(Chunks.TOO_YOUNG) == NOON + timedelta(minutes=9, seconds=59)
    assert site.due(Chunks.OLD_ENOUGH) == NOON + timedelta(minutes=11, seconds=10)


def says(document: object, **more: str) -> Answer:
    return lambda: {"Payload": io.BytesIO(json.dumps(document).encode()), **more}


def refuses(status: int) -> Answer:
    def answer() -> dict[str, Any]:
        metadata: Any = {"HTTPStatusCode": status}
        raise ClientError({"Error": {"Code": str(status)}, "ResponseMetadata": metadata}, "Invoke")

    return answer


def is_silent() -> dict[str, Any]:
    raise ReadTimeoutError(endpoint_url="http://127.0.0.1")


class ScriptedStack:
    """A stack whose Lambda gives `answers` in turn."""

    account, region = "000000000000", "us-east-1"

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self.invoked = 0
        self.long: set[bool] = set()

    def client(self, service: str, *, long: bool = False, answer_s: float | None = None) -> "ScriptedStack":
        """The stack itself, as the client of Lambda."""
        assert service == "lambda"
        self.long.add(long)
        return self

    @property
    def control(self) -> "ScriptedStack":
        """The stack itself, as its control API."""
        return self

    def pending(self, _timeout_s: float, *, telemetry: bool = True) -> tuple[()]:
        """Nothing is in flight."""
        return ()

    def invoke(self, **_: object) -> dict[str, Any]:
        """The next answer."""
        self.invoked += 1
        return self._answers.pop(0)()


def site_of(stack: Any) -> Site:
    schemas = project_root() / "schemas"
    return Site(stack, topology.load(schemas), schemas)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "TICK_PAUSE_S", 0.0)


def test_the_client_that_runs_functions_outwaits_the_longest_run_and_asks_once() -> None:
    stack = ExternalStack("http://127.0.0.1:1")
    config = stack.client("lambda", long=True).meta.config
    assert config.read_timeout > LONGEST_RUN_S
    assert config.retries["total_max_attempts"] == 1
    others = stack.client("lambda").meta.config
    assert others.read_timeout < LONGEST_RUN_S
    assert others.retries["total_max_attempts"] > 1
    assert stack.client("lambda", long=True) is stack.client("lambda", long=True)


def test_a_tick_uses_that_client_and_returns_the_functions_answer() -> None:
    stack = ScriptedStack(says({"written": 2}))
    assert site_of(stack).tick(Scheduled.PLANNER, NOON) == {"written": 2}
    assert stack.long == {True}


@pytest.mark.parametrize(
    "first", [says({"errorMessage": "oops"}, FunctionError="Unhandled"), refuses(429), refuses(503)]
)
def test_a_function_that_failed_or_was_not_let_run_is_run_again(first: Answer) -> None:
    stack = ScriptedStack(first, says({"written": 2}))
    assert site_of(stack).tick(Scheduled.PLANNER, NOON) == {"written": 2}
    assert stack.invoked == 2


def test_a_function_that_gave_no_answer_is_not_run_beside_itself() -> None:
    stack = ScriptedStack(is_silent, says({"written": 2}))
    with pytest.raises(TickFailedError, match="wavetank-planner gave no answer"):
        site_of(stack).tick(Scheduled.PLANNER, NOON)
    assert stack.invoked == 1


def test_a_function_that_keeps_failing_is_given_up_with_what_it_said() -> None:
    stack = ScriptedStack(*[says({"errorMessage": "oops"}, FunctionError="Unhandled")] * place.TICK_ATTEMPTS)
    with pytest.raises(TickFailedError, match="oops"):
        site_of(stack).tick(Scheduled.REPLAYER, NOON)
    assert stack.invoked == place.TICK_ATTEMPTS


def test_a_function_that_is_not_there_is_asked_for_once() -> None:
    stack = ScriptedStack(refuses(404))
    with pytest.raises(ClientError):
        site_of(stack).tick(Scheduled.REPLAYER, NOON)
    assert stack.invoked == 1


def test_a_site_sends_events_where_every_producer_does() -> None:
    site = site_of(ScriptedStack())
    assert site.routes == routes(site.topology)
