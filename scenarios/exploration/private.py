"""The stack that a sweep, a storm or a hunt has for itself."""

from collections.abc import Iterator
from contextlib import contextmanager

from emulator.stack import EmbeddedStack
from scenarios.board import STACK, Board
from scenarios.exploration.patience import PatientSite


@contextmanager
def private_site(board: Board) -> Iterator[PatientSite]:
    """The pipeline on a stack that ends with the block; the board tells how far it is. Raises StackError."""
    board.now(STACK, "starting")
    with EmbeddedStack.up() as stack:
        yield PatientSite.deployed_on(stack, lambda what: board.now(STACK, f"deploying {what}"))
