"""What wavetank does when LocalStack starts and stops; called by the hooks in `emulator.plugins`."""

from os import environ

from emulator import cloudformation
from emulator.control_api import kinesis_state as kinesis_routes
from emulator.control_api import routes
from emulator.deliveries.install import install as install_deliveries
from emulator.faults import calls
from emulator.kinesis.install import install as install_kinesis
from emulator.lambda_.mappings.stream import install as install_event_source
from emulator.lambda_.service import refusals
from emulator.patches import (
    cloudwatch_store as metrics_store,
)
from emulator.patches import (
    internal_clients as unsigned,
)
from emulator.patches import (
    region_lists as regions,
)
from emulator.patches import (
    s3_storage as storage,
)
from emulator.patches import (
    s3_transfers as transfers,
)
from emulator.patches import (
    service_loading as services,
)
from emulator.patches import (
    service_models as models,
)
from emulator.patches import (
    steady_waits as steady,
)
from emulator.patches import (
    step_functions,
)
from emulator.s3 import install as install_s3
from emulator.scheduler import install as install_scheduler
from emulator.sqs import install as install_sqs
from emulator.stack.environment import FAULTS_OFF, FAULTS_VARIABLE


def start() -> None:
    """Install everything that must be there before the first service is loaded.

    LocalStack only logs what a hook raises, so a failure is also what the control API answers from then on.
    """
    try:
        models.install()
        regions.install()
        cloudformation.install()
        storage.install()
        transfers.install()
        unsigned.install()
        services.install()
        steady.install()
        step_functions.install()
        metrics_store.install()
        install_event_source()
        refusals.install()
        install_deliveries()
        install_kinesis()
        install_s3()
        install_sqs()
        install_scheduler()
        if environ.get(FAULTS_VARIABLE) != FAULTS_OFF:
            calls.install()
    except Exception as error:
        routes.install(failure=f"wavetank could not be installed: {type(error).__name__}: {error}")
        raise
    routes.install()
    kinesis_routes.install()


def stop() -> None:
    """Stop what `start` and the services started."""
    calls.uninstall()
