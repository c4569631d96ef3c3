"""Keys in S3's notifications are form-encoded, as AWS's are; LocalStack's are as they were given.

"The s3 key provides information about the bucket and object involved in the event; the object key name value is URL
encoded" (Amazon S3 User Guide, "Event message structure"). A handler that decodes them loses objects with `+` or `%` in
their keys without this.
"""

from types import ModuleType
from typing import Any

from wavetank.emulator.patches import original, replace
from wavetank.emulator.runtime.on_import import when_imported
from wavetank.emulator.runtime.s3_keys import form_decoded, form_encoded


def install() -> None:
    """Change the notifications as soon as LocalStack imports them."""
    when_imported("localstack.services.s3.notifications", spell_in_notifications)


def spell_in_notifications(module: ModuleType) -> None:
    """Let `localstack.services.s3.notifications` form-encode keys for all but EventBridge.

    Filters go on comparing with the encoded key (User Guide, "Configuring event notifications using object key name
    filtering"). Raises TypeError where a notification names no key, or is made otherwise.
    """
    context = original(module, "S3EventNotificationContext", "key_name")
    make = original(module, "S3EventNotificationContext.from_request_context", "request_context", "s3_object")
    payload = original(module, "EventBridgeNotifier._get_event_payload", "ctx", "config_id")

    def from_request_context(request_context: Any, s3_bucket: Any, s3_object: Any) -> Any:
        about = make(request_context, s3_bucket, s3_object)
        about.key_name = form_encoded(s3_object.key)
        return about

    def with_plain_key(about: Any, config_id: Any = None) -> Any:
        plain = vars(about) | {"key_name": form_decoded(about.key_name)}
        return payload(context(**plain), config_id)

    replace(module, "S3EventNotificationContext.from_request_context", staticmethod(from_request_context))
    replace(module, "EventBridgeNotifier._get_event_payload", staticmethod(with_plain_key))
