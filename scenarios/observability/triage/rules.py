"""The rules of a triage: from a situation to findings, those of the provider first. Pure.

A service that does not answer, or answers with errors of its own, is the provider's trouble, and what follows from it
is not counted against us: functions that fail by such errors are not looked into for others. All else is ours until it
is known better.
"""

from collections.abc import Iterator

from wavetank.scenarios.observability.triage.model import (
    Dependency,
    Failure,
    Finding,
    Kind,
    Reading,
    Side,
    Situation,
)

_SIDES = {Side.PROVIDER: 0, Side.US: 1, Side.UNCLEAR: 2}
REFUSED = frozenset({"AccessDenied", "AccessDeniedException", "AuthorizationErrorException", "AuthorizationError"})
THEIR_CODES = frozenset(
    {
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "SlowDown",
        "ServiceException",
        "RequestTimeout",
        "503",
        "500",
        "ConnectTimeoutError",
        "ReadTimeoutError",
        "EndpointConnectionError",
        "ConnectionClosedError",
    }
)
"""Codes of errors that the provider answers for, or that say that there is no answer."""
REFUSED_REFERENCE = "ReferenceRefused"
"""The error of a dumper that has not published what it read: the database's owner has to look at it."""
WAIT = "wavetank triage --last 15m"
"""An outage is waited out: everything is retried."""


def findings(situation: Situation) -> tuple[Finding, ...]:
    """The troubles of a situation, those on the provider's side first; none where all is well."""
    every = [*_switched_off(situation), *_unanswered(situation), *_logged(situation), *_deployed(situation)]
    every += _read(situation, {finding.subject for finding in every})
    every += _waiting(situation)
    every += _ringing(situation, is_explained=bool(every))
    return tuple(sorted(dict.fromkeys(every), key=lambda finding: _SIDES[finding.side]))


def _switched_off(situation: Situation) -> Iterator[Finding]:
    for each in situation.switched_off:
        yield Finding(
            Side.US, each.resource, f"{each.resource} is {each.state}: nothing is taken from it", each.command
        )


def _unanswered(situation: Situation) -> Iterator[Finding]:
    for probe in situation.probes:
        if not probe.error:
            continue
        if probe.is_theirs:
            sentence = f"{probe.dependency} does not answer as it should: {probe.operation}: {probe.error}"
            yield Finding(Side.PROVIDER, probe.dependency, sentence, WAIT)
        elif probe.error in REFUSED:
            sentence = f"{probe.operation} is refused ({probe.error}): these credentials, or a policy that was changed"
            yield Finding(Side.UNCLEAR, probe.dependency, sentence, "wavetank deploy --plan")
        else:
            sentence = f"{probe.operation} fails: {probe.error}: it is not deployed, or was removed"
            yield Finding(Side.US, probe.dependency, sentence, "wavetank deploy --plan")


def _logged(situation: Situation) -> Iterator[Finding]:
    for failure in situation.failures:
        times = f"{failure.times:,} times" if failure.times > 1 else "once"
        if failure.dependency is not None and failure.code in THEIR_CODES:
            sentence = (
                f"{failure.dependency} answered {failure.code} to {failure.operation} of {failure.function} {times}"
            )
            yield Finding(Side.PROVIDER, failure.dependency, sentence, WAIT)
        elif failure.dependency is not None:
            sentence = f"{failure.dependency} refused {failure.operation} of {failure.function} {times}: {failure.code}"
            command = "wavetank deploy" if failure.code in REFUSED else _look(failure.function)
            yield Finding(Side.US, failure.function, sentence, command)
        else:
            yield _own(situation, failure, times)


def _own(situation: Situation, failure: Failure, times: str) -> Finding:
    """A function's own error: after a change the change is what to look at first, else its environment."""
    said = f": {failure.example}" if failure.example else ""
    sentence = f"{failure.function} failed {times} with {failure.code}{said}"
    if failure.code == REFUSED_REFERENCE:
        return Finding(Side.US, failure.function, sentence, "wavetank reference list")
    began = failure.since or situation.now
    if recent := [change for change in situation.recent if change.at <= began]:
        newest = max(recent, key=lambda change: change.at)
        sentence += f"; {newest.what} changed at {newest.at:%H:%M:%SZ}: bring back what was before, and deploy it"
        return Finding(Side.US, failure.function, sentence, "wavetank deploy --plan")
    return Finding(Side.US, failure.function, sentence, f"wavetank cycle {failure.function}")


def _deployed(situation: Situation) -> Iterator[Finding]:
    for change in situation.changes:
        if change.is_bad:
            yield Finding(Side.US, change.what, f"the last deployment did not come to its end: {change.what}", _PLAN)


def _read(situation: Situation, explained: set[str]) -> Iterator[Finding]:
    for reading in situation.readings:
        if reading.is_bad and reading.resource not in explained:
            yield _of_reading(reading, theirs=reading.dependency in explained)


def _of_reading(reading: Reading, *, theirs: bool) -> Finding:
    value = f"{reading.value:,.0f}" if reading.value is not None else "no data"
    told = f"{reading.resource}: {reading.metric} {value}"
    side = Side.PROVIDER if theirs else Side.US
    match reading.dependency, reading.kind:
        case Dependency.LAMBDA, Kind.ERRORS:
            return Finding(side, reading.resource, f"{told}, and no line of its log says why", _look(reading.resource))
        case Dependency.LAMBDA, Kind.THROTTLES:
            sentence = f"{told}: its reserved concurrency, or the account's, is used up"
            return Finding(side, reading.resource, sentence, "wavetank limits")
        case Dependency.KINESIS, Kind.THROTTLES:
            sentence = f"{told}: more than its shards take in, or give to all who read"
            return Finding(side, reading.resource, sentence, "wavetank limits")
        case Dependency.LAMBDA, Kind.AGE:
            sentence = f"{told} s: the consumer is behind (more than {reading.limit:,.0f} s)"
            return Finding(side, reading.resource, sentence, _look(reading.resource))
        case Dependency.FIREHOSE, _:
            sentence = f"{told}: what is on the processed stream is not delivered in time"
            return Finding(side if theirs else Side.UNCLEAR, reading.resource, sentence, WAIT)
        case Dependency.SNS, _:
            sentence = f"{told}: chunks were not announced; the replayer announces them again"
            return Finding(side, reading.resource, sentence, "wavetank tick --only replayer")
        case Dependency.SQS, _:
            return Finding(side, reading.resource, f"{told} s: merges wait", "wavetank logs --function concatenator")
    return Finding(side, reading.resource, told, _look(reading.resource))


def _waiting(situation: Situation) -> Iterator[Finding]:
    for command, count in situation.waiting.items():
        if count:
            yield Finding(Side.US, "events", f"{count:,} wait for somebody to look at them", command)


def _ringing(situation: Situation, *, is_explained: bool) -> Iterator[Finding]:
    for alarm in situation.alarms:
        if not is_explained:
            sentence = f"the alarm {alarm.name} rings since {alarm.since:%Y-%m-%dT%H:%M:%SZ}: {alarm.reason}"
            yield Finding(Side.UNCLEAR, alarm.name, sentence, "wavetank logs --level warn --since 1h")


_PLAN = "wavetank deploy --plan"


def _look(function: str) -> str:
    return f"wavetank logs --function {function} --level warn --since 1h"
