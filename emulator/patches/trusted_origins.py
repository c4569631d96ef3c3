"""LocalStack's own check of origins allows what the stack's guard does, and no more.

Of itself it trusts pages of the gateway, of websites in buckets and of LocalStack's web application.
"""

import os
from types import ModuleType

from wavetank.emulator.patches import original, replace
from wavetank.emulator.runtime.guard import Guard
from wavetank.emulator.runtime.on_import import when_imported


def install() -> None:
    """Change the check when it is imported."""
    when_imported("localstack.aws.handlers.cors", follow_the_guard)


def follow_the_guard(cors: ModuleType) -> None:
    """Allow the origins of the guard that the environment configures. Raises TypeError for another check."""
    allowed, patterns = original(cors, "ALLOWED_CORS_ORIGINS"), original(cors, "DYNAMIC_INTERNAL_ORIGINS")
    if not isinstance(allowed, list) or not isinstance(patterns, tuple):
        raise TypeError(f"the check of origins in {cors.__name__} is not the one this was written for")
    allowed[:] = sorted(Guard.configured(os.environ).origins)
    replace(cors, "DYNAMIC_INTERNAL_ORIGINS", ())
