"""The account may run a single invocation at a time."""

from wavetank.scenarios.spec import ALL_LANDED, Drill, Limit, LimitEnforced, Tag, look_when_merged

DRILL = Drill(
    name="account-concurrency",
    hypothesis="What Lambda has no room for waits where it is, whichever function it is for, and none of it is lost.",
    tags=(Tag.FUNCTIONS, Tag.LIMITS),
    nemeses=(LimitEnforced(Limit.ACCOUNT_CONCURRENCY, 1, "one-at-a-time"),),
    during=look_when_merged("one at a time", ALL_LANDED),
    waits=True,
)
