"""First calls of a service, several at a time."""

import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from localstack.aws.handlers import service_plugin
from localstack.services.plugins import Service

from wavetank.emulator.patches import service_loading

NAME = "firehose"


def test_no_call_goes_on_before_the_operations_of_its_service_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    loads, goes_on = threading.Event(), threading.Event()
    known: list[str] = []

    def add_skeleton(_skeleton: object) -> None:
        loads.set()
        goes_on.wait()
        known.append(NAME)

    monkeypatch.setattr(service_plugin, "is_api_enabled", lambda _name: True)
    for name in ("require_service", "__call__"):
        monkeypatch.setattr(service_plugin.ServiceLoader, name, vars(service_plugin.ServiceLoader)[name])
    service_loading.say_what_there_is(service_plugin)
    manager = SimpleNamespace(exists=lambda _name: True, require=lambda _name: Service(NAME, skeleton=object()))
    loader: Any = service_plugin.ServiceLoader(manager, SimpleNamespace(add_skeleton=add_skeleton))
    context = SimpleNamespace(service=SimpleNamespace(service_name=NAME))

    def call() -> list[str]:
        loader.require_service(None, context, None)
        return list(known)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(call)
        loads.wait()
        second = pool.submit(call)
        try:
            with pytest.raises(TimeoutError):
                second.result(timeout=0.2)
        finally:
            goes_on.set()
        assert first.result() == second.result() == [NAME]
