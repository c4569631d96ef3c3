"""boto3 clients of one endpoint, made once each and shared between threads."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlsplit

from wavetank.emulator.stack.environment import ACTING_FOR

REGION = "us-east-1"
ACCOUNT = "000000000000"
DUMMY_KEY = "test"
"""LocalStack takes any credentials; these stand for account 000000000000."""

LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
POOL_SIZE = 64
CONNECT_TIMEOUT_S = 5
READ_TIMEOUT_S = 120
ATTEMPTS = 5
LONG_READ_TIMEOUT_S = 960
"""A function runs for 900 s at most (AWS Lambda quotas); the rest is for starting it."""


_ACTING: ContextVar[str] = ContextVar("acting", default="")


@contextmanager
def acting_for(principal: str, source_arn: str) -> Iterator[None]:
    """Invoke functions in the name of a service (`events`) that acts for a resource, while the block runs.

    On a stack of ours the function's policy has to allow it, as if the service called; elsewhere nothing is changed.
    """
    token = _ACTING.set(f"{principal} {source_arn}")
    try:
        yield
    finally:
        _ACTING.reset(token)


def _name_service(params: dict[str, Any], **_: object) -> None:
    if acting := _ACTING.get():
        params["headers"][ACTING_FOR] = acting


class Clients:
    """The clients of one endpoint, and of no other.

    They ignore the user's profile, proxies and endpoint settings. application: the id that they give themselves in
    each call, by which a fault finds their calls. account: on a local stack, the one that they are of; None for its
    usual one.
    """

    def __init__(
        self, endpoint_url: str, region: str = REGION, application: str | None = None, account: str | None = None
    ) -> None:
        self.endpoint_url = endpoint_url
        self.region = region
        self._account = account
        self._application = application
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, bool, float | None], Any] = {}
        self._session: Any = None

    def get(self, service: str, *, long: bool = False, answer_s: float | None = None) -> Any:
        """The client of `service`, by its boto3 name.

        `long` is for a call that may take as long as a function may run: it waits for the answer, and makes one
        attempt, since a second would start the same work beside the first. `answer_s` is for a caller who sees to
        repeats itself: one attempt, given up after so long.
        """
        key = service, long, answer_s
        with self._lock:
            if key not in self._clients:
                from botocore.config import Config

                if self._session is None:
                    self._session = _session(self.region, self.endpoint_url, self._account)
                named: Any = {"user_agent_appid": self._application}  # botocore's stubs do not know it yet.
                config = Config(
                    connect_timeout=answer_s or CONNECT_TIMEOUT_S,
                    read_timeout=answer_s or (LONG_READ_TIMEOUT_S if long else READ_TIMEOUT_S),
                    retries={"mode": "standard", "total_max_attempts": 1 if long or answer_s else ATTEMPTS},
                    max_pool_connections=POOL_SIZE,
                    s3={"addressing_style": "path"},
                    request_checksum_calculation="when_required",
                    response_checksum_validation="when_required",
                    proxies={},
                    **named,
                )
                client = self._session.client(service, endpoint_url=self.endpoint_url, config=config)
                client.meta.events.register("before-call.lambda.Invoke", _name_service)
                self._clients[key] = client
            return self._clients[key]

    def close(self) -> None:
        """Close every connection; clients made before stay usable and reconnect."""
        with self._lock:
            for client in self._clients.values():
                client.close()


def _session(region: str, endpoint_url: str, account: str | None) -> Any:
    """A boto3 session that reads no configuration file and no profile.

    Its credentials are dummies for a local stack, elsewhere those of the environment, where it has any.
    """
    import boto3
    import botocore.session

    nowhere = {
        "profile": (None, None, None, None),
        "config_file": (None, None, os.devnull, None),
        "credentials_file": (None, None, os.devnull, None),
        "ignore_configured_endpoint_urls": (None, None, True, None),
    }
    key, secret, token = os.environ.get("AWS_ACCESS_KEY_ID"), DUMMY_KEY, None
    if urlsplit(endpoint_url).hostname in LOCAL_HOSTS or not key:
        # LocalStack takes a key of twelve digits for the account's id.
        key = account or DUMMY_KEY
    else:
        secret, token = os.environ.get("AWS_SECRET_ACCESS_KEY", ""), os.environ.get("AWS_SESSION_TOKEN")
    return boto3.Session(
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token,
        region_name=region,
        botocore_session=botocore.session.Session(session_vars=nowhere),
    )
