"""The descriptions of alarms: what each means, what to look at first, and the command that shows it.

The commands are those of the AWS CLI, which whoever is called at night has, and of `wavetank`.
"""

from collections.abc import Mapping

from wavetank.pipeline import layout
from wavetank.pipeline.components.model import Alarms
from wavetank.pipeline.names import Names, log_group
from wavetank.pipeline.template.alarm_model import Kind, Window, Words
from wavetank.pipeline.topology import EventType


def behind(event: EventType, thresholds: Alarms) -> Words:
    """Of a processor that reads old records."""
    minutes = thresholds.iterator_age_minutes
    meaning = f"The {event.name} processor reads records more than {minutes} minutes old: it fails, or is too slow."
    return Words(meaning, "its errors", _log(event.processor, "ERROR"))


def of_function(function: str, thresholds: Alarms, timeout_s: int, window: Window) -> Mapping[Kind, Words]:
    """Of a function that is in trouble for as long as the window."""
    last = f"in each of the last {_periods(window)}"
    memory = '"{ $.memory_percent > 0 }"'
    return {
        Kind.ERRORS: Words(
            f"More than {thresholds.errors} invocations of {function} failed {last}.",
            "its errors",
            _log(function, "ERROR"),
        ),
        Kind.ERROR_RATE: Words(
            f"More than {thresholds.error_percent} % of the invocations of {function} failed {last}.",
            "its errors",
            _log(function, "ERROR"),
        ),
        Kind.THROTTLES: Words(
            f"Lambda turned more than {thresholds.throttles} invocations of {function} away {last}.",
            "the concurrency that the account has left",
            "aws lambda get-account-settings",
        ),
        Kind.SLOW: Words(
            f"{function} took more than {thresholds.duration_percent} % of its time-out of {timeout_s} s {last}.",
            "its longest invocations",
            _log(function, "durationMs"),
        ),
        Kind.MEMORY: Words(
            f"{function} used more than {thresholds.memory_percent} % of its memory {last}.",
            "which invocations did",
            _log(function, memory),
        ),
    }


def debug_logs(event: EventType, thresholds: Alarms) -> Words:
    """Of a processor that logs more than it is worth."""
    meaning = (
        f"The {event.name} processor logs more than {thresholds.log_bytes_per_event} bytes an event: a debug level was "
        "left on, and costs more than the processing."
    )
    configuration = f"aws lambda get-function-configuration --function-name {event.processor} --query LoggingConfig"
    return Words(meaning, "its log level", configuration)


def data_stopped(names: Names, event: EventType) -> Words:
    """Of an event type of which nothing comes any more."""
    return Words(
        f"Data of {event.name} stopped coming: no record on one of its streams, or nobody takes what arrives.",
        "which part of it rings",
        f"aws cloudwatch describe-alarms --state-value ALARM --alarm-name-prefix {names.prefix}-{event.name}-",
    )


def silent(event: EventType, kind: Kind, stream: str, minutes: int) -> Words:
    """Of a stream that nothing is put on."""
    if kind is Kind.RAW_SILENT:
        command = f"aws kinesis describe-stream-summary --stream-name {stream}"
        return Words(f"Nobody put a record on {stream} for {minutes} minutes.", "the producers and the stream", command)
    return Words(
        f"The {event.name} processor put no record on {stream} for {minutes} minutes.",
        "its event source",
        _source(event),
    )


def consumer_off(event: EventType, minutes: int) -> Words:
    """Of an event source that is switched off or gone."""
    meaning = (
        f"Records arrive on {event.raw_stream} and the {event.name} processor is not called, for {minutes} minutes."
    )
    return Words(meaning, "its event source, whether it is there and enabled", _source(event))


def delivery_behind(event: EventType, thresholds: Alarms) -> Words:
    """Of records that Firehose holds for too long."""
    meaning = (
        f"Firehose holds records of {event.name} that are more than {thresholds.delivery_age_minutes} minutes old."
    )
    return Words(meaning, "its role and its bucket", _delivery(event))


