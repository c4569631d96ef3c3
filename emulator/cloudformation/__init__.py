"""CloudFormation that tells the truth: an operation ends as its resources did, and a change is made or refused.

LocalStack parses templates, resolves references and orders the resources. What happens then is here: an **execution**
carries out the changes of one operation and rolls back what failed (`execution`); a **resource type** makes, changes
and removes the resources of one type by the API of their service (`resource`, and a module for each family of types);
an **operation** is refused where the state of the stack forbids it (`operations`). Begin with `execution`.
"""

from wavetank.emulator.cloudformation import waiting
from wavetank.emulator.cloudformation.resources import topics
from wavetank.emulator.runtime.on_import import when_imported

EXECUTOR = "localstack.services.cloudformation.resource_provider"
PROVIDER = "localstack.services.cloudformation.v2.provider"

TOPICS = "localstack.services.sns.provider"


def install() -> None:
    """Patch CloudFormation's engine when it is imported."""
    when_imported(EXECUTOR, waiting.look_often)
    when_imported(EXECUTOR, _act_truthfully)
    when_imported(PROVIDER, _execute_truthfully)
    when_imported(TOPICS, topics.take_removals)


def _act_truthfully(module: object) -> None:
    from wavetank.emulator.cloudformation import handling

    handling.patch(module)


def _execute_truthfully(module: object) -> None:
    from wavetank.emulator.cloudformation import drift, execution, operations

    execution.patch(module)
    drift.patch(module)
    operations.patch(module)
