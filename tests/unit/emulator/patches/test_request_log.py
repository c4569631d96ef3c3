"""The log shows of each request what LocalStack's own logger would show."""

import logging
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from wavetank.emulator.patches.request_log import show_what_is_shown

OPERATION = SimpleNamespace(name="GetObject")
SERVICE = SimpleNamespace(service_name="s3")


def context(**said: Any) -> Any:
    request = SimpleNamespace(method="GET", path="/_wavetank/status")
    usual = {"is_internal_call": False, "operation": OPERATION, "service": SERVICE, "service_exception": None}
    return SimpleNamespace(**{"request": request, **usual, **said})


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Any:
    """A logger of responses; `gathered` has the contexts for which it gathered everything."""

    class ResponseLogger:
        gathered: list[Any]

        def __init__(self) -> None:
            self.gathered = []
            for name in ("aws", "http", "internal_aws", "internal_http"):
                setattr(self, f"{name}_logger", logging.getLogger(f"under-test.{name}"))

        def _log(self, context: Any, response: Any) -> None:
            self.gathered.append(context)

    module = ModuleType("logging-under-test")
    vars(module)["ResponseLogger"] = ResponseLogger
    show_what_is_shown(module)
    caplog.set_level(logging.INFO, "under-test")
    return ResponseLogger()


def told(log: Any, caplog: pytest.LogCaptureFixture, about: Any, status: int = 200) -> list[tuple[str, str]]:
    caplog.clear()
    log._log(about, SimpleNamespace(status_code=status))
    return [(record.name, record.getMessage()) for record in caplog.records]


def test_a_call_is_told_with_its_status_and_its_error(log: Any, caplog: pytest.LogCaptureFixture) -> None:
    missing = context(service_exception=SimpleNamespace(code="NoSuchKey"))
    assert told(log, caplog, context()) == [("under-test.aws", "AWS s3.GetObject => 200")]
    assert told(log, caplog, missing, 404) == [("under-test.aws", "AWS s3.GetObject => 404 (NoSuchKey)")]
    assert log.gathered == []


def test_any_other_request_is_told_by_its_path(log: Any, caplog: pytest.LogCaptureFixture) -> None:
    assert told(log, caplog, context(operation=None)) == [("under-test.http", "GET /_wavetank/status => 200")]


def test_calls_between_services_have_a_logger_of_their_own(log: Any, caplog: pytest.LogCaptureFixture) -> None:
    assert told(log, caplog, context(is_internal_call=True)) == [("under-test.internal_aws", "AWS s3.GetObject => 200")]
    logging.getLogger("under-test.internal_aws").setLevel(logging.WARNING)
    try:
        assert told(log, caplog, context(is_internal_call=True)) == []
    finally:
        logging.getLogger("under-test.internal_aws").setLevel(logging.NOTSET)


def test_at_the_most_talkative_level_localstack_gathers_everything(log: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "under-test")
    about = context()
    assert told(log, caplog, about) == []
    assert log.gathered == [about]
