"""The stack of a test session and the drills held on it; nothing starts before it is asked for."""

from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
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
        self._runners: dict[Path, tuple[Runner, Controls]] = {}
        self._others = ExitStack()
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
        """Run the drill, and before it its control where that was not run yet.

        One that is not held on the event types of the project is held on another stack of the session's own. Raises
        CallerError where the session has none of its own.
        """
        from wavetank.scenarios.run.event_types import shares
        from wavetank.scenarios.run.parallel import hold

        [share] = shares([drill])
        [drill] = share.drills
        runner, controls = self._runner(share.schemas)
        for report in hold([runner], [drill], self.seed, controls, stays=not self.is_own):
            self._reports[report.name, report.workload] = report
        return self._reports[drill.name, drill.workload]

    @property
    def is_own(self) -> bool:
        """Whether its stacks are its own, and end with it."""
        return self.kind in (EMBEDDED, DOCKER)

    def close(self) -> None:
        """End the stacks that were started and are its own."""
        self._others.close()
        if "stack" in self.__dict__:
            self.stack.down()

    def _runner(self, schemas: Path) -> "tuple[Runner, Controls]":
        """What runs drills on the event types of a schema folder, and what its controls left."""
        from wavetank.emulator.stack.home import Home, project_if_any, schemas_folder
        from wavetank.scenarios.run.parallel import own_stacks
        from wavetank.scenarios.run.runner import Runner

        if schemas not in self._runners:
            if project_if_any() is not None and schemas == schemas_folder():
                site = self.site(self.stack)
            elif self.is_own:
                stacks = own_stacks(1, lambda _name, _what: None, docker=self.kind == DOCKER, schemas=schemas)
                [site] = self._others.enter_context(stacks)
            else:
                raise CallerError(
                    "the drill is held on event types that wavetank brings, which the stack at the URL has not.",
                    "Run it with --wavetank-stack=embedded, or leave it out.",
                )
            self._runners[schemas] = Runner(site, Home.from_environment().path / "runs"), {}
        return self._runners[schemas]
