"""`AWS::CloudWatch::Dashboard`."""

from botocore.exceptions import ClientError

from wavetank.emulator.cloudformation.resource import AlreadyThere, Context, Model, Properties, Schema, names

MISSING = ("ResourceNotFound", "DashboardNotFoundError")
"""The error of a dashboard that is not there, as the protocols of CloudWatch name it."""


class Dashboard:
    """A dashboard. The call that creates it replaces it as a whole too."""

    schema = Schema(
        type="AWS::CloudWatch::Dashboard",
        identifier="DashboardName",
        name="DashboardName",
        longest_name=255,
        create_only=names("DashboardName"),
        mutable=names("DashboardBody"),
        refused=names("Tags"),
        read_only=frozenset(),
        published={"required": ["DashboardBody"], "properties": {"DashboardBody": {}, "DashboardName": {}}},
    )

    def make(self, context: Context, model: Model) -> Model:
        """Reserve the name."""
        try:
            context.clients.cloudwatch.get_dashboard(DashboardName=model["DashboardName"])
        except ClientError as error:
            if error.response["Error"]["Code"] not in MISSING:
                raise
            return {}
        raise AlreadyThere(model["DashboardName"])

    def apply(self, context: Context, model: Model, _before: Properties | None) -> None:
        """Put the body."""
        context.clients.cloudwatch.put_dashboard(
            DashboardName=model["DashboardName"], DashboardBody=model["DashboardBody"]
        )

    def remove(self, context: Context, model: Model) -> None:
        """Delete the dashboard."""
        context.clients.cloudwatch.delete_dashboards(DashboardNames=[model["DashboardName"]])

    def read(self, context: Context, model: Model, _expected: Properties) -> Properties:
        """The dashboard."""
        there = context.clients.cloudwatch.get_dashboard(DashboardName=model["DashboardName"])
        return {"DashboardName": there["DashboardName"], "DashboardBody": there["DashboardBody"]}
