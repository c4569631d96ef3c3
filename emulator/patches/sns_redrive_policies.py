"""SNS takes no policy for a redrive policy: that is how one is removed from a subscription, which LocalStack refuses.

CloudFormation does it so when a template asks for a redrive policy no more.
"""

from types import ModuleType
from typing import Any

from wavetank.emulator.patches import wrap
from wavetank.emulator.runtime.on_import import when_imported

NO_POLICY = ("", "{}")


def install() -> None:
    """Change the provider as soon as LocalStack loads SNS."""
    when_imported("localstack.services.sns.provider", take_removals)


def take_removals(module: ModuleType) -> None:
    """Have the provider's validation let removals pass. Raises TypeError where it validates subscriptions otherwise."""

    def validate_unless_removed(validate: Any, attribute_name: str, attribute_value: str, **more: Any) -> None:
        if attribute_name != "RedrivePolicy" or attribute_value not in NO_POLICY:
            validate(attribute_name=attribute_name, attribute_value=attribute_value, **more)

    parameters = ("attribute_name", "attribute_value")
    wrap(module, "validate_subscription_attribute", validate_unless_removed, *parameters)
