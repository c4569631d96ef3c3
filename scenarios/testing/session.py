"""The stack of a test session and the drills held on it; nothing starts before it is asked for."""

from functools import cached_property
from typing import TYPE_CHECKING

from wavetank.emulator.errors import CallerError
from wavetank.emulator.stack.stack import EmbeddedStack, Stack

if TYPE_CHECKING:
    from wavetank.scenarios.run.parallel import Controls
    from wavetank.scenarios.run.report import Report
    from wavetank.scenarios.run.runner import Runner
    from wavetank.scenarios.site.site import Site
    from wavetank.scenarios.spec.drill import Drill
    from wavetank.scenarios.workload.workload import Workload

EMBEDDED = "embedded"
DOCKER = "docker"


class TestSession:
    """The stack of a session: `embedded` and `docker` are its own and end with it, a URL is somebody else's.

    shared: other sessions use the same stack at the same time (the workers of pytest-xdist).
    """

    __test__ = False

    def __init__(self, kind: str, seed: int, *, shared: bool = False) -> None:
        self.kind = kind
        self.seed = seed
        self._shared = shared
        self._sites: dict[str, Site] = {}
        self._runner: Runner | None = None
        self._controls: Controls = {}
        self._reports: dict[tuple[str, Workload], Report] = {}

    @cached_property
    def stack(self) -> Stack:
        """The stack, started now if it is its own. Raises StackError."""
        if self.kind == EMBEDDED:
            return EmbeddedStack.up()
        if self.kind == DOCKER:
            from wavetank.emulator.container import DockerStack

            return DockerStack.up()
        if self._shared:
            raise CallerError(
                f"several workers would empty the one stack at {self.kind} under each other's feet.",
                "Run without -n, or with --wavetank-stack=embedded: each worker has a stack of its own then.",
            )
        from wavetank.emulator.stack.uncontrolled import detect
        from wavetank.scenarios.commands.target import connect

        return detect(connect(self.kind))

    def site(self, stack: Stack) -> "Site":
        """The pipeline on `stack`, deployed at the first call. Raises StackError."""
        from wavetank.scenarios.site.site import Site

        if stack.endpoint_url not in self._sites:
            self._sites[stack.endpoint_url] = Site.deployed_on(stack)
        return self._sites[stack.endpoint_url]

    def hold(self, drill: "Drill") -> "Report":
        """Run the drill, and before it its control where that was not run yet."""
        from wavetank.emulator.stack.home import Home
        from wavetank.scenarios.run.parallel import hold
        from wavetank.scenarios.run.runner import Runner

        if self._runner is None:
            self._runner = Runner(self.site(self.stack), Home.from_environment().path / "runs")
        stays = self.kind not in (EMBEDDED, DOCKER)
        for report in hold([self._runner], [drill], self.seed, self._controls, stays=stays):
            self._reports[report.name, report.workload] = report
        return self._reports[drill.name, drill.workload]

    def close(self) -> None:
        """End the stack, if it was started and is its own."""
        if "stack" in self.__dict__:
            self.stack.down()
