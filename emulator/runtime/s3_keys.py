"""Keys as S3 spells them where it encodes them, and positions between them.

Notifications and listings with `encoding-type=url` have keys "URL encoded", as forms are: "red flower.jpg" becomes
"red+flower.jpg" (Amazon S3 User Guide, "Event message structure"), `test_file(3).png` becomes `test_file%283%29.png`
(API reference, "ListObjectsV2"). Slashes stay. Events for EventBridge have the key as it is.
"""

import base64
from urllib.parse import quote_plus, unquote_plus

AFTER = "after:"
"""The first characters of a continuation token; the key or common prefix that it continues after follows."""


def form_encoded(key: str) -> str:
    """The key as an HTML form encodes it, but for slashes; `*` stays too, and `~` does not."""
    return quote_plus(key, safe="/*").replace("~", "%7E")


def form_decoded(key: str) -> str:
    """The key that `form_encoded` spelled."""
    return unquote_plus(key)


def token(last: str) -> str:
    """The continuation token of a page that ends with this key or common prefix; with none, of one before all keys."""
    return base64.b64encode((AFTER + last).encode(), altchars=b"._").decode()
