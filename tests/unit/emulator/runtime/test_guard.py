"""The guard: what web pages can make a browser send is not let in; what tools send is, unchanged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavetank.emulator.errors import CallerError
from wavetank.emulator.runtime.guard import ALLOWED_HOSTS, ALLOWED_ORIGINS, IN_CONTAINER, Guard, Header, Reason

HOME = b"127.0.0.1:4566"
CHROME = b"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
EVIL = b"http://evil.example"
APP = b"http://localhost:3000"
STRICT = Guard()
OPENED = Guard(origins=frozenset({APP.decode()}))
CREATE = b"/?Action=CreateStack&StackName=pwn&TemplateBody=%7B%7D"
FUNCTION_HOST = b"abc.lambda-url.us-east-1.localhost.localstack.cloud:4566"

NAMES_LET_IN = [
    b"127.0.0.1",
    b"127.0.0.1:4566",
    b"127.0.0.2:4566",
    b"0.0.0.0:4566",
    b"[::1]:4566",
    b"[::1]",
    b"172.18.0.2:4566",
    b"[fd00::2]:4566",
    b"localhost:4566",
    b"LOCALHOST:4566",
    b"localhost.:4566",
    b"localhost:",
    b"mine.localhost:4566",
    b"localhost.localstack.cloud:4566",
    b"s3.localhost.localstack.cloud:4566",
    b"bucket.with.dots.s3.us-east-1.localhost.localstack.cloud:4566",
    FUNCTION_HOST,
    b"abc.lambda-url.us-east-1.127.0.0.1:4566",
    b"host.docker.internal:4566",
    b"host.containers.internal:4566",
]
NAMES_REFUSED = [
    b"evil.example",
    b"evil.example:4566",
    b"x.s3.evil.example:4566",
    b"evil-localhost.localstack.cloud",
    b"localhost.localstack.cloud.evil.example",
    b"localhost.evil.example",
    b"evillocalhost",
    b"127.0.0.1.evil.example",
    b"evil127.0.0.1.nip.io",
    b"127.0.0.1.nip.io:4566",
    b"localstack.cloud",
    b"app.localstack.cloud",
    b"s3.us-east-1.amazonaws.com",
    b"emulator:4566",
    b"127.0.0.1:4566@evil.example",
    b"evil.example@127.0.0.1:4566",
    b"127.0.0.1, evil.example",
    b"127.0.0.1 evil.example",
    b"localhost/evil",
    b"localhost:4566:80",
    b"localhost:port",
    b"[::1",
    b"[::1].evil.example",
    b"[evil.example]",
    b"[127.0.0.1].localhost.evil",
    b"l\xc3\xb6calhost",
    b"localhost\x00.evil.example",
    b"",
    b":4566",
]

TOOLS: dict[str, list[Header]] = {
    "boto3": [(b"User-Agent", b"Boto3/1.40.0 md/Botocore#1.40.0 ua/2.1"), (b"Authorization", b"AWS4-HMAC-SHA256 x")],
    "aws": [(b"User-Agent", b"aws-cli/2.27.0 md/awscrt#0.26.1 ua/2.1")],
    "curl": [(b"User-Agent", b"curl/8.5.0"), (b"Accept", b"*/*")],
    "nothing": [],
    "Java": [(b"User-Agent", b"aws-sdk-java/2.31.0"), (b"Upgrade", b"h2c"), (b"HTTP2-Settings", b"AAEAAEAAAAIAAAAB")],
    "Node's fetch": [(b"User-Agent", b"node"), (b"accept-language", b"*"), (b"sec-fetch-mode", b"cors")],
    "SDK for JavaScript in Node": [
        (b"x-amz-user-agent", b"aws-sdk-js/3.8"),
        (b"user-agent", b"aws-sdk-js/3.8 md/nodejs"),
    ],
    "a client of WebSockets": [
        (b"Upgrade", b"websocket"),
        (b"Connection", b"Upgrade"),
        (b"Sec-WebSocket-Key", b"x"),
        (b"Sec-WebSocket-Version", b"13"),
        (b"Sec-WebSocket-Extensions", b"permessage-deflate"),
        (b"Sec-WebSocket-Protocol", b"mqtt"),
    ],
}


def fetched(site: bytes, mode: bytes = b"no-cors", *more: Header) -> list[Header]:
    """Headers of a browser that says where a request comes from."""
    return [(b"User-Agent", CHROME), (b"Sec-Fetch-Site", site), (b"Sec-Fetch-Mode", mode), *more]


FROM_PAGES: dict[str, tuple[str, bytes, list[Header]]] = {
    "image without referrer": ("GET", CREATE, fetched(b"cross-site")),
    "image": ("GET", CREATE, fetched(b"cross-site", b"no-cors", (b"Referer", EVIL + b"/"))),
    "image of another port": ("GET", CREATE, fetched(b"same-site")),
    "image of the stack's own page": ("GET", CREATE, fetched(b"same-origin")),
    "navigation": ("GET", CREATE, fetched(b"cross-site", b"navigate", (b"Sec-Fetch-Dest", b"document"))),
    "frame": ("GET", b"/bucket/key", fetched(b"cross-site", b"navigate", (b"Sec-Fetch-Dest", b"iframe"))),
    "form": ("POST", b"/bucket", fetched(b"cross-site", b"navigate", (b"Origin", EVIL))),
    "form of a sandboxed frame": ("POST", b"/bucket", fetched(b"cross-site", b"navigate", (b"Origin", b"null"))),
    "fetch": ("POST", b"/bucket?delete", fetched(b"cross-site", b"no-cors", (b"Origin", EVIL))),
    "beacon of another port": ("POST", b"/", fetched(b"same-site", b"no-cors", (b"Origin", b"http://localhost:8000"))),
    "preflight": ("OPTIONS", b"/", fetched(b"cross-site", b"cors", (b"Origin", EVIL))),
    "preflight of private network access": (
        "OPTIONS", b"/", [(b"Origin", EVIL), (b"Access-Control-Request-Private-Network", b"true")],
    ),
    "WebSocket": ("GET", b"/", [(b"User-Agent", CHROME), (b"Origin", EVIL), (b"Upgrade", b"websocket")]),
    "event source": ("GET", b"/_wavetank/activity", fetched(b"cross-site", b"cors", (b"Origin", EVIL))),
    "service worker": ("GET", b"/b/sw.js", fetched(b"same-origin", b"same-origin", (b"Service-Worker", b"script"))),
    "page of the stack": ("POST", b"/", fetched(b"same-origin", b"cors", (b"Origin", b"http://" + HOME))),
    "web application of LocalStack": ("POST", b"/", [(b"Origin", b"https://app.localstack.cloud")]),
    "page of localhost over TLS": ("POST", b"/", [(b"Origin", b"https://localhost")]),
    "file": ("POST", b"/", [(b"Origin", b"file://")]),
    "website in a bucket": ("POST", b"/", [(b"Origin", b"http://b.s3-website.localhost.localstack.cloud:4566")]),
    "origin by regular expression": ("POST", b"/", [(b"Origin", b"http://evil.example/.s3-website.localhost:4566")]),
    "browser that does not tell": ("GET", CREATE, [(b"User-Agent", CHROME), (b"Accept", b"image/*")]),
    "older browser with a referrer": ("GET", CREATE, [(b"User-Agent", CHROME), (b"Referer", EVIL + b"/")]),
    "rebound page": ("GET", b"/_wavetank/status", [(b"User-Agent", CHROME), (b"Referer", b"http://localhost:4566/")]),
    "referrer alone": ("GET", CREATE, [(b"Referer", EVIL + b"/x")]),
    "extension": ("GET", b"/", fetched(b"none", b"cors")),
    "two sites": ("GET", b"/", [*fetched(b"none", b"navigate"), (b"Sec-Fetch-Site", b"cross-site")]),
    "site unheard of": ("GET", b"/", fetched(b"neighbour", b"navigate")),
    "two origins": ("POST", b"/", [(b"Origin", APP), (b"Origin", EVIL)]),
    "link in a mail to an action": ("GET", CREATE, fetched(b"none", b"navigate")),
    "link to an escaped action": ("GET", b"/?Version=1&%41ction=Publish", fetched(b"none", b"navigate")),
    "link to an action of a queue": ("GET", b"/000000000000/q?Action=SendMessage", fetched(b"none", b"navigate")),
    "form that is sent again": ("POST", b"/", fetched(b"none", b"navigate")),
    "client hints alone": ("GET", b"/", [(b"Sec-CH-UA", b'"Chromium"')]),
}  # fmt: skip


def reason(guard: Guard, method: str, target: bytes, headers: list[Header], host: bytes = HOME) -> Reason | None:
    denial = guard.judge(method, target, [(b"Host", host), *headers])
    return None if denial is None else denial.reason


@pytest.mark.parametrize("host", NAMES_LET_IN)
@pytest.mark.parametrize("tool", TOOLS)
def test_what_tools_send_is_let_in_under_each_name_of_the_stack(host: bytes, tool: str) -> None:
    for method in ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"):
        assert reason(STRICT, method, CREATE, TOOLS[tool], host) is None
        assert reason(STRICT, method, b"http://" + host + b"/x?y=://evil.example", TOOLS[tool], host) is None


@pytest.mark.parametrize("host", NAMES_REFUSED)
@pytest.mark.parametrize("tool", ["curl", "nothing"])
def test_other_names_are_refused_as_host_and_in_the_target(host: bytes, tool: str) -> None:
    assert reason(STRICT, "GET", b"/", TOOLS[tool], host) is Reason.HOST
    if b"/" not in host:
        assert reason(STRICT, "GET", b"http://" + host + b"/", TOOLS[tool]) is Reason.HOST
        assert reason(STRICT, "CONNECT", host, TOOLS[tool]) is Reason.HOST


@pytest.mark.parametrize("hosts", [[], [HOME, HOME], [HOME, b"evil.example"]])
def test_there_has_to_be_one_host(hosts: list[bytes]) -> None:
    denial = STRICT.judge("GET", b"/", [(name, host) for name, host in zip((b"host", b"HOST"), hosts, strict=False)])
    assert denial is not None
    assert (denial.reason, denial.status) == (Reason.INVALID_HOST, 400)


def test_the_host_of_options_for_the_whole_server_is_the_header_alone() -> None:
    assert reason(STRICT, "OPTIONS", b"*", []) is None


@pytest.mark.parametrize("page", FROM_PAGES)
@pytest.mark.parametrize("guard", [STRICT, OPENED], ids=["strict", "with another origin allowed"])
def test_what_pages_send_is_refused(page: str, guard: Guard) -> None:
    denied = reason(guard, *FROM_PAGES[page])
    assert denied not in (None, Reason.HOST, Reason.INVALID_HOST)


@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"]),
    target=st.sampled_from([b"/", CREATE, b"/bucket/key", b"/_wavetank/reset", b"http://127.0.0.1/x"]),
    host=st.sampled_from(NAMES_LET_IN),
    origin=st.none() | st.sampled_from([EVIL, b"null", b"http://" + HOME, b"http://localhost:8000"]) | st.binary(),
    site=st.sampled_from([None, b"cross-site", b"same-site", b"same-origin"]) | st.binary(min_size=1, max_size=9),
    more=st.lists(st.tuples(st.sampled_from([b"X-A", b"Accept", b"Sec-Fetch-Dest"]), st.binary(max_size=9))),
)
def test_no_browser_is_let_in_but_by_its_address_bar(
    method: str, target: bytes, host: bytes, origin: bytes | None, site: bytes | None, more: list[Header]
) -> None:
    """Whatever else a request carries: the browser's name suffices, and so does either of what it tells."""
    told = [(b"Origin", origin)] if origin is not None else []
    told += [(b"Sec-Fetch-Site", site)] if site is not None else []
    for headers in ([(b"User-Agent", CHROME), *told], told):
        if headers:
            assert reason(STRICT, method, target, [*more, *headers], host) is not None


