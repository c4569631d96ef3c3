"""Deliveries between LocalStack's own services, made visible to settle and open to faults.

LocalStack hands a notification, a published message or an asynchronous invocation to a background thread and
answers its caller. Each module here takes over one such hand-over: what is on its way holds a token of
`IN_FLIGHT`, and `FAULTS` may drop it, deliver it twice or hold it back.
"""
