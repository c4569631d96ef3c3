"""The nemeses of one run: begins them, asks them how to send and to tick, counts how often each struck, heals them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from functools import partial

from wavetank.scenarios.oracle.at_rest import AtRest
from wavetank.scenarios.oracle.history import Operation
from wavetank.scenarios.site.neighbour import Neighbour
from wavetank.scenarios.site.producer import DrillProducer
from wavetank.scenarios.site.release import put_release_before
from wavetank.scenarios.site.site import Site
from wavetank.scenarios.spec.drill import Drill
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemesis import Outcome, Portion, Scene, SendPlan


class Nemeses:
    """The nemeses of `drill` on `site`, with `victim` as the event type that is struck where one is."""

    def __init__(self, site: Site, drill: Drill, seed: int, victim: str, producer: DrillProducer) -> None:
        downgrade = partial(put_release_before, site)
        neighbour = partial(Neighbour.of, site)
        self.scene = Scene(
            site, producer, victim, seed, redeploy=site.deploy_again, downgrade=downgrade, neighbour=neighbour
        )
        self._site = site
        self._nemeses = drill.nemeses
        self._struck_before = 0
        self._lasting = False

    def begin(self) -> None:
        """Let every nemesis break what it breaks before the workload flows."""
        self._struck_before = max((firing["number"] for firing in self._site.stack.control.activity()), default=0)
        self._lasting = True
        for nemesis in self._nemeses:
            nemesis.begin(self.scene)

    def heal(self) -> None:
        """Take everything back that was broken, the last thing first, then every fault and schema that was not ours."""
        self._lasting = False
        with ExitStack() as healing:
            healing.callback(self._site.restore_registry)
            healing.callback(self._site.stack.control.clear_faults)
            healing.enter_context(self.scene.healing.pop_all())

    def plans(self, portion: Portion) -> Iterable[SendPlan]:
        """The plans by which the producer sends a portion; to be gone through while it does."""
        plans: Iterable[SendPlan] = [SendPlan(portion.events)]
        for nemesis in self._nemeses:
            plans = nemesis.sends(portion, plans, self.scene)
        return plans

    def times(self, function: Scheduled) -> int:
        """The number of times that a tick of `function` is sent now: as the first nemesis says that changes it."""
        lasting = self._nemeses if self._lasting else ()
        return next((times for nemesis in lasting if (times := nemesis.times(function, self.scene)) != 1), 1)

    def fired(self, operations: Sequence[Operation], at_rest: AtRest) -> dict[str, int]:
        """The number of times that each nemesis struck, by its id; 0 for one that never did."""
        activity = self._site.stack.control.activity()
        firings = Counter(firing["fault"] for firing in activity if firing["number"] > self._struck_before)
        outcome = Outcome(firings, operations, at_rest)
        return {nemesis.id: nemesis.fired(outcome, self.scene) for nemesis in self._nemeses}