@given(
    labels=st.lists(st.text("abcz019-", min_size=1, max_size=9) | st.sampled_from(["localhost", "127"]), max_size=4),
    domain=st.sampled_from(["com", "localstack.cloud", "evil.example", "localhost.localstack.cloud.evil.example"]),
    port=st.sampled_from(["", ":", ":80", ":4566"]),
)
def test_a_name_that_somebody_can_register_is_never_the_stacks(labels: list[str], domain: str, port: str) -> None:
    if domain != "localstack.cloud" or "localhost" not in labels[-1:]:
        assert reason(STRICT, "GET", b"/", [], ".".join([*labels, domain]).encode() + port.encode()) is Reason.HOST


@given(host=st.binary(max_size=40), target=st.binary(max_size=40), value=st.binary(max_size=40))
def test_whatever_the_head_holds_is_answered(host: bytes, target: bytes, value: bytes) -> None:
    STRICT.judge("GET", target, [(b"Host", host), (b"Origin", value)])
    STRICT.judge("GET", target, [(b"Host", HOME), (b"Sec-Fetch-Site", b"same-site"), (b"Referer", value)])
    STRICT.judge("GET", target, [(b"Host", HOME), (b"Sec-Fetch-Site", b"none"), (b"Sec-Fetch-Mode", b"navigate")])


