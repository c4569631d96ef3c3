"""EventBridge Scheduler, whose schedules fire on the emulator's clock.

moto, which LocalStack has for it, keeps schedules and never fires one. `expression` says when one is due, `runner`
waits for that, `target` calls what it is for, and `patch` has moto's schedules kept there.
"""

from wavetank.emulator.scheduler.patch import install

__all__ = ["install"]
