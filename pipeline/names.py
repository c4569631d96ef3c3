"""Names of what is deployed: each follows from one prefix, so that two stages do not clash in one account.

A prefix is `wavetank` for the default stage and `wavetank-<stage>` for any other.
"""

from dataclasses import dataclass

PROJECT = "wavetank"
DASHBOARDS = "dashboards"
"""The name of the stack of dashboards after the prefix, which no event type and no stage can have."""


@dataclass(frozen=True, slots=True)
class Names:
    """The names of a stage's resources, by its prefix."""

    prefix: str = PROJECT

    @classmethod
    def of_stage(cls, stage: str | None) -> "Names":
        """The names of a stage; None for the default one."""
        return cls(f"{PROJECT}-{stage}" if stage else PROJECT)

    @property
    def shared_stack(self) -> str:
        """The CloudFormation stack of what components share."""
        return self.prefix

    def component_stack(self, event_type: str) -> str:
        """The CloudFormation stack of one component."""
        return f"{self.prefix}-{event_type}"

    def dashboards_stack(self, number: int = 1) -> str:
        """The CloudFormation stack of the dashboards; `number`: which of several, from 1."""
        return self.dashboard(DASHBOARDS, number)

    @property
    def partitioner(self) -> str:
        """The function that writes chunks as parts."""
        return f"{self.prefix}-partitioner"

    @property
    def replayer(self) -> str:
        """The function that announces chunks which are not partitioned."""
        return f"{self.prefix}-replayer"

    @property
    def planner(self) -> str:
        """The function that queues partitions to merge."""
        return f"{self.prefix}-planner"

    @property
    def concatenator(self) -> str:
        """The function that merges partitions."""
        return f"{self.prefix}-concatenator"

    @property
    def rescuer(self) -> str:
        """The function that sets aside what an event source gave up."""
        return f"{self.prefix}-rescuer"

    def dumper(self, database: str) -> str:
        """The function that reads the references of a database."""
        return f"{self.prefix}-{database}-dumper"

    def rule(self, function: str) -> str:
        """The schedule of a function, by its name."""
        return f"{function}-schedule"

    @property
    def chunk_topic(self) -> str:
        """The topic on which chunks are announced."""
        return f"{self.prefix}-chunks"

    @property
    def merge_queue(self) -> str:
        """The queue of partitions to merge."""
        return f"{self.prefix}-merges"

    @property
    def dead_merges(self) -> str:
        """The queue of what could not be merged, and its alarm."""
        return f"{self.prefix}-merges-dead"

    def data_bucket(self, account: str) -> str:
        """The bucket of chunks, parts, merged files and quarantine."""
        return f"{self.prefix}-data-{account}"

    def registry_bucket(self, account: str) -> str:
        """The bucket of schemas and reference data."""
        return f"{self.prefix}-registry-{account}"

    def artifacts_bucket(self, account: str) -> str:
        """The bucket the function packages and layers are deployed from."""
        return f"{self.prefix}-artifacts-{account}"

    def raw_stream(self, event_type: str) -> str:
        """The stream producers put on."""
        return f"{self.prefix}-{event_type}-raw"

    def processed_stream(self, event_type: str) -> str:
        """The stream of decoded and enriched events: the integration point."""
        return f"{self.prefix}-{event_type}-processed"

    def delivery_stream(self, event_type: str) -> str:
        """The Firehose that writes chunks."""
        return f"{self.prefix}-{event_type}"

    def processor(self, event_type: str) -> str:
        """The function between the two streams."""
        return f"{self.prefix}-{event_type}-processor"

    def alarm_topic(self, component: str, severity: str) -> str:
        """The topic from which alarms of a component go to mail addresses of its own; severity: `warn` or `page`."""
        return f"{self.prefix}-{component}-{severity}"

    @property
    def warn_topic(self) -> str:
        """The topic of alarms that can wait for the next working day."""
        return f"{self.prefix}-warn"

    @property
    def page_topic(self) -> str:
        """The topic of alarms that somebody gets up for."""
        return f"{self.prefix}-page"

    @property
    def metrics(self) -> str:
        """The namespace of the pipeline's own metrics."""
        return self.prefix

    def dashboard(self, component: str, number: int = 1) -> str:
        """A dashboard, by what it shows: `source`, `processing`, `partitioning`, `concatenation`, `overview`.

        number: which of several, from 1, where there are more event types than one can show.
        """
        return f"{self.prefix}-{component}" + (f"-{number}" if number > 1 else "")

    def event_type_of(self, raw_stream: str) -> str:
        """The name of the event type that a raw stream carries, by the name of the stream."""
        return raw_stream.removeprefix(f"{self.prefix}-").removesuffix("-raw")


def log_group(function: str) -> str:
    """The log group of a function (Lambda developer guide, "Sending Lambda function logs to CloudWatch Logs")."""
    return f"/aws/lambda/{function}"


def by_event(variable: str) -> str:
    """The variable with what event types have that differs from `variable`: JSON, event type → value."""
    return f"{variable}_BY_EVENT"


NAMES = Names()
"""The names of the default stage."""
