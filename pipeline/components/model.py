"""What can be set: `component.toml` of an event type, `wavetank.toml` of a project. Frozen values; bounds are AWS's.

Every key has a default, which is wavetank's own; `wavetank.toml` sets others under `[defaults]`, an event type in its
`component.toml`, a stage under `[stages.NAME.overrides]` for every event type and `[stages.NAME.components.EVENT]` for
one: each goes before those that are named before it.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from wavetank.pipeline.errors import ConfigurationError

STAGE_NAME = r"[a-z][a-z0-9]{0,15}"
RETENTION_HOURS = 24 * 365
"""The longest retention of a stream (Kinesis developer guide, "Change the data retention period")."""

Days = Annotated[int, Field(ge=1, le=3650)]

RetentionDays = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]
"""The times for which a log group keeps its events (CloudWatch Logs API reference, "PutRetentionPolicy")."""

TOPIC_ARN = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}")
MAIL_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
OWN_TAGS = ("project", "stage", "component", "event-type", "owner")
"""Keys of the tags that every resource has, which no component sets by itself."""
MOST_TAGS = 50 - len(OWN_TAGS)
"""A resource has at most 50 (AWS General Reference, "Tagging your AWS resources")."""
TAG_TEXT = r"[\w .:/=+\-@]"


class Settings(BaseModel):
    """A table of settings: unknown keys and values of other types are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class StreamMode(StrEnum):
    """How the capacity of a stream is set (Kinesis developer guide, "Choose the right mode")."""

    PROVISIONED = "provisioned"
    ON_DEMAND = "on-demand"


class Stream(Settings):
    """Both streams of the event type."""

    mode: Annotated[StreamMode, Field(strict=False)] = StreamMode.PROVISIONED
    shards: Annotated[int, Field(ge=1, le=10_000, description="Of a provisioned stream.")] = 2
    retention_hours: Annotated[int, Field(ge=24, le=RETENTION_HOURS)] = 24


class Processor(Settings):
    """The function between the two streams, and how it is called."""

    memory_mib: Annotated[int, Field(ge=128, le=10_240)] = 512
    timeout_s: Annotated[int, Field(ge=1, le=900)] = 120
    batch_records: Annotated[int, Field(ge=1, le=10_000)] = 500
    batch_window_s: Annotated[int, Field(ge=0, le=300)] = 1
    parallelization: Annotated[int, Field(ge=1, le=10, description="Batches of one shard at a time.")] = 1
    reserved_concurrency: Annotated[int | None, Field(ge=1, description="Left out: not reserved.")] = None
    give_up_hours: Annotated[int, Field(ge=1, le=168, description="Age at which a failing record is set aside.")] = 12


class Delivery(Settings):
    """How long Firehose gathers a chunk."""

    buffer_mib: Annotated[int, Field(ge=1, le=128)] = 5
    buffer_s: Annotated[int, Field(ge=0, le=900)] = 60


class Expiry(Settings):
    """When files go that are needed no more: chunks that were partitioned, parts that were merged."""

    chunk_days: Days = 7
    part_days: Days = 7


Minutes = Annotated[int, Field(ge=1, le=24 * 60)]
Percent = Annotated[int, Field(ge=1, le=100)]
Count = Annotated[int, Field(ge=0)]
Destinations = Annotated[
    tuple[str, ...],
    Field(strict=False, description="Topic ARNs or mail addresses, in the place of the topic of the stage."),
]
FIVE_MINUTES = 5
"""Periods of the alarms that tell silence."""


def _periods(least: int, description: str) -> Any:
    """Minutes in whole periods of an alarm, which looks at a day at most (CloudWatch API reference, PutMetricAlarm)."""
    return Field(ge=least, le=24 * 60, multiple_of=FIVE_MINUTES, description=description)


class Alarms(Settings):
    """Thresholds of its alarms, and where those go that can wait (`warn`) and those that somebody gets up for (`page`).

    Of what all event types share, and of its functions, the thresholds are those of the project's defaults.
    """

    iterator_age_minutes: Annotated[Minutes, Field(description="Age of the records that the processor reads.")] = 15
    errors: Annotated[Count, Field(description="Failed invocations of a function in five minutes.")] = 10
    error_percent: Annotated[Percent, Field(description="Share of a function's invocations that fail.")] = 10
    throttles: Annotated[Count, Field(description="Invocations in a period that Lambda turned away.")] = 10
    duration_percent: Annotated[Percent, Field(description="Duration of an invocation, of the time-out.")] = 80
    memory_percent: Annotated[Percent, Field(description="Memory that a function used, of what it has.")] = 90
    raw_silence_minutes: Annotated[int, _periods(0, "Time without a record on the raw stream; 0 for no alarm.")] = 60
    processed_silence_minutes: Annotated[
        int, _periods(0, "Time without a record on the processed stream; 0 for no alarm.")
    ] = 60
    consumer_off_minutes: Annotated[
        int, _periods(5, "Time in which records arrive and the processor is not called.")
    ] = 15
    delivery_age_minutes: Annotated[Minutes, Field(description="Age of the oldest record that Firehose holds.")] = 20
    delivery_percent: Annotated[Percent, Field(description="Share of writes to S3 that have to succeed.")] = 90
    untagged_chunk_minutes: Annotated[
        int, Field(ge=30, le=24 * 60, description="Age of a chunk without a tag; the replayer takes up to 25.")
    ] = 30
    quarantined_per_hour: Annotated[Count, Field(description="Records set aside in an hour.")] = 100
    late_per_hour: Annotated[Count, Field(description="Events after the look-back that a run put aside.")] = 0
    log_bytes_per_event: Annotated[int, Field(ge=1, description="Of the processor, ten events a batch at least.")] = 500
    warn: Destinations = ()
    page: Destinations = ()

    @field_validator("warn", "page")
    @classmethod
    def _are_reachable(cls, destinations: tuple[str, ...]) -> tuple[str, ...]:
        for each in destinations:
            if not (TOPIC_ARN.fullmatch(each) or MAIL_ADDRESS.fullmatch(each)):
                raise ValueError(f"each is the ARN of an SNS topic or a mail address, and {each!r} is neither")
        return destinations


