"""The rule by which a request is let in, told from its head alone: no web page and no name that is not the stack's.

Whoever is let in can run code as the user, so no page in a browser may be. A page cannot choose the name it reached the
stack by, its own origin, `Sec-Fetch-*` and, across origins, the user agent. These are judged:

- `Host`, and the host of an absolute target: an IP address, or a name that nobody else can make resolve to this machine
  (DNS rebinding needs one). Browsers and resolvers keep `localhost` and what is below it to loopback (RFC 6761, 6.3).
- `Origin`: only those that the user has allowed, the stack's own not among them: anybody's upload may be such a page.
- Without `Origin`, a browser may do what a user does with the address bar: read. Where it says that a page of an
  allowed origin asks, from the same site, that is let in too, as images and links carry no `Origin`.
- A browser that tells nothing of where a request comes from is not let in. Most tell it only to loopback addresses and
  over TLS (W3C Fetch Metadata, 2): not to 0.0.0.0, and not to names that resolve to loopback.

SDKs, command lines and JavaScript outside of browsers send none of this, but for Node's `Sec-Fetch-Mode`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from http import HTTPStatus
from ipaddress import ip_address
from typing import Self
from urllib.parse import unquote_to_bytes

from wavetank.emulator.errors import CallerError

ALLOWED_HOSTS = "WAVETANK_ALLOWED_HOSTS"
ALLOWED_ORIGINS = "WAVETANK_ALLOWED_ORIGINS"
IN_CONTAINER = "WAVETANK_IN_CONTAINER"
"""Set for a container's stack: it also answers to names without a dot, which are those that Docker gives."""

HOSTS = frozenset({"localhost", "localhost.localstack.cloud", "host.docker.internal", "host.containers.internal"})
SUFFIXES = (".localhost", ".localhost.localstack.cloud", ".127.0.0.1")
"""Below them are buckets and function URLs. No resolver looks up a name that ends in a number (WHATWG URL, 3.5)."""

AUTHORITY = re.compile(rb"(\[[0-9A-Fa-f:.]+\]|[\w.-]+)(?::[0-9]{0,5})?", re.ASCII)
"""A host and a port, without user information (RFC 3986, 3.2)."""
ABSOLUTE = re.compile(rb"(?:[A-Za-z][A-Za-z0-9+.-]*://)?([^/?#]*).*", re.DOTALL)
"""A URL, of which the group is the authority."""
NAME = re.compile(r"(\*\.)?([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?")
ORIGIN = re.compile(r"([a-z][a-z0-9+.-]*)://(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(:[0-9]{1,5})?")
DEFAULT_PORTS = {"http": ":80", "https": ":443"}

READING = frozenset({"GET", "HEAD"})
BROWSERS = b"Mozilla/"
"""How every browser's user agent begins."""
TELLING = frozenset({b"origin", b"referer", b"upgrade-insecure-requests"})
"""Headers of browsers alone; so are those that begin with `Sec-`, but for `NOT_TELLING`."""
MODE = b"sec-fetch-mode"
NOT_TELLING = frozenset(
    {MODE, *(b"sec-websocket-" + name for name in (b"key", b"version", b"extensions", b"protocol"))}
)
"""What Node and clients of WebSockets send too."""
FUNCTION = b".lambda-url."
SHOWN_BYTES = 100
NO_PAGES = (
    "may not use this stack: whoever may can run code as its user. Pages of origins in the stack's "
    f"{ALLOWED_ORIGINS} are let in (docs/security.md)."
)

Header = tuple[bytes, bytes]


class Reason(StrEnum):
    """Why a request is not let in, for programs."""

    INVALID_HOST = "InvalidHost"
    HOST = "HostNotAllowed"
    ORIGIN = "OriginNotAllowed"
    CROSS_SITE = "CrossSiteRequest"
    NAVIGATION = "NavigationNotReading"
    UNTOLD = "BrowserOfUnknownOrigin"


@dataclass(frozen=True)
class Denial:
    """The answer to a request that is not let in; `message` says why and what to do, for people."""

    reason: Reason
    message: str

    @property
    def status(self) -> HTTPStatus:
        """The status of the answer: 400 for a request that is none (RFC 9112, 3.2), else 403."""
        return HTTPStatus.BAD_REQUEST if self.reason is Reason.INVALID_HOST else HTTPStatus.FORBIDDEN


