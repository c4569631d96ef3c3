"""Functions that are deleted after the test that made them."""

import contextlib
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.parity.lambda_kit import ROLE, Deploy, package, settled
from wavetank.emulator.stack.stack import EmbeddedStack


@pytest.fixture
def deploy(stack: EmbeddedStack) -> Iterator[Deploy]:
    """Makes a function of the source of its module and returns its name; it is deleted after the test."""
    names = []

    def make(source: str, **changes: Any) -> str:
        name = f"executor-{uuid.uuid4().hex[:8]}"
        stack.client("lambda").create_function(
            **{
                "FunctionName": name,
                "Runtime": "python3.13",
                "Role": ROLE,
                "Handler": "handler.handler",
                "Code": {"ZipFile": package(source)},
                "Timeout": 10,
                **changes,
            }
        )
        names.append(name)
        settled(stack, name)
        return name

    yield make
    for name in names:
        with contextlib.suppress(stack.client("lambda").exceptions.ResourceNotFoundException):
            stack.client("lambda").delete_function(FunctionName=name)
