"""The operations on dashboards.

Source: CloudWatch API reference, PutDashboard, GetDashboard, ListDashboards and DeleteDashboards.
"""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from localstack.aws.api import handler
from localstack.aws.api.cloudwatch import DashboardInvalidInputError, DashboardNotFoundError
from localstack.services.cloudwatch.models import LocalStackDashboard, cloudwatch_stores

from wavetank.emulator.dashboards.body import Message, messages
from wavetank.emulator.runtime.clock import CLOCK

NAME = re.compile("[a-zA-Z0-9_-]{1,255}")
LONGEST_PAGE = 100


@handler("PutDashboard")
def put_dashboard(_provider: Any, context: Any, dashboard_name: str, dashboard_body: str, **_: Any) -> dict[str, Any]:
    """Set a dashboard, and tell what of it might not be drawn. Raises DashboardInvalidInputError."""
    if not NAME.fullmatch(dashboard_name):
        raise DashboardInvalidInputError(
            f"The value {dashboard_name} for field DashboardName contains invalid characters. "
            "It can only contain alphanumerics, dash (-) and underscore (_)."
        )
    told = messages(dashboard_body)
    errors = [message for message in told if not message.is_warning]
    if errors:
        listed = json.dumps([{"dataPath": each.path, "message": each.text} for each in errors], indent=2)
        raise DashboardInvalidInputError(
            f"The dashboard body is invalid, there are {len(errors)} validation errors: {listed}",
            dashboardValidationMessages=[_listed(message) for message in errors],
        )
    dashboard = LocalStackDashboard(context.account_id, context.region, dashboard_name, dashboard_body)
    dashboard.last_modified = datetime.fromtimestamp(CLOCK.now(), UTC)
    dashboard.size = len(dashboard_body.encode())
    _dashboards(context)[dashboard_name] = dashboard
    return {"DashboardValidationMessages": [_listed(message) for message in told]}


@handler("GetDashboard")
def get_dashboard(_provider: Any, context: Any, dashboard_name: str, **_: Any) -> dict[str, Any]:
    """A dashboard. Raises DashboardNotFoundError."""
    dashboard = _dashboards(context).get(dashboard_name)
    if dashboard is None:
        raise DashboardNotFoundError(f"Dashboard {dashboard_name} does not exist")
    return {
        "DashboardName": dashboard_name,
        "DashboardBody": dashboard.dashboard_body,
        "DashboardArn": dashboard.dashboard_arn,
    }


@handler("ListDashboards")
def list_dashboards(
    _provider: Any,
    context: Any,
    dashboard_name_prefix: str | None = None,
    next_token: str | None = None,
    **_: Any,
) -> dict[str, Any]:
    """A page of the dashboards, in the order of their names."""
    dashboards = dict(_dashboards(context))
    names = sorted(name for name in dashboards if name.startswith(dashboard_name_prefix or ""))
    rest = [name for name in names if next_token is None or name > next_token]
    entries = [
        {
            "DashboardName": name,
            "DashboardArn": dashboards[name].dashboard_arn,
            "LastModified": dashboards[name].last_modified,
            "Size": dashboards[name].size,
        }
        for name in rest[:LONGEST_PAGE]
    ]
    token = {"NextToken": rest[LONGEST_PAGE - 1]} if len(rest) > LONGEST_PAGE else {}
    return {"DashboardEntries": entries, **token}


@handler("DeleteDashboards")
def delete_dashboards(_provider: Any, context: Any, dashboard_names: Sequence[str], **_: Any) -> dict[str, Any]:
    """Delete dashboards: all, or none where one is not there. Raises DashboardNotFoundError."""
    dashboards = _dashboards(context)
    missing = [name for name in dashboard_names if name not in dashboards]
    if missing:
        raise DashboardNotFoundError(f"Dashboard {missing[0]} does not exist")
    for name in dashboard_names:
        dashboards.pop(name, None)
    return {}


def _listed(message: Message) -> dict[str, str]:
    return {"DataPath": message.path, "Message": message.text}


def _dashboards(context: Any) -> dict[str, Any]:
    dashboards: dict[str, Any] = cloudwatch_stores[context.account_id][context.region].dashboards
    return dashboards