@pytest.mark.parametrize("target", [b"/_localstack/health", b"/_wavetank/status", b"/bucket/page.html?versionId=1"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_is_typed_into_the_address_bar_is_let_in_to_read(method: str, target: bytes) -> None:
    assert reason(STRICT, method, target, fetched(b"none", b"navigate", (b"Upgrade-Insecure-Requests", b"1"))) is None


def test_a_link_runs_no_function() -> None:
    assert reason(STRICT, "GET", b"/", fetched(b"none", b"navigate"), FUNCTION_HOST) is Reason.NAVIGATION


def test_pages_of_an_allowed_origin_are_let_in_and_no_others() -> None:
    cors = fetched(b"same-site", b"cors", (b"Origin", APP))
    assert reason(OPENED, "POST", CREATE, cors) is None
    assert reason(OPENED, "OPTIONS", b"/", [(b"User-Agent", CHROME), (b"Origin", APP)]) is None
    assert reason(OPENED, "POST", b"/", cors, b"evil.example") is Reason.HOST
    for other in (
        EVIL,
        b"null",
        APP + b"0",
        APP + b"/",
        b"https://localhost:3000",
        b"http://localhost",
        b"http://LOCALHOST:3000",
    ):
        assert reason(OPENED, "POST", b"/", fetched(b"same-site", b"cors", (b"Origin", other))) is Reason.ORIGIN


def test_images_and_links_of_an_allowed_page_read_and_do_nothing_else() -> None:
    shown = fetched(b"same-site", b"no-cors", (b"Referer", APP + b"/gallery?x"))
    assert reason(OPENED, "GET", b"/bucket/picture.png?X-Amz-Signature=x", shown) is None
    assert reason(OPENED, "GET", CREATE, shown) is Reason.CROSS_SITE
    assert reason(OPENED, "GET", b"/", shown, FUNCTION_HOST) is Reason.CROSS_SITE
    assert reason(OPENED, "POST", b"/bucket", shown) is Reason.CROSS_SITE
    assert reason(STRICT, "GET", b"/bucket/picture.png", shown) is Reason.CROSS_SITE


def test_a_picture_that_redirects_is_not_taken_for_the_allowed_pages_own() -> None:
    """The referrer stays that of the page; the site counts every address on the way (Fetch Metadata, 2.3)."""
    redirected = fetched(b"cross-site", b"no-cors", (b"Referer", APP + b"/"))
    assert reason(OPENED, "GET", b"/bucket/picture.png", redirected) is Reason.CROSS_SITE


def test_in_a_container_the_names_that_docker_gives_are_the_stacks() -> None:
    contained = Guard.configured({IN_CONTAINER: "1"})
    for host in (b"emulator:4566", b"0f3a9c1d2e4b:4566", b"project_emulator_1"):
        assert reason(contained, "GET", b"/", [], host) is None
        assert reason(contained, "GET", b"/", [(b"User-Agent", CHROME)], host) is Reason.UNTOLD
    assert reason(contained, "GET", b"/", [], b"emulator.evil.example:4566") is Reason.HOST


def test_hosts_and_origins_are_taken_from_the_environment() -> None:
    guard = Guard.configured(
        {ALLOWED_HOSTS: "Stack.test, *.aws.test,", ALLOWED_ORIGINS: " HTTP://App.test:80 ,https://x.test:8443"}
    )
    assert guard.hosts == {"stack.test", "*.aws.test"}
    assert guard.origins == {"http://app.test", "https://x.test:8443"}
    for host in (b"stack.test:4566", b"STACK.TEST", b"s3.eu.aws.test"):
        assert reason(guard, "GET", b"/", [], host) is None
    for host in (b"a.stack.test", b"aws.test", b"evilaws.test"):
        assert reason(guard, "GET", b"/", [], host) is Reason.HOST


@pytest.mark.parametrize(
    ("name", "value"),
    [(ALLOWED_HOSTS, host) for host in ("*", "http://stack.test", "stack.test:4566", "a b", "*.*.test", "a..b")]
    + [
        (ALLOWED_ORIGINS, origin)
        for origin in (
            "*",
            "null",
            "localhost:3000",
            "http://*.test",
            "http://x.test/",
            "http://x.test:port",
            "file://",
        )
    ],
)
def test_a_setting_that_makes_no_sense_is_told_with_what_it_takes(name: str, value: str) -> None:
    with pytest.raises(CallerError) as refused:
        Guard.configured({name: f"127.0.0.1,{value}" if name == ALLOWED_HOSTS else f"http://a.test,{value}"})
    assert repr(value) in refused.value.message
    assert name in refused.value.message
    assert refused.value.remedy


def test_a_refusal_tells_what_was_refused_and_the_way_out() -> None:
    for page, setting in (((b"Host", b"evil.example"), ALLOWED_HOSTS), ((b"Origin", EVIL), ALLOWED_ORIGINS)):
        headers = [page] if page[0] == b"Host" else [(b"Host", HOME), page]
        denial = STRICT.judge("GET", b"/", headers)
        assert denial is not None
        assert setting in denial.message
        assert "evil.example" in denial.message