class LogLevel(StrEnum):
    """The least level of what functions log. Metrics are taken from lines of INFO: none may be left out above that."""

    DEBUG = "DEBUG"
    INFO = "INFO"


class Logs(Settings):
    """The log of its function, which metrics are taken from as it is written."""

    level: Annotated[LogLevel, Field(strict=False)] = LogLevel.INFO
    retention_days: RetentionDays = 30


class Rule(Settings):
    """A rule that an event has to keep; what breaks it goes to quarantine as `invalid`."""

    field: Annotated[str, Field(min_length=1)]
    required: bool = False
    minimum: int | float | None = None
    maximum: int | float | None = None
    pattern: str | None = None
    allowed: Annotated[tuple[str | int | bool, ...] | None, Field(strict=False)] = None
    max_age_hours: Annotated[int | None, Field(ge=1)] = None

    @model_validator(mode="after")
    def _demands_something(self) -> Self:
        if not (self.required or self.model_fields_set - {"field", "required"}):
            raise ValueError("a rule demands something: required, minimum, maximum, pattern, allowed or max_age_hours")
        if self.pattern is not None:
            try:
                re.compile(self.pattern)
            except re.error as error:
                raise ValueError(f"its pattern is no regular expression: {error}") from error
        return self


class Component(Settings):
    """What is set for an event type."""

    owner: Annotated[str | None, Field(min_length=1, max_length=128, description="The team to ask.")] = None
    tags: Annotated[Mapping[str, str], Field(description="Further tags of its resources.")] = {}
    stream: Stream = Stream()
    processor: Processor = Processor()
    delivery: Delivery = Delivery()
    partition_key: Annotated[str, Field(min_length=1, description="The field whose order is kept.")] = "event_id"
    hash_buckets: Annotated[int, Field(ge=1, le=100)] = 2
    look_back_hours: Annotated[int, Field(ge=1, le=24 * 14)] = 12
    expiry: Expiry = Expiry()
    alarms: Alarms = Alarms()
    logs: Logs = Logs()
    rules: Annotated[tuple[Rule, ...], Field(strict=False)] = ()

    @field_validator("owner")
    @classmethod
    def _can_be_a_tag(cls, owner: str | None) -> str | None:
        if owner is not None and not re.fullmatch(f"{TAG_TEXT}+", owner):
            raise ValueError("an owner is letters, digits, spaces and _ . : / = + - @, as the value of a tag")
        return owner

    @field_validator("tags")
    @classmethod
    def _are_tags(cls, tags: Mapping[str, str]) -> Mapping[str, str]:
        if len(tags) > MOST_TAGS:
            raise ValueError(f"at most {MOST_TAGS} tags beside those that every resource has")
        for key, value in tags.items():
            if key in OWN_TAGS or key.lower().startswith("aws:"):
                raise ValueError(f"{key!r} is set by {'AWS' if key not in OWN_TAGS else 'wavetank'} itself; rename it")
            if not (re.fullmatch(f"{TAG_TEXT}{{1,128}}", key) and re.fullmatch(f"{TAG_TEXT}{{0,256}}", value)):
                raise ValueError(
                    f"{key!r} = {value!r}: a tag is letters, digits, spaces and _ . : / = + - @, its key at most 128 "
                    "characters and its value 256"
                )
        return tags


class Stage(Settings):
    """A stage of a project: where it is deployed, and what is set otherwise there."""

    account: Annotated[str | None, Field(pattern=r"^\d{12}$")] = None
    region: Annotated[str | None, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")] = None
    overrides: Mapping[str, Any] = {}
    components: Mapping[str, Mapping[str, Any]] = {}


class ProjectFile(Settings):
    """`wavetank.toml`: the project's name, settings for all of its event types, and its stages."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")] = "wavetank"
    defaults: Mapping[str, Any] = {}
    stages: Mapping[Annotated[str, Field(pattern=f"^{STAGE_NAME}$")], Stage] = {}

    def stage(self, name: str | None) -> Stage:
        """The stage of that name, None for the default one; raises ConfigurationError listing those there are."""
        if name is None:
            return Stage()
        if name not in self.stages:
            there = ", ".join(self.stages) or "none: add a table [stages.NAME] to wavetank.toml"
            raise ConfigurationError(f"no stage {name!r}; there are: {there}")
        return self.stages[name]
