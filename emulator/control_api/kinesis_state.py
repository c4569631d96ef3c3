"""`/_wavetank/kinesis/state`: GET exports the state of every stream, PUT imports it."""

from typing import Any

from localstack.services.edge import ROUTER

from wavetank.emulator.control_api import inputs
from wavetank.emulator.control_api.inputs import RefusedError
from wavetank.emulator.control_api.routes import PATH as CONTROL
from wavetank.emulator.control_api.routes import Answer, guarded

PATH = f"{CONTROL}/kinesis/state"


LARGEST_RATIO = 4
"""An exported state is at most so many times as large as the records are in memory: base64, and escaped keys."""


def install() -> None:
    """Answer from now on, also before Kinesis is used, as the rest of the control API does."""
    ROUTER.add(PATH, guarded(_export), methods=["GET"])
    ROUTER.add(PATH, guarded(_import), methods=["PUT"])


def _export(_request: Any) -> Answer:
    from wavetank.emulator.kinesis.state import export_state

    return export_state()


def _import(request: Any) -> Answer:
    from wavetank.emulator.kinesis.config import CONFIG
    from wavetank.emulator.kinesis.state import import_state

    state = inputs.body(request, inputs.LARGEST_BODY + LARGEST_RATIO * CONFIG.max_bytes)
    try:
        return {"streams": import_state(state)}
    except ValueError as error:
        raise RefusedError(str(error)) from error
