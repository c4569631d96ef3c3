"""The quotas of AWS that a stage meets under a load: need, headroom, which bites first and at what load.

A *quota* is a limit of an account, a service or a resource, with its source and whether it can be raised. A *limit* is
a quota where a stage meets it: its subject (a shard of a stream, the account), and its *need* as a function of the
load. It *bites* at the smallest load whose need is more than the quota. Those that the emulator can hold an account to
are *enforced* there (`wavetank.emulator.limits`). Pure, but for `command`.

Begin with `stage_limits`.
"""
