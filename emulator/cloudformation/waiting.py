"""CloudFormation goes on as soon as a resource is ready.

LocalStack looks once a second, which functions and event source mappings need a tenth of: that was a third of the time
of a deployment.
"""

import inspect
import time
from collections.abc import Callable
from functools import partialmethod
from types import ModuleType

LOOK_S = 0.05
"""Between two looks at a resource that is not ready."""
TIMEOUT_S = 300.0
"""For one resource; LocalStack's default."""


def look_often(module: ModuleType) -> None:
    """Let the executor look at a resource that is not ready every `LOOK_S`, at least for the time that it has."""
    executor = module.ResourceProviderExecutor
    if "sleep_time" not in inspect.signature(executor.deploy_loop).parameters:
        raise TypeError("deploy_loop of LocalStack takes no sleep_time any more")
    executor.deploy_loop = partialmethod(executor.deploy_loop, sleep_time=LOOK_S)


def wait_until(ready: Callable[[], bool], awaited: str) -> None:
    """Return once `ready()` holds. Raises TimeoutError, naming what was `awaited`, after `TIMEOUT_S`."""
    deadline = time.monotonic() + TIMEOUT_S
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{awaited} was not reached within {TIMEOUT_S:.0f} s")
        time.sleep(LOOK_S)
