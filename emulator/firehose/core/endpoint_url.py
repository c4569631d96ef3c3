"""The URL of an HTTP endpoint: https as on AWS, and plain http to this machine and the networks around it. Pure.

Source: the Firehose API reference (HttpEndpointConfiguration) and
https://docs.aws.amazon.com/firehose/latest/dev/httpdeliveryrequestresponse.html (https only, port 443).
"""

import ipaddress
import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

HTTP_PORT, HTTPS_PORT = 80, 443
_LOCAL_NAMES = ("localhost", "localhost.localstack.cloud", "host.docker.internal")


class UrlError(ValueError):
    """A URL that no delivery stream posts to; the text tells why, and which URLs are allowed."""


@dataclass(frozen=True)
class EndpointUrl:
    """An endpoint, taken apart; `target` is what follows the host, as it was given."""

    secure: bool
    host: str
    port: int
    target: str

    def __str__(self) -> str:
        return self.place + self.target

    @property
    def place(self) -> str:
        """The URL without path and query, which may hold secrets that must not be logged."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        default = HTTPS_PORT if self.secure else HTTP_PORT
        port = "" if self.port == default else f":{self.port}"
        return f"{'https' if self.secure else 'http'}://{host}{port}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The parts of `text`; raises UrlError."""
        if not re.fullmatch(r"[!-~]+", text):
            raise UrlError("The URL of the endpoint must be of printable ASCII characters, without spaces.")
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError as error:
            raise UrlError(f"The URL of the endpoint is not valid: {error}.") from error
        host = parts.hostname or ""
        if parts.scheme not in ("http", "https") or not host or parts.username is not None or parts.fragment:
            raise UrlError("The URL of the endpoint must be https://HOST/PATH, without user and fragment.")
        secure, near = parts.scheme == "https", is_near(host)
        if not secure and not near:
            raise UrlError(
                "The URL of the endpoint must begin with https://. Plain http is taken for endpoints on this machine "
                "and its own networks only: localhost, private addresses, names without a dot."
            )
        if port not in (None, HTTPS_PORT) and not near:
            raise UrlError("Only port 443 is supported for HTTP endpoints that are not on this machine.")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(secure, host, port or (HTTPS_PORT if secure else HTTP_PORT), target)


def is_near(host: str) -> bool:
    """Whether a host is this machine or on a network of its own, which excludes public names and metadata services."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        name = host.rstrip(".")
        # A number without dots is an address too, written in another way.
        service = re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", name)
        return bool(service) or name in _LOCAL_NAMES or name.endswith((".localhost", ".localhost.localstack.cloud"))
    return address.is_loopback or (address.is_private and not address.is_link_local and not address.is_unspecified)
