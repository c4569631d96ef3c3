"""A stage of the pipeline in another account of the same stack, for its mistakes to stay its own."""

from dataclasses import dataclass
from datetime import UTC, datetime

from wavetank.scenarios.client.producer import Producer, Sender
from wavetank.scenarios.site.release import undeploy
from wavetank.scenarios.site.site import Site
from wavetank.scenarios.workload.synthetic import synthetic

ACCOUNT = "111111111111"
START = datetime(2024, 5, 6, 7, tzinfo=UTC)
HOURS = 0.5


@dataclass(frozen=True)
class Neighbour:
    """The pipeline of a stage beside the one that a drill is held on."""

    site: Site

    @classmethod
    def of(cls, site: Site) -> "Neighbour":
        """The first stage that the project names, or the default one, deployed in an account of its own."""
        stage = next(iter(site.topology.project.stages), None)
        return cls(Site.deployed_on(site.stack.at(ACCOUNT, None), schemas=site.schemas, stage=stage))

    def flood(self, events: int, seed: int) -> None:
        """Put so many events on its streams."""
        with Sender(self.site.stack.client("kinesis")) as sender:
            Producer(sender, self.site.routes).put(synthetic(events, seed, START, HOURS))

    def starve(self) -> None:
        """Leave no concurrency to its processors."""
        for event in self.site.topology.events:
            self.site.stack.client("lambda").put_function_concurrency(
                FunctionName=event.processor, ReservedConcurrentExecutions=0
            )

    def delete(self) -> None:
        """Take everything of it away, with its data."""
        undeploy(self.site)
