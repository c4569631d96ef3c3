"""The stage that is looked at: its functions and its time."""

from collections.abc import Sequence
from datetime import UTC, datetime

from wavetank.emulator.deploy import functions
from wavetank.emulator.stack.home import project_if_any
from wavetank.emulator.stack.stack import Stack
from wavetank.emulator.stack.uncontrolled import detect
from wavetank.pipeline.names import Names


def functions_of(stack: Stack, stage: str | None, named: Sequence[str] | None = None) -> list[str]:
    """The functions of a stage that are there, or those of them that are `named`.

    Names tell which they are; of a project, those of its other stages are none of the default one's. Raises
    NoSuchFunction, ConfigurationError.
    """
    prefix = Names.of_stage(stage).prefix
    if named:
        return [functions.find(stack, name, prefix) for name in named]
    others: tuple[str, ...] = ()
    if stage is None and (project := project_if_any()) is not None:
        from wavetank.pipeline.components.read import read_project

        others = tuple(f"{Names.of_stage(other).prefix}-" for other in read_project(project).stages)
    there = (configuration["FunctionName"] for configuration in functions.configurations(stack))
    return sorted(name for name in there if name.startswith(f"{prefix}-") and not name.startswith(others))


def now_of(stack: Stack) -> datetime:
    """The time of a stack: the emulator's, or the world's."""
    return datetime.fromtimestamp(detect(stack).control.now(), UTC)
