"""The start and the stop of wavetank inside LocalStack; called by the hooks in `emulator.plugins`."""

from os import environ

from wavetank.emulator.authority import enforcement
from wavetank.emulator.control_api import kinesis_state, routes
from wavetank.emulator.deliveries import reset_data
from wavetank.emulator.deliveries import sqs as queue_deliveries
from wavetank.emulator.faults import calls
from wavetank.emulator.limits import calls as limited_calls
from wavetank.emulator.patches import (
    cloudformation_drift,
    cloudformation_execution,
    cloudformation_importing,
    cloudformation_operations,
    cloudformation_refactoring,
    cloudformation_resources,
    cloudformation_waiting,
    cloudwatch,
    dashboards,
    event_rules,
    event_source_mappings,
    internal_clients,
    kinesis_records,
    lambda_environments,
    lambda_events,
    lambda_invocations,
    lambda_refusals,
    lambda_telemetry,
    log_events,
    log_groups,
    region_lists,
    s3_dates,
    s3_deliveries,
    s3_expirations,
    s3_listings,
    s3_notification_keys,
    s3_requests,
    s3_storage,
    s3_transfers,
    s3_uploads,
    s3_versions,
    schedules,
    service_loading,
    service_models,
    sns_deliveries,
    sns_redrive_policies,
    sqs_metrics,
    sqs_queues,
    steady_waits,
    step_functions,
)
from wavetank.emulator.stack.environment import AUTHORITY_OFF, AUTHORITY_VARIABLE, FAULTS_OFF, FAULTS_VARIABLE

PATCHES = (
    service_models,
    region_lists,
    cloudformation_waiting,
    cloudformation_resources,
    cloudformation_execution,
    cloudformation_drift,
    cloudformation_operations,
    cloudformation_importing,
    cloudformation_refactoring,
    sns_redrive_policies,
    s3_storage,
    s3_transfers,
    internal_clients,
    service_loading,
    steady_waits,
    step_functions,
    cloudwatch,
    dashboards,
    log_events,
    log_groups,
    event_source_mappings,
    lambda_telemetry,
    lambda_environments,
    lambda_invocations,
    lambda_refusals,
    s3_deliveries,
    sns_deliveries,
    event_rules,
    lambda_events,
    kinesis_records,
    s3_dates,
    s3_expirations,
    s3_versions,
    s3_uploads,
    s3_listings,
    s3_requests,
    s3_notification_keys,
    sqs_queues,
    sqs_metrics,
    schedules,
)
"""In the order in which those of one module are put in place."""


def start() -> None:
    """Install everything that must be there before the first service is loaded.

    LocalStack only logs what a hook raises, so a failure is also what the control API answers from then on.
    """
    try:
        for patch in PATCHES:
            patch.install()
        queue_deliveries.install()
        reset_data.install()
        if environ.get(AUTHORITY_VARIABLE) != AUTHORITY_OFF:
            enforcement.install()
        limited_calls.install()
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
    limited_calls.uninstall()
    enforcement.uninstall()
