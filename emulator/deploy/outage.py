"""The outage mode of a deployed stage: put in force, and taken back, by an update of each CloudFormation stack.

Nothing but CloudFormation is asked, with the templates that are deployed: neither packages nor the schema folder are
needed, and whatever else was deployed stays. Templates: `pipeline.template.outage`.
"""

from concurrent.futures import ThreadPoolExecutor

from wavetank.emulator.deploy import formation
from wavetank.emulator.deploy.formation import Formation
from wavetank.emulator.errors import CallerError, DeployFailed
from wavetank.emulator.stack.stack import Stack
from wavetank.pipeline.names import Names
from wavetank.pipeline.template.outage import OFF, ON, PARAMETER

STACKS_AT_ONCE = 4


def is_on(stack: Stack, names: Names) -> bool:
    """Whether the stage is in outage mode, or a change of it was cut short."""
    return any(each.parameters.get(PARAMETER) == ON for each in _formations(stack, names))


def kept(stack: Stack, names: Names) -> dict[str, str]:
    """The value of the parameter that a deployment leaves in force, also in stacks that it makes."""
    return {PARAMETER: ON if is_on(stack, names) else OFF}


def reminder(stack: Stack, names: Names) -> tuple[str, ...]:
    """What a deployment says of a stage that is in outage mode."""
    if not is_on(stack, names):
        return ()
    return (
        "the stage is in outage mode, and stays so: how long streams keep records, when batches are given up and how "
        "far back is merged are not what the files say; `wavetank outage end` puts them back",
    )


def switch(stack: Stack, names: Names, *, on: bool) -> tuple[str, ...]:
    """Put the outage mode in force, or take it back; the CloudFormation stacks that changed.

    The shared one comes first when it begins, so that nothing is late, and last when it ends. Done again it goes on
    where it was cut short. Raises CallerError where a stack is not there or has no such mode, DeployFailed with the
    reasons.
    """
    shared, *others = _formations(stack, names)
    for each in (shared, *others):
        if PARAMETER not in each.parameters:
            what = "has no outage mode" if each.exists else "is not deployed"
            raise CallerError(
                f"the CloudFormation stack {each.name} {what}.", "Deploy the pipeline: `wavetank deploy`."
            )
    changed = [shared.name] if on and _switched(shared, on=on) else []
    errors = []
    with ThreadPoolExecutor(STACKS_AT_ONCE, thread_name_prefix="outage") as pool:
        for each, run in [(each, pool.submit(_switched, each, on=on)) for each in others]:
            try:
                changed += [each.name] if run.result() else []
            except DeployFailed as error:
                errors.append(str(error))
    if errors:
        raise DeployFailed("\n".join(errors), "Run the command again: it goes on with what is not done.")
    changed += [shared.name] if not on and _switched(shared, on=on) else []
    return tuple(changed)


def _switched(target: Formation, *, on: bool) -> bool:
    parameters = [
        {"ParameterKey": name, "ParameterValue": ON if on else OFF}
        if name == PARAMETER
        else {"ParameterKey": name, "UsePreviousValue": True}
        for name in target.parameters
    ]
    return target.apply({"UsePreviousTemplate": True, "Parameters": parameters, "Capabilities": ["CAPABILITY_IAM"]})


def _formations(stack: Stack, names: Names) -> list[Formation]:
    """The CloudFormation stacks of the stage, the shared one first."""
    components = formation.components(stack, names.prefix)
    return [Formation(stack, names.shared_stack), *(Formation(stack, name) for name in sorted(components.values()))]
