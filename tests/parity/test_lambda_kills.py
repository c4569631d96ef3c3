"""Functions that are killed at random under several callers: every call has its one answer, and nothing is left."""

import contextlib
import json
import os
import random
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.parity.lambda_kit import DEADLINE_S, Deploy, until
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

INVOCATIONS = 500
CALLERS = 4
LONGEST_NAME = 15
"""Letters of a function's name that its process goes by where it was forked."""
LEAST_KILLS, MOST_KILLS = 10, 30
SERVICE_THREADS = 40
"""Threads that the stack may start for good on the way: workers of its pools."""


def processes(stack: EmbeddedStack, name: str) -> list[psutil.Process]:
    """The processes of a function."""
    found = []
    for process in psutil.Process(stack.pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if process.environ().get("AWS_LAMBDA_FUNCTION_NAME") == name or process.name() == name[-LONGEST_NAME:]:
                found.append(process)
    return found


def listening(stack: EmbeddedStack) -> set[int]:
    """The ports that the stack's own process listens on."""
    connections = psutil.Process(stack.pid).net_connections("tcp")
    return {connection.laddr.port for connection in connections if connection.status == psutil.CONN_LISTEN}


def folders(stack: EmbeddedStack) -> set[Path]:
    """The scratch folders of environments."""
    return set((stack.folder.tmp / "functions").glob("*"))


def test_random_kills_lose_and_double_no_answer(stack: EmbeddedStack, deploy: Deploy) -> None:
    ports, scratch, threads = listening(stack), folders(stack), psutil.Process(stack.pid).num_threads()
    name = deploy("def handler(event, context): return [event, context.aws_request_id]")
    over, kills = threading.Event(), list[int]()

    def kill_now_and_then() -> None:
        chance = random.Random(11)
        while len(kills) < MOST_KILLS and not over.wait(chance.uniform(0.02, 0.1)):
            if running := processes(stack, name):
                victim = chance.choice(running).pid
                with contextlib.suppress(ProcessLookupError):
                    os.kill(victim, signal.SIGKILL)
                    kills.append(victim)

    def call(event: int) -> tuple[str, Any, bool]:
        response = stack.client("lambda").invoke(FunctionName=name, Payload=str(event).encode())
        request_id = response["ResponseMetadata"]["RequestId"]
        return request_id, json.load(response["Payload"]), "FunctionError" in response

    killer = threading.Thread(target=kill_now_and_then)
    killer.start()
    with ThreadPoolExecutor(CALLERS) as callers:
        answers = list(callers.map(call, range(INVOCATIONS)))
    over.set()
    killer.join(DEADLINE_S)

    assert len({request_id for request_id, _, _ in answers}) == INVOCATIONS
    for event, (request_id, answer, failed) in enumerate(answers):
        assert answer == (killed(request_id) if failed else [event, request_id])
    assert len(kills) >= LEAST_KILLS
    assert 0 < sum(failed for _, _, failed in answers) <= len(kills)
    stack.settle(DEADLINE_S)
    assert reported(stack, name) == {request_id: 1 for request_id, _, _ in answers}

    stack.client("lambda").delete_function(FunctionName=name)
    until(lambda: not processes(stack, name) and folders(stack) <= scratch and listening(stack) <= ports)
    assert psutil.Process(stack.pid).num_threads() <= threads + SERVICE_THREADS


def killed(request_id: str) -> dict[str, str]:
    """What the caller is told of an invocation whose process was killed."""
    message = f"RequestId: {request_id} Error: Runtime exited with error: signal: killed"
    return {"errorType": "Runtime.ExitError", "errorMessage": message}


def reported(stack: EmbeddedStack, name: str) -> dict[str, int]:
    """How often each request has a REPORT line in the log."""
    found: dict[str, int] = {}
    pages = stack.client("logs").get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{name}")
    for event in (event for page in pages for event in page["events"]):
        words = event["message"].split()
        if words and words[0] == "REPORT":
            found[words[2]] = found.get(words[2], 0) + 1
    return found
