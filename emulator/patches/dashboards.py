"""Dashboards are CloudWatch's, by `emulator.dashboards`: their bodies are checked, and what is not there is not found.

LocalStack keeps any text as a body, calls each 225 bytes long, and has other errors.
"""

from types import ModuleType

from wavetank.emulator.patches import original, replace
from wavetank.emulator.runtime.on_import import when_imported

OPERATIONS = {
    "put_dashboard": ("dashboard_name", "dashboard_body"),
    "get_dashboard": ("dashboard_name",),
    "list_dashboards": ("dashboard_name_prefix", "next_token"),
    "delete_dashboards": ("dashboard_names",),
}


def install() -> None:
    """Change the provider when it is imported."""
    when_imported("localstack.services.cloudwatch.provider_v2", check_dashboards)


def check_dashboards(module: ModuleType) -> None:
    """Give the provider the operations. Raises TypeError where it has others, or keeps dashboards otherwise."""
    original(module, "LocalStackDashboard", "dashboard_name", "dashboard_body")
    from wavetank.emulator.dashboards import operations

    for name, parameters in OPERATIONS.items():
        replace(module, f"CloudwatchProvider.{name}", getattr(operations, name), *parameters)