@dataclass(frozen=True)
class Guard:
    """The rule by which requests are let in: SDKs at the stack's own names, and besides them what is set here.

    hosts: names, in lower case; `*.name` for all below a name. origins: as browsers send them. dotless: also any name
    of one label.
    """

    hosts: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()
    dotless: bool = False

    @classmethod
    def configured(cls, settings: Mapping[str, str]) -> Self:
        """The guard that a stack's environment asks for. Raises CallerError naming a setting that makes no sense."""
        return cls(
            hosts=frozenset(_host(word) for word in _words(settings, ALLOWED_HOSTS)),
            origins=frozenset(_origin(word) for word in _words(settings, ALLOWED_ORIGINS)),
            dotless=IN_CONTAINER in settings,
        )

    def judge(self, method: str, target: bytes, headers: Iterable[Header]) -> Denial | None:
        """Why a request with this head is not let in; None when it is."""
        hosts: list[bytes] = []
        told: dict[bytes, list[bytes]] = {}
        for original, value in headers:
            name = original.lower()
            if name == b"host":
                hosts.append(value)
            elif name in TELLING or name[:4] == b"sec-" or (name == b"user-agent" and value.startswith(BROWSERS)):
                told.setdefault(name, []).append(value)
        if len(hosts) != 1:
            number = "no" if not hosts else "more than one"
            return Denial(Reason.INVALID_HOST, f"the request has {number} Host header; it must have one.")
        if not target.startswith(b"/") and target != b"*":
            hosts.append(ABSOLUTE.sub(rb"\1", target))
        for host in hosts:
            if not _is_own(self, host):
                return Denial(
                    Reason.HOST,
                    f"{_shown(host)} is no name of this stack. Ask at 127.0.0.1 or localhost, or start the stack with "
                    f"the name in {ALLOWED_HOSTS} (docs/security.md).",
                )
        if told.keys() <= NOT_TELLING:
            return None
        return self._judge_browser(method, target, hosts[0], told)

    def _judge_browser(
        self, method: str, target: bytes, host: bytes, told: Mapping[bytes, list[bytes]]
    ) -> Denial | None:
        for origin in told.get(b"origin", ()):
            if not self._is_allowed(origin):
                return Denial(Reason.ORIGIN, f"pages of {_shown(origin)} {NO_PAGES}")
        if b"origin" in told:
            return None
        # To read is to call neither an action of the query protocol nor a function's URL: a link in a mail, and a page
        # that redirects whoever has typed its address, come as the address bar's.
        query = target.partition(b"?")[2]
        names = (unquote_to_bytes(pair.partition(b"=")[0]) for pair in re.split(b"[&;]", query))
        is_call = FUNCTION in host.lower() or any(name.strip().lower() == b"action" for name in names)
        site, is_reading = told.get(b"sec-fetch-site"), method in READING and not is_call
        if site is None:
            return Denial(
                Reason.UNTOLD,
                "this looks like a browser that does not say which page asks. Open http://127.0.0.1 or "
                "http://localhost, at the stack's port, or take a tool such as curl (docs/security.md).",
            )
        if site == [b"none"] and told.get(MODE) == [b"navigate"]:
            if is_reading:
                return None
            return Denial(
                Reason.NAVIGATION,
                "a link can only read: calls of AWS actions and of functions are for SDKs and tools such as curl "
                "(docs/security.md).",
            )
        scheme, _, rest = b"".join(told.get(b"referer", ())).partition(b"://")
        referring = scheme + b"://" + re.split(rb"[/?#]", rest, maxsplit=1)[0]
        if site in ([b"same-site"], [b"same-origin"]) and is_reading and self._is_allowed(referring):
            return None
        return Denial(Reason.CROSS_SITE, f"web pages {NO_PAGES}")

    def _is_allowed(self, origin: bytes) -> bool:
        return origin.decode("latin-1") in self.origins


@lru_cache(maxsize=1024)
def _is_own(guard: Guard, host: bytes) -> bool:
    """Whether a host, with or without a port, is the stack's."""
    parts = AUTHORITY.fullmatch(host.strip(b" \t"))
    if parts is None:
        return False
    name = parts[1].decode("ascii").lower().removesuffix(".")
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        pass
    else:
        return True
    if name in HOSTS or name in guard.hosts or name.endswith(SUFFIXES):
        return True
    return (guard.dotless and "." not in name) or any(
        pattern.startswith("*.") and name.endswith(pattern[1:]) for pattern in guard.hosts
    )


def _shown(value: bytes) -> str:
    return repr(value[:SHOWN_BYTES].decode("latin-1")) + ("…" if len(value) > SHOWN_BYTES else "")


def _words(settings: Mapping[str, str], name: str) -> list[str]:
    return [word.strip() for word in settings.get(name, "").split(",") if word.strip()]


def _host(word: str) -> str:
    name = word.lower().removesuffix(".")
    if NAME.fullmatch(name) is None:
        raise CallerError(
            f"{ALLOWED_HOSTS} has {word!r}, which is no host name.",
            "It takes names without a port, separated by commas, and `*.example.test` for all below one.",
        )
    return name


def _origin(word: str) -> str:
    origin = word.lower()
    parts = ORIGIN.fullmatch(origin)
    if parts is None:
        raise CallerError(
            f"{ALLOWED_ORIGINS} has {word!r}, which is no origin.",
            "It takes origins such as http://localhost:3000, separated by commas: a scheme, a host and a port, with no "
            "path and no wildcard.",
        )
    return origin.removesuffix(DEFAULT_PORTS.get(parts[1], ""))
