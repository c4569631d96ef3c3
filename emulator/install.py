"""What wavetank does when LocalStack starts and stops; called by the hooks in `emulator.plugins`."""

from os import environ

from wavetank.emulator import cloudformation
from wavetank.emulator.control_api import kinesis_state, routes
from wavetank.emulator.deliveries.install import install as install_deliveries
from wavetank.emulator.faults import calls
from wavetank.emulator.kinesis.install import install as install_kinesis
from wavetank.emulator.lambda_.mappings.plugin import install as install_event_source
from wavetank.emulator.lambda_.service import refusals
from wavetank.emulator.patches import (
    cloudwatch_store,
    internal_clients,
    region_lists,
    s3_notification_keys,
    s3_storage,
    s3_transfers,
    service_loading,
    service_models,
    steady_waits,
    step_functions,
)
from wavetank.emulator.s3 import install as install_s3
from wavetank.emulator.scheduler import install as install_scheduler
from wavetank.emulator.sqs import install as install_sqs
from wavetank.emulator.stack.environment import FAULTS_OFF, FAULTS_VARIABLE


def start() -> None:
    """Install everything that must be there before the first service is loaded.

    LocalStack only logs what a hook raises, so a failure is also what the control API answers from then on.
    """
    try:
        service_models.install()
        region_lists.install()
        cloudformation.install()
        s3_storage.install()
        s3_transfers.install()
        internal_clients.install()
        service_loading.install()
        steady_waits.install()
        step_functions.install()
        cloudwatch_store.install()
        install_event_source()
        refusals.install()
        install_deliveries()
        install_kinesis()
        install_s3()
        s3_notification_keys.install()
        install_sqs()
        install_scheduler()
        if environ.get(FAULTS_VARIABLE) != FAULTS_OFF:
            calls.install()
    except Exception as error:
        routes.install(failure=f"wavetank could not be installed: {type(error).__name__}: {error}")
        raise
    routes.install()
    kinesis_state.install()


def stop() -> None:
    """Stop what `start` and the services started."""
    calls.uninstall()
