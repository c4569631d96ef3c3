"""Deliveries between LocalStack's own services, made visible to settle and open to faults.

LocalStack hands a notification, a published message or an asynchronous invocation to a background thread and
answers its caller. Patches (`s3_deliveries`, `sns_deliveries`, `event_rules`, `lambda_events`) take these over: what
is on its way is a `Delivery`, which holds a token of `IN_FLIGHT`, and `FAULTS` may drop it, deliver it twice or hold it
back.
"""