def delivery_failed(event: EventType, thresholds: Alarms) -> Words:
    """Of writes to S3 that fail."""
    return Words(
        f"Less than {thresholds.delivery_percent} % of the writes of {event.name} chunks to S3 succeed.",
        "its role and its bucket",
        _delivery(event),
    )


def of_events(names: Names, event: EventType, thresholds: Alarms) -> Mapping[Kind, Words]:
    """Of events that are not where they should be."""
    return {
        Kind.CHUNKS_WAITING: Words(
            f"Chunks of {event.name} wait for more than {thresholds.untagged_chunk_minutes} minutes to be partitioned, "
            "though the replayer announces them again.",
            "the errors of the partitioner",
            _log(names.partitioner, "ERROR"),
        ),
        Kind.QUARANTINE: Words(
            f"More than {thresholds.quarantined_per_hour} records of {event.name} were set aside in an hour.",
            "their reasons",
            "wavetank quarantine list",
        ),
        Kind.LATE: Words(
            f"More than {thresholds.late_per_hour} events of {event.name} came after the look-back in an hour, and "
            f"were put aside under {layout.LATE}/.",
            "what they are of, then land them",
            f"wavetank concatenate --backfill --event {event.name}",
        ),
    }


def reference_misses(event: EventType, reference: str, percent: int) -> Words:
    """Of events that are not in the reference data that they are joined with."""
    meaning = (
        f"More than {percent} % of the keys that {event.name} events have are not in reference {reference}: its rows "
        "are gone, or events have keys of another form."
    )
    return Words(meaning, "since when", _log(event.processor, '"{ $.misses > 0 }"'))


def missed_tick(function: str, window: Window) -> Words:
    """Of a schedule that does not call its function."""
    minutes = window.periods * window.period_s // 60
    meaning = f"Nobody called {function} for {minutes} minutes, which its schedule should."
    return Words(meaning, "its schedule", f"aws events describe-rule --name {function}-schedule")


def merges_waiting(names: Names, seconds: int) -> Words:
    """Of a queue that gets no shorter."""
    return Words(
        f"A partition has waited for more than {seconds // 60} minutes to be merged: merges fail, or take too long.",
        "the errors of the concatenator",
        _log(names.concatenator, "ERROR"),
    )


def merges_dead(names: Names) -> Words:
    """Of merges that were given up."""
    return Words(
        "A partition could not be merged in five attempts, and was given up. The next tick that can merges it.",
        "the errors of the concatenator, then mend them and run",
        f"{_log(names.concatenator, 'ERROR')}; wavetank tick",
    )


def reference_stale(function: str, reference: str, minutes: int) -> Words:
    """Of a reference that nobody has looked at for too long."""
    meaning = (
        f"Reference {reference} was last looked at more than {minutes} minutes ago: events get what was there then."
    )
    return Words(meaning, "the errors of its dumper", _log(function, "ERROR"))


def dump_refused(function: str, reference: str) -> Words:
    """Of a reference that was not published as it is in the database."""
    pattern = f"'{{ $.reference = \"{reference}\" && $.refused = 1 }}'"
    meaning = f"What the database has of reference {reference} breaks a rule: it is not published, the last one stays."
    return Words(meaning, "the reason", _log(function, pattern))


def _log(function: str, pattern: str) -> str:
    return f"aws logs tail {log_group(function)} --since 2h --filter-pattern {pattern}"


def _source(event: EventType) -> str:
    return f"aws lambda list-event-source-mappings --function-name {event.processor}"


def _delivery(event: EventType) -> str:
    return f"aws firehose describe-delivery-stream --delivery-stream-name {event.delivery_stream}"


def _periods(window: Window) -> str:
    minutes = window.period_s // 60
    each = "hour" if minutes == 60 else f"{minutes} minutes"
    return f"{window.periods} times {each}"
