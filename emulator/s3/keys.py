"""Keys as S3 spells them where it encodes them.

Notifications and listings with `encoding-type=url` have keys "URL encoded", as forms are: "red flower.jpg" becomes
"red+flower.jpg" (Amazon S3 User Guide, "Event message structure"), `test_file(3).png` becomes `test_file%283%29.png`
(API reference, "ListObjectsV2"). Slashes stay. Events for EventBridge have the key as it is.
"""

from types import ModuleType
from typing import Any
from urllib.parse import quote_plus, unquote_plus


def form_encoded(key: str) -> str:
    """The key as an HTML form encodes it, but for slashes; `*` stays too, and `~` does not."""
    return quote_plus(key, safe="/*").replace("~", "%7E")


def form_decoded(key: str) -> str:
    """The key that `form_encoded` spelled."""
    return unquote_plus(key)


def spell_in_notifications(module: ModuleType) -> None:
    """Let `localstack.services.s3.notifications` form-encode keys for all but EventBridge.

    Filters go on comparing with the encoded key (User Guide, "Configuring event notifications using object key name
    filtering").
    """
    context, bridge = module.S3EventNotificationContext, module.EventBridgeNotifier
    if "key_name" not in context.__dataclass_fields__:
        raise TypeError("LocalStack's context of an S3 notification names no key any more")
    made, payload = context.from_request_context, bridge._get_event_payload

    def from_request_context(request_context: Any, s3_bucket: Any, s3_object: Any) -> Any:
        about = made(request_context, s3_bucket, s3_object)
        about.key_name = form_encoded(s3_object.key)
        return about

    def with_plain_key(about: Any, config_id: Any = None) -> Any:
        plain = vars(about) | {"key_name": form_decoded(about.key_name)}
        return payload(context(**plain), config_id)

    context.from_request_context = staticmethod(from_request_context)
    bridge._get_event_payload = staticmethod(with_plain_key)
