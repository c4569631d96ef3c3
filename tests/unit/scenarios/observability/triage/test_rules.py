"""Each trouble is on the side that it belongs to, with a command; without trouble there is no finding."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavetank.scenarios.observability.triage.model import (
    Change,
    Dependency,
    Failure,
    Kind,
    Probe,
    Reading,
    Ringing,
    Side,
    Situation,
    SwitchedOff,
)
from wavetank.scenarios.observability.triage.rules import findings

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
CALM = Situation(
    NOON,
    timedelta(hours=1),
    readings=(
        Reading(Dependency.KINESIS, Kind.WORK, "raw", "IncomingRecords", 5_000.0),
        Reading(Dependency.LAMBDA, Kind.AGE, "f", "IteratorAge", 900.0, limit=900.0),
        Reading(Dependency.SNS, Kind.ERRORS, "t", "NumberOfNotificationsFailed", None),
    ),
    probes=(Probe(Dependency.S3, "ListObjectsV2", 4.0),),
    changes=(Change(NOON, "stack", "wavetank (UPDATE_COMPLETE)"),),
    waiting={"wavetank quarantine list": 0},
)


def situation(**changes: Any) -> Situation:
    return Situation(**{name: getattr(CALM, name) for name in CALM.__dataclass_fields__} | changes)


def test_where_nothing_is_wrong_nothing_is_found() -> None:
    assert findings(CALM) == ()


@pytest.mark.parametrize(
    ("changes", "side", "subject", "command"),
    [
        (
            {"probes": (Probe(Dependency.S3, "ListObjectsV2", 9.0, "SlowDown", is_theirs=True),)},
            Side.PROVIDER,
            "S3",
            "wavetank triage --last 15m",
        ),
        (
            {"probes": (Probe(Dependency.S3, "ListObjectsV2", 9.0, "AccessDenied"),)},
            Side.UNCLEAR,
            "S3",
            "wavetank deploy --plan",
        ),
        (
            {"probes": (Probe(Dependency.SQS, "GetQueueUrl", 9.0, "QueueDoesNotExist"),)},
            Side.US,
            "SQS",
            "wavetank deploy --plan",
        ),
        (
            {"failures": (Failure("f", "SlowDown", "PutObject", Dependency.S3, 7),)},
            Side.PROVIDER,
            "S3",
            "wavetank triage --last 15m",
        ),
        (
            {"failures": (Failure("f", "AccessDenied", "PutObject", Dependency.S3),)},
            Side.US,
            "f",
            "wavetank deploy",
        ),
        ({"failures": (Failure("f", "KeyError"),), "changes": ()}, Side.US, "f", "wavetank cycle f"),
        ({"failures": (Failure("f", "ReferenceRefused"),)}, Side.US, "f", "wavetank reference list"),
        (
            {"failures": (Failure("f", "KeyError"),), "changes": (Change(NOON, "function", "f"),)},
            Side.US,
            "f",
            "wavetank deploy --plan",
        ),
        (
            {"changes": (Change(NOON, "stack", "wavetank (UPDATE_ROLLBACK_COMPLETE)", is_bad=True),)},
            Side.US,
            "wavetank (UPDATE_ROLLBACK_COMPLETE)",
            "wavetank deploy --plan",
        ),
        (
            {"switched_off": (SwitchedOff("raw", "switched off at its consumer", "aws x"),)},
            Side.US,
            "raw",
            "aws x",
        ),
        ({"waiting": {"wavetank quarantine list": 3}}, Side.US, "events", "wavetank quarantine list"),
        (
            {"alarms": (Ringing("wavetank-x", NOON, "why"),)},
            Side.UNCLEAR,
            "wavetank-x",
            "wavetank logs --level warn --since 1h",
        ),
    ],
)
def test_a_trouble_has_a_side_and_a_command(changes: dict[str, Any], side: Side, subject: str, command: str) -> None:
    [found] = findings(situation(**changes))
    assert (found.side, found.subject, found.command) == (side, subject, command)


@pytest.mark.parametrize("dependency", list(Dependency))
@pytest.mark.parametrize("kind", [Kind.ERRORS, Kind.THROTTLES, Kind.AGE])
def test_every_metric_beyond_its_limit_is_a_trouble_with_a_command(dependency: Dependency, kind: Kind) -> None:
    [found] = findings(situation(readings=(Reading(dependency, kind, "it", "Metric", 5.0, limit=4.0),)))
    assert found.subject == "it"
    assert "Metric 5" in found.sentence
    assert found.command.startswith("wavetank ")
    assert findings(situation(readings=(Reading(dependency, kind, "it", "Metric", 4.0, limit=4.0),))) == ()


def test_what_follows_from_an_outage_of_the_provider_is_the_providers() -> None:
    down = Probe(Dependency.LAMBDA, "GetFunctionConfiguration", 1.0, "ServiceException", is_theirs=True)
    errors = Reading(Dependency.LAMBDA, Kind.ERRORS, "f", "Errors", 9.0)
    assert {found.side for found in findings(situation(probes=(down,), readings=(errors,)))} == {Side.PROVIDER}


def test_a_function_whose_log_says_why_it_fails_is_told_once() -> None:
    errors = Reading(Dependency.LAMBDA, Kind.ERRORS, "f", "Errors", 9.0)
    [found] = findings(situation(failures=(Failure("f", "KeyError", times=9, example="'a'"),), readings=(errors,)))
    assert "f failed 9 times with KeyError: 'a'" in found.sentence


@pytest.mark.parametrize("hours", [-2, -0.25])
def test_a_change_before_the_span_or_after_the_first_failure_is_no_reason(hours: float) -> None:
    changes = (Change(NOON + timedelta(hours=hours), "function", "f"),)
    failure = Failure("f", "KeyError", since=NOON - timedelta(minutes=30))
    [found] = findings(situation(failures=(failure,), changes=changes))
    assert found.command == "wavetank cycle f"


PROBES = st.builds(Probe, st.sampled_from(Dependency), st.just("Op"), st.just(1.0), st.sampled_from(["", "X"]))
FAILURES = st.builds(
    Failure, st.just("f"), st.sampled_from(["SlowDown", "KeyError"]), st.just("Op"), st.sampled_from([Dependency.S3])
)


@given(st.lists(PROBES, max_size=3), st.lists(FAILURES, max_size=3))
def test_the_providers_troubles_come_first_and_each_once(probes: list[Probe], failures: list[Failure]) -> None:
    found = findings(situation(probes=tuple(probes), failures=tuple(failures)))
    sides = [list(Side).index(each.side) for each in found if each.side is not Side.UNCLEAR]
    assert [each.side for each in found if each.side is Side.PROVIDER] == [Side.PROVIDER] * sides.count(1)
    assert len(set(found)) == len(found)
    assert bool(found) == (bool(failures) or any(probe.error for probe in probes))
    assert all(found[n].side is Side.PROVIDER for n in range(sides.count(1)))
