"""Stacks that a command starts for itself, with the pipeline deployed on them."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from wavetank.emulator.stack.stack import EmbeddedStack
from wavetank.scenarios.run.report import STACK
from wavetank.scenarios.site.site import Site
from wavetank.scenarios.site.waiting import Controlled

if TYPE_CHECKING:
    from wavetank.emulator.container import DockerStack


@contextmanager
def private_sites(
    number: int, now: Callable[[str, str], None], *, docker: bool = False, eager: bool = False
) -> Iterator[list[Site]]:
    """So many sites on stacks of their own, which end with the block; `now` is told how far they are.

    docker: the stacks are containers. eager: see `Controlled`. Raises StackError, DeployFailed.
    """
    with ExitStack() as stacks:

        def start() -> Site:
            stack = stacks.enter_context(_up(docker=docker))
            return Site.deployed_on(stack, lambda what: now(STACK, f"deploying {what}"), Controlled(eager))

        now(STACK, "starting")
        with ThreadPoolExecutor(number, thread_name_prefix="start") as pool:
            starts = [pool.submit(start) for _ in range(number)]
        yield [started.result() for started in starts]


def _up(*, docker: bool) -> "EmbeddedStack | DockerStack":
    if not docker:
        return EmbeddedStack.up()
    from wavetank.emulator.container import DockerStack

    return DockerStack.up()
