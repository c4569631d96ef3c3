"""EventBridge Scheduler, whose schedules fire on the emulator's clock.

moto, which LocalStack has for it, keeps schedules and never fires one. `expression` says when one is due, `runner`
waits for that, `target` calls what it is for, and the patch `schedules` has moto's schedules kept there.
"""
