"""EventBridge Scheduler and EventBridge's rules with a schedule, which fire on the emulator's clock.

moto, which LocalStack has for Scheduler, keeps schedules and never fires one. `expression` says when one is due,
`runner` waits for that. What a schedule is for is called by `delivery` (`target` knows how); what a rule is for
LocalStack calls, when `rules` says so. The patches `schedules` and `event_rules` have all of them kept here.
"""
