"""A stack that allows an origin: its pages use CORS as on AWS, and those of others nothing."""

import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.parity.lambda_kit import ROLE, package, settled
from tests.parity.wires import Ask, Header, Wire, send
from wavetank.emulator.errors import CallerError
from wavetank.emulator.runtime.guard import ALLOWED_HOSTS, ALLOWED_ORIGINS
from wavetank.emulator.stack.home import Home
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

APP = "http://localhost:3000"
CHROME = ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36")
CORS = [CHROME, ("Origin", APP), ("Sec-Fetch-Site", "same-site"), ("Sec-Fetch-Mode", "cors")]
PICTURE = [CHROME, ("Referer", f"{APP}/"), ("Sec-Fetch-Site", "same-site"), ("Sec-Fetch-Mode", "no-cors")]
OTHERS = ("http://evil.example", "https://app.localstack.cloud", "https://localhost", "null")
BUCKET = "opened"
LIST_STREAMS = ("X-Amz-Target", "Kinesis_20131202.ListStreams")
PLAIN_OR_HTTP_2 = pytest.mark.parametrize("wire", [Wire.PLAIN, Wire.HTTP_2])


@pytest.fixture(scope="module")
def opened(home: Home) -> Iterator[EmbeddedStack]:
    """A stack of this module's own, with an allowed origin, an allowed name, and an object."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(ALLOWED_ORIGINS, APP)
        patch.setenv(ALLOWED_HOSTS, "stack.test")
        stack = EmbeddedStack.up(home=home)
    with stack:
        s3 = stack.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        s3.put_object(Bucket=BUCKET, Key="kept", Body=b"kept")
        yield stack


@pytest.fixture(scope="module")
def function_host(opened: EmbeddedStack) -> str:
    """The host of a function's URL."""
    functions = opened.client("lambda")
    code = {
        "ZipFile": package("def handler(event, context): return {'body': event['requestContext']['http']['method']}")
    }
    functions.create_function(
        FunctionName="opened", Runtime="python3.13", Role=ROLE, Handler="handler.handler", Code=code
    )
    settled(opened, "opened")
    made = functions.create_function_url_config(FunctionName="opened", AuthType="NONE")
    return urlsplit(str(made["FunctionUrl"])).netloc


def at(stack: EmbeddedStack, name: str = "localhost") -> Header:
    return ("Host", f"{name}:{stack.port}")


def preflight(method: str, *headers: str) -> list[Header]:
    wanted = [("Access-Control-Request-Headers", ",".join(headers))] if headers else []
    return [*CORS, ("Access-Control-Request-Method", method), *wanted]


@PLAIN_OR_HTTP_2
@pytest.mark.parametrize(
    ("target", "method", "headers"),
    [
        ("/2015-03-31/functions/f/invocations", "POST", ["content-type", "x-amz-log-type"]),
        ("/", "POST", ["authorization", "content-type", "x-amz-target", "x-amz-date"]),
        ("/_wavetank/clock", "POST", ["content-type"]),
        (f"/{BUCKET}/new", "PUT", ["content-type"]),
    ],
)
def test_a_preflight_is_answered(
    opened: EmbeddedStack, wire: Wire, target: str, method: str, headers: list[str]
) -> None:
    asked = [at(opened), *preflight(method, *headers), ("Access-Control-Request-Private-Network", "true")]
    answer = send(opened.port, wire, Ask("OPTIONS", target, asked))
    assert answer.status in {200, 204}
    assert answer.headers["access-control-allow-origin"] == APP
    assert method in answer.headers["access-control-allow-methods"]
    allowed = {name.strip().lower() for name in answer.headers["access-control-allow-headers"].split(",")}
    assert set(headers) <= allowed
    assert answer.headers["access-control-allow-private-network"] == "true"


@PLAIN_OR_HTTP_2
def test_a_page_reads_and_writes_objects_and_queries_services(opened: EmbeddedStack, wire: Wire) -> None:
    url = opened.client("s3").generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "kept"})
    signed = f"{urlsplit(url).path}?{urlsplit(url).query}"
    for ask in (
        Ask("GET", signed, [at(opened), *CORS]),
        Ask("PUT", f"/{BUCKET}/written", [at(opened), *CORS], b"x"),
        Ask("POST", "/", [at(opened), *CORS, LIST_STREAMS, ("Content-Type", "application/x-amz-json-1.1")], b"{}"),
        Ask("GET", "/_wavetank/status", [at(opened), *CORS]),
    ):
        answer = send(opened.port, wire, ask)
        assert answer.status == 200, answer
        assert answer.headers["access-control-allow-origin"] == APP
    picture = send(opened.port, wire, Ask("GET", signed, [at(opened), *PICTURE]))
    assert (picture.status, picture.body) == (200, b"kept")


@PLAIN_OR_HTTP_2
def test_a_page_calls_a_functions_url(opened: EmbeddedStack, wire: Wire, function_host: str) -> None:
    host = ("Host", function_host)
    before = send(opened.port, wire, Ask("OPTIONS", "/", [host, *preflight("POST", "content-type")]))
    assert before.headers["access-control-allow-origin"] == APP
    called = send(opened.port, wire, Ask("POST", "/", [host, *CORS, ("Content-Type", "application/json")], b"{}"))
    assert (called.status, called.body) == (200, b"POST")
    assert called.headers["access-control-allow-origin"] == APP


@PLAIN_OR_HTTP_2
@pytest.mark.parametrize("origin", OTHERS)
def test_pages_of_other_origins_are_refused_as_ever(opened: EmbeddedStack, wire: Wire, origin: str) -> None:
    for ask in (
        Ask("GET", f"/{BUCKET}/kept", [at(opened), ("Origin", origin)]),
        Ask("OPTIONS", "/", [at(opened), ("Origin", origin), ("Access-Control-Request-Method", "POST")]),
    ):
        answer = send(opened.port, wire, ask)
        assert json.loads(answer.body)["error"]["code"] == "OriginNotAllowed"
        assert "access-control-allow-origin" not in answer.headers


@PLAIN_OR_HTTP_2
def test_a_name_that_was_allowed_is_one_of_the_stacks(opened: EmbeddedStack, wire: Wire) -> None:
    assert send(opened.port, wire, Ask("GET", "/_wavetank/status", [at(opened, "stack.test")])).status == 200
    assert send(opened.port, wire, Ask("GET", "/_wavetank/status", [at(opened, "other.test")])).status == 403


def test_a_setting_that_makes_no_sense_is_told_before_anything_is_started(
    own_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ALLOWED_ORIGINS, "*")
    with pytest.raises(CallerError, match=ALLOWED_ORIGINS):
        EmbeddedStack.up(home=own_home)
    assert list(own_home.ports()) == []
