"""Each property that a template can give a resource: what it is first, then, and once it is removed.

Sources: the CloudFormation resource reference, where each property says "Update requires", and the API reference of
each service for what a property is that nobody gives.
"""

from tests.parity.cloudformation_rows.buckets import buckets
from tests.parity.cloudformation_rows.functions import event_sources, functions
from tests.parity.cloudformation_rows.messaging import queues, topics
from tests.parity.cloudformation_rows.observing import alarms, roles, rules
from tests.parity.cloudformation_rows.row import SOURCE, Given, Place, Row, support
from tests.parity.cloudformation_rows.streaming import delivery_streams, streams
from tests.parity.cloudformation_rows.watching import dashboards, log_groups, metric_filters

__all__ = ["SOURCE", "Given", "Place", "Row", "rows", "support"]


def rows(place: Place) -> dict[str, Row]:
    """The resources under test, by logical id."""
    prefix = place.prefix
    return {
        **alarms(prefix),
        **dashboards(prefix),
        **log_groups(prefix),
        **metric_filters(prefix),
        **rules(prefix),
        **roles(prefix),
        **streams(prefix),
        **delivery_streams(prefix),
        **functions(place),
        **event_sources(prefix),
        **buckets(prefix),
        **topics(prefix),
        **queues(place),
    }
