"""A lease of a database: of several runs of its dumper that overlap, one may connect."""

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from wavetank.pipeline import layout
from wavetank.pipeline.aws import calls
from wavetank.pipeline.aws.calls import ABSENT, CHANGED_MEANWHILE, State, code
from wavetank.pipeline.aws.service_clock import date_of
from wavetank.pipeline.errors import RetryLater, ServiceFault
from wavetank.pipeline.reference.source import LEASE_S

LOG = logging.getLogger(__name__)


class Leased(RetryLater):
    """Another run has the lease of the database."""


@dataclass(frozen=True, slots=True)
class _Lease:
    """A lease as it is in the bucket: whose it is, and until when, in seconds by S3's clock."""

    run: str = ""
    until: float = 0.0

    def to_json(self) -> bytes:
        return json.dumps({"run": self.run, "until": self.until}).encode()

    @classmethod
    def from_json(cls, text: bytes) -> "_Lease":
        try:
            document = json.loads(text)
            return cls(str(document["run"]), float(document["until"]))
        except (ValueError, KeyError, TypeError):
            # It is nobody's, and is replaced.
            return cls()


@contextmanager
def lease(bucket: str, database: str) -> Iterator[None]:
    """The lease of a database while the block runs, for `LEASE_S` at most; it is given back at the end.

    Raises Leased where another run has it.
    """
    key, run = layout.lease_key(database), uuid4().hex
    state = _take(bucket, key, run, database)
    try:
        yield
    finally:
        try:
            calls.s3().put_object(Bucket=bucket, Key=key, Body=_Lease().to_json(), **state.condition)
        except (ClientError, BotoCoreError) as error:
            # The work is done; whoever comes next waits until the lease has run out.
            LOG.warning("the lease of %s could not be given back: %s", database, error)


def _take(bucket: str, key: str, run: str, database: str) -> State:
    state, held, now = _read(bucket, key)
    if held.until > now:
        raise Leased(f"database {database}: another run has had its lease until {held.until - now:.0f} s from now")
    body = _Lease(run, now + LEASE_S).to_json()
    try:
        answer = calls.s3().put_object(Bucket=bucket, Key=key, Body=body, **state.condition)
    except ClientError as error:
        if code(error) not in (*CHANGED_MEANWHILE, *ABSENT):
            raise
        # The answer to a first attempt may have been lost: then it is this run that has it.
        state, held, now = _read(bucket, key)
        if held.run != run:
            raise Leased(f"database {database}: another run has just taken its lease") from error
        return state
    return State(answer["ETag"])


def _read(bucket: str, key: str) -> tuple[State, _Lease, float]:
    """The lease as it is, and the time by S3's clock."""
    answer: Mapping[str, Any]
    try:
        answer = calls.s3().get_object(Bucket=bucket, Key=key)
        state, held = State(answer["ETag"]), _Lease.from_json(answer["Body"].read())
    except ClientError as error:
        if code(error) not in ABSENT:
            raise
        answer, state, held = error.response, State(), _Lease()
    now = date_of(answer)
    if now is None:
        raise ServiceFault("S3 answered without a date, so that nobody knows whether a lease has run out")
    return state, held, now
