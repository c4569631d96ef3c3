"""Log groups and metric filters are those of CloudWatch Logs, by `emulator.logs`.

LocalStack forgets the class of a group, the tags that it gets later and how many filters it has; it leaves filters
behind when their group is deleted, adds a filter that is put anew to the one before, and takes any for any group.
"""

from types import ModuleType
from typing import Any

from wavetank.emulator.patches import add_operations, original, replace
from wavetank.emulator.runtime.on_import import when_imported

PROVIDER = "LogsProvider"
REPLACED = {
    "create_log_group": ("log_group_name", "kms_key_id", "tags", "log_group_class"),
    "describe_log_groups": ("request",),
    "list_log_groups": ("request",),
    "tag_resource": ("resource_arn", "tags"),
    "untag_resource": ("resource_arn", "tag_keys"),
    "list_tags_for_resource": ("resource_arn",),
}
ADDED_TO_GROUPS = ("delete_log_group", "put_retention_policy", "associate_kms_key", "disassociate_kms_key")
ADDED_TO_FILTERS = ("put_metric_filter", "describe_metric_filters", "delete_metric_filter", "test_metric_filter")


def install() -> None:
    """Change the provider when it is imported."""
    when_imported("localstack.services.logs.provider", keep_groups)


def keep_groups(module: ModuleType) -> None:
    """Give the provider the operations. Raises TypeError where it has others, or keeps groups otherwise."""
    provider: Any = original(module, PROVIDER)
    original(module, "get_moto_logs_backend", "account_id", "region_name")
    original(module, "logs_stores")
    from wavetank.emulator.logs import groups, metric_filters

    for name, parameters in REPLACED.items():
        replace(module, f"{PROVIDER}.{name}", getattr(groups, name), *parameters)
    add_operations(provider, ADDED_TO_GROUPS, groups)
    add_operations(provider, ADDED_TO_FILTERS, metric_filters)
