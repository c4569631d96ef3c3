"""Opaque tokens that only this service can make: bytes in, text out, and back."""

import base64
import hashlib

_KEY = b"wavetank kinesis token"
_MAC_BYTES = 12


def seal(body: bytes) -> str:
    """The token for `body`."""
    return base64.b64encode(_mac(body) + body).decode()


def unseal(token: str) -> bytes | None:
    """The body that `token` was made from; None when `seal` did not make it."""
    try:
        raw = base64.b64decode(token, validate=True)
    except ValueError:
        return None
    body = raw[_MAC_BYTES:]
    return body if raw[:_MAC_BYTES] == _mac(body) else None


def _mac(body: bytes) -> bytes:
    return hashlib.blake2s(body, key=_KEY, digest_size=_MAC_BYTES).digest()
