"""`/_wavetank/kinesis/state`: GET exports the state of every stream, PUT imports it."""

import json
from typing import Any

from localstack.services.edge import ROUTER

from emulator.faults.routes import PATH as CONTROL
from emulator.faults.routes import Answer, RefusedError, guarded

PATH = f"{CONTROL}/kinesis/state"


def install() -> None:
    """Answer from now on, also before Kinesis is used, as the rest of the control API does."""
    ROUTER.add(PATH, guarded(_export), methods=["GET"])
    ROUTER.add(PATH, guarded(_import), methods=["PUT"])


def _export(_request: Any) -> Answer:
    from emulator.kinesis.state import export_state

    return export_state()


def _import(request: Any) -> Answer:
    from emulator.kinesis.state import import_state

    try:
        return {"streams": import_state(json.loads(request.get_data()))}
    except ValueError as error:
        raise RefusedError(str(error)) from error
