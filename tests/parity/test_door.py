"""Requests that web pages can have sent reach nothing on a stack, over whichever protocol; those of tools do."""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.parity.lambda_kit import ROLE, Deploy
from tests.parity.wires import Answer, Ask, Header, Wire, send
from wavetank.emulator.serving.refusals import LINES
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
EVIL = ("Origin", "http://evil.example")
IMAGE = [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "no-cors"), ("Sec-Fetch-Dest", "image")]
TYPED = [("Sec-Fetch-Site", "none"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")]
BOUNDARY = "b0undary"
FORM = ("Content-Type", f"multipart/form-data; boundary={BOUNDARY}")
PLAIN_TEXT = ("Content-Type", "text/plain")
KEPT = b"kept"
SCRIPT = b"<script>document.title = 'run'</script>"
WIRES = pytest.mark.parametrize("wire", Wire)


@pytest.fixture(scope="module")
def bucket(stack: EmbeddedStack) -> Iterator[str]:
    """A bucket of a known name, with an object and a page in it."""
    name, s3 = f"known-{uuid.uuid4().hex[:8]}", stack.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="kept", Body=KEPT)
    s3.put_object(Bucket=name, Key="page.html", Body=SCRIPT, ContentType="text/html")
    yield name
    for key in contents(stack, name):
        s3.delete_object(Bucket=name, Key=key)
    s3.delete_bucket(Bucket=name)


@pytest.fixture(scope="module")
def queue(stack: EmbeddedStack) -> Iterator[str]:
    """The URL of an empty queue."""
    sqs = stack.client("sqs")
    url = sqs.create_queue(QueueName=f"known-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    yield str(url)
    sqs.delete_queue(QueueUrl=url)


def contents(stack: EmbeddedStack, bucket: str) -> dict[str, bytes]:
    s3 = stack.client("s3")
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
    return {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}


def at(stack: EmbeddedStack, name: str = "localhost") -> Header:
    return ("Host", f"{name}:{stack.port}")


def form(**fields: str) -> bytes:
    parts = [f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"' for name in fields]
    return "\r\n".join([f"{part}\r\n\r\n{fields[name]}" for part, name in zip(parts, fields, strict=True)]).encode() + (
        f"\r\n--{BOUNDARY}--\r\n".encode()
    )


def code_of(answer: Answer) -> str:
    """The code of a refusal, which is all there is to the answer."""
    assert answer.status == 403, answer
    assert "access-control-allow-origin" not in answer.headers
    return str(json.loads(answer.body)["error"]["code"])


def pwned(topic: str, marker: Path) -> dict[str, Any]:
    """A template whose function leaves a mark when something is published."""
    source = f"def handler(event, context): open({str(marker)!r}, 'w').close()"
    function, publish = {"Fn::GetAtt": ["F", "Arn"]}, {"Ref": "T"}
    code = {"Runtime": "python3.13", "Handler": "index.handler", "Role": ROLE, "Code": {"ZipFile": source}}
    subscription = {"Protocol": "lambda", "TopicArn": publish, "Endpoint": function}
    return {
        "Resources": {
            "F": {"Type": "AWS::Lambda::Function", "Properties": code},
            "T": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": topic}},
            "S": {"Type": "AWS::SNS::Subscription", "Properties": subscription},
        }
    }


@WIRES
def test_an_image_creates_no_stack_and_publishes_nothing(stack: EmbeddedStack, wire: Wire, tmp_path: Path) -> None:
    name = f"pwn-{uuid.uuid4().hex[:8]}"
    template = json.dumps(pwned(name, tmp_path / "run"), separators=(",", ":"))
    create = {"Action": "CreateStack", "Version": "2010-05-15", "StackName": name, "TemplateBody": template}
    topic = f"arn:aws:sns:us-east-1:000000000000:{name}"
    publish = {"Action": "Publish", "Version": "2010-03-31", "TopicArn": topic, "Message": "x"}
    for call in (create, publish):
        for headers in (IMAGE, TYPED, [("User-Agent", CHROME)]):
            answer = send(stack.port, wire, Ask("GET", f"/?{urlencode(call)}", [at(stack), *headers]))
            assert code_of(answer) in {"CrossSiteRequest", "NavigationNotReading", "BrowserOfUnknownOrigin"}
    stacks = stack.client("cloudformation").list_stacks()["StackSummaries"]
    assert name not in {each["StackName"] for each in stacks}
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("wire", [Wire.PLAIN, Wire.HTTP_2])
@pytest.mark.parametrize("host", ["0.0.0.0", "x.localhost.localstack.cloud"])
def test_a_page_gets_nowhere_by_an_address_to_which_browsers_tell_nothing(
    stack: EmbeddedStack, wire: Wire, host: str
) -> None:
    call = f"/?Action=CreateTopic&Version=2010-03-31&Name=pwn-{uuid.uuid4().hex[:8]}"
    answer = send(stack.port, wire, Ask("GET", call, [at(stack, host), ("User-Agent", CHROME), ("Accept", "image/*")]))
    assert code_of(answer) == "BrowserOfUnknownOrigin"
    assert call.rpartition("=")[2] not in str(stack.client("sns").list_topics()["Topics"])


@WIRES
@pytest.mark.parametrize("origin", ["http://evil.example", "null", "own"])
def test_no_page_writes_to_a_bucket_not_even_one_of_the_stacks_own_origin(
    stack: EmbeddedStack, wire: Wire, bucket: str, origin: str
) -> None:
    scheme = "https" if wire in (Wire.TLS, Wire.HTTP_2_TLS) else "http"
    told = ("Origin", f"{scheme}://localhost:{stack.port}" if origin == "own" else origin)
    upload = form(key="chain.html", **{"Content-Type": "text/html"}, file="<script>")
    doom = b"<Delete><Object><Key>kept</Key></Object></Delete>"
    for ask in (
        Ask("POST", f"/{bucket}", [at(stack), told, FORM], upload),
        Ask("POST", f"/{bucket}", [at(stack), told, FORM], form(key="kept", file="HACKED")),
        Ask("POST", f"/{bucket}?delete", [at(stack), told, PLAIN_TEXT], doom),
        Ask("PUT", f"/{bucket}/kept", [at(stack), told], b"HACKED"),
        Ask("OPTIONS", f"/{bucket}/kept", [at(stack), told, ("Access-Control-Request-Method", "PUT")]),
        Ask("POST", f"http://localhost:{stack.port}/{bucket}", [at(stack), told, FORM], upload)
        if wire in (Wire.PLAIN, Wire.TLS)
        else Ask("GET", f"/{bucket}/kept", [at(stack), told]),
    ):
        assert code_of(send(stack.port, wire, ask)) == "OriginNotAllowed"
    assert contents(stack, bucket) == {"kept": KEPT, "page.html": SCRIPT}


@WIRES
def test_a_page_of_the_stacks_own_origin_deploys_no_function(stack: EmbeddedStack, wire: Wire) -> None:
    create = json.dumps({"FunctionName": "pwn", "Role": ROLE, "Code": {"ZipFile": ""}}).encode()
    own = [at(stack), ("Origin", f"http://localhost:{stack.port}"), ("Sec-Fetch-Site", "same-origin"), PLAIN_TEXT]
    for target in ("/2015-03-31/functions", "/2015-03-31/functions/pwn/invocations"):
        assert code_of(send(stack.port, wire, Ask("POST", target, own, create))) == "OriginNotAllowed"
    without_origin = [at(stack), ("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Mode", "cors")]
    answer = send(stack.port, wire, Ask("GET", "/2015-03-31/functions/", without_origin))
    assert code_of(answer) == "CrossSiteRequest"


@WIRES
@pytest.mark.parametrize("host", ["x.s3.evil.example", "x.s3.localhost.localstack.cloud", "evil.example"])
def test_no_host_opens_the_control_api_to_pages(stack: EmbeddedStack, wire: Wire, host: str, queue: str) -> None:
    fault = json.dumps({"point": "s3.notification", "action": "drop"}).encode()
    message = urlencode({"Action": "SendMessage", "MessageBody": "x", "Version": "2012-11-05"}).encode()
    asks = [
        Ask("POST", "/_wavetank/faults", [at(stack, host), EVIL, PLAIN_TEXT], fault),
        Ask("POST", "/_wavetank/reset", [at(stack, host), EVIL, PLAIN_TEXT], b"{}"),
        Ask("POST", "/_wavetank/clock", [at(stack, host), EVIL, PLAIN_TEXT], b'{"advance_s": 3600}'),
        Ask("GET", "/_wavetank/status", [at(stack, host), EVIL]),
        Ask("GET", "/_localstack/health", [at(stack, host), EVIL]),
        Ask("POST", f"/queue/us-east-1/000000000000/{queue.rpartition('/')[2]}", [at(stack, host), EVIL], message),
        Ask("GET", f"/_aws/sqs/messages?QueueUrl={queue}", [at(stack, host), EVIL]),
    ]
    for ask in asks:
        assert code_of(send(stack.port, wire, ask)) in {"OriginNotAllowed", "HostNotAllowed"}
    assert stack.control.faults() == []
    assert "Messages" not in stack.client("sqs").receive_message(QueueUrl=queue)


@WIRES
@pytest.mark.parametrize(
    "target", ["/_wavetank/status", "/_wavetank/kinesis/state", "/2015-03-31/functions/", "/", "/_localstack/health"]
)
def test_a_name_that_was_made_to_resolve_to_loopback_reads_nothing(
    stack: EmbeddedStack, wire: Wire, target: str
) -> None:
    for headers in ([], [("User-Agent", CHROME)]):
        answer = send(stack.port, wire, Ask("GET", target, [at(stack, "evil.example"), *headers]))
        assert code_of(answer) == "HostNotAllowed"


@WIRES
@pytest.mark.parametrize("expect", [[], [("Expect", "100-continue")]], ids=["at once", "when told to"])
def test_the_refusal_comes_before_the_body_which_nobody_is_told_to_send(
    stack: EmbeddedStack, wire: Wire, expect: list[Header]
) -> None:
    """`wires` takes a first answer of 100 for no answer, and waits for one in vain if the body has to come first."""
    ask = Ask("PUT", "/known/kept", [at(stack), EVIL, *expect], bytes(10_000), is_cut=True)
    assert code_of(send(stack.port, wire, ask)) == "OriginNotAllowed"


@pytest.mark.parametrize("wire", [Wire.PLAIN, Wire.TLS])
@pytest.mark.parametrize("from_where", [[EVIL], [("Origin", "null")], [("User-Agent", CHROME), EVIL]])
def test_a_websocket_of_a_page_is_not_opened(stack: EmbeddedStack, wire: Wire, from_where: list[Header]) -> None:
    upgrade = [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")]
    key = ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
    answer = send(stack.port, wire, Ask("GET", "/_wavetank/status", [at(stack), *upgrade, key, *from_where]))
    assert code_of(answer) == "OriginNotAllowed"


@WIRES
def test_a_connection_goes_on_to_serve_others_after_a_refusal(stack: EmbeddedStack, wire: Wire) -> None:
    for _ in range(5):
        assert send(stack.port, wire, Ask("POST", "/", [at(stack), EVIL], bytes(60_000))).status == 403
    assert send(stack.port, wire, Ask("GET", "/_wavetank/status", [at(stack)])).status == 200


@WIRES
@pytest.mark.parametrize("target", ["/_localstack/health", "/_wavetank/status", "page"])
def test_what_is_typed_is_shown_without_scripts(stack: EmbeddedStack, wire: Wire, bucket: str, target: str) -> None:
    path = f"/{bucket}/page.html" if target == "page" else target
    answer = send(stack.port, wire, Ask("GET", path, [at(stack), ("User-Agent", CHROME), *TYPED]))
    assert answer.status == 200
    assert answer.headers["content-security-policy"] == "sandbox"
    assert answer.headers["x-content-type-options"] == "nosniff"
    without = send(stack.port, wire, Ask("GET", path, [at(stack), ("User-Agent", "Boto3/1.40")]))
    assert without.status == 200
    assert not {"content-security-policy", "x-content-type-options"} & without.headers.keys()


def test_a_link_in_a_mail_invokes_no_function(stack: EmbeddedStack, deploy: Deploy, tmp_path: Path) -> None:
    mark = tmp_path / "run"
    name = deploy(f"def handler(event, context): open({str(mark)!r}, 'w').close()")
    stack.client("lambda").create_function_url_config(FunctionName=name, AuthType="NONE")
    url = stack.client("lambda").get_function_url_config(FunctionName=name)["FunctionUrl"]
    host = ("Host", url.split("/")[2])
    refused = send(stack.port, Wire.PLAIN, Ask("GET", "/", [host, ("User-Agent", CHROME), *TYPED]))
    assert code_of(refused) == "NavigationNotReading"
    assert not mark.exists()
    assert send(stack.port, Wire.PLAIN, Ask("GET", "/", [host, ("User-Agent", "curl/8.5")])).status == 200
    assert mark.exists()


def test_the_log_tells_of_refusals_and_is_not_flooded_with_them(stack: EmbeddedStack) -> None:
    where = f"/{uuid.uuid4().hex}"
    for _ in range(5 * LINES):
        send(stack.port, Wire.PLAIN, Ask("POST", where, [at(stack), EVIL]))
    log = stack.folder.log.read_text()
    assert "not let in (" in log
    assert log.count(where) <= 3 * LINES
