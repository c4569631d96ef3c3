"""What wavetank does when LocalStack starts and stops; called by the hooks in `emulator.plugins`."""

from os import environ

from emulator import (
    cloudformation,
    metrics_store,
    models,
    regions,
    services,
    steady,
    step_functions,
    storage,
    transfers,
    unsigned,
)
from emulator.deliveries.install import install as install_deliveries
from emulator.environment import FAULTS_OFF, FAULTS_VARIABLE
from emulator.faults import calls, routes
from emulator.kinesis import routes as kinesis_routes
from emulator.kinesis.install import install as install_kinesis
from emulator.lambda_ import refusals
from emulator.lambda_.event_source import install as install_event_source
from emulator.s3 import install as install_s3
from emulator.scheduler import install as install_scheduler
from emulator.sqs import install as install_sqs


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
