"""S3 dates objects, versions and uploads by the emulator's clock, so that they have the age that rules count by.

LocalStack dates them by the wall clock, and compares conditions and locks with it.
"""

import datetime
from types import ModuleType, SimpleNamespace

from wavetank.emulator.patches import original, replace
from wavetank.emulator.runtime.clock import CLOCK
from wavetank.emulator.runtime.on_import import when_imported


class EmulatorDate(datetime.datetime):
    """`datetime`, whose `now` is the emulator's."""

    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:  # type: ignore[override]
        """Emulator time in a time zone."""
        return datetime.datetime.fromtimestamp(CLOCK.now(), tz)


def install() -> None:
    """Change the modules of S3 as soon as LocalStack loads them."""
    when_imported("localstack.services.s3.models", date_by_emulator)
    for name in ("utils", "provider"):
        when_imported(f"localstack.services.s3.{name}", compare_by_emulator)


def date_by_emulator(models: ModuleType) -> None:
    """Date what is written. Raises TypeError where dates are made otherwise."""
    if original(models, "datetime") is not datetime.datetime:
        raise TypeError("the dates of S3's objects are not those this was written for")
    replace(models, "datetime", EmulatorDate)


def compare_by_emulator(module: ModuleType) -> None:
    """Compare dates with emulator time. Raises TypeError where they are compared otherwise."""
    if original(module, "datetime") is not datetime:
        raise TypeError(f"{module.__name__} does not compare the dates that this was written for")
    replace(module, "datetime", SimpleNamespace(**{**vars(datetime), "datetime": EmulatorDate}))
