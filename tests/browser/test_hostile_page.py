"""Hostile pages in a real browser, at a stack: nothing is created, read or invoked, whichever way they try."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import WITHIN_S, Browser
from tests.browser.sites import DOT, SECRET, Hostile, Rebinding, decoy_handler, hostile_handler, page_of, serving
from tests.parity.lambda_kit import ROLE, package, settled
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

NAMES = ("evil.example", "rebind.example", "x.localhost.localstack.cloud")
RESOLVER = "--host-resolver-rules=" + ",".join(f"MAP {name} 127.0.0.1" for name in NAMES)
TARGETS = (
    "http://localhost:{port}",
    "http://127.0.0.1:{port}",
    "http://0.0.0.0:{port}",
    "http://x.localhost.localstack.cloud:{port}",
    "http://evil.example:{port}",
    "https://localhost:{port}",
)
DECOY = "decoy"


@pytest.fixture(scope="module")
def mark(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that is there once the victim was invoked."""
    return tmp_path_factory.mktemp("victim") / "invoked"


@pytest.fixture(scope="module")
def victim(stack: EmbeddedStack, mark: Path) -> Iterator[EmbeddedStack]:
    """A stack with a bucket and a function of known names."""
    s3, functions = stack.client("s3"), stack.client("lambda")
    s3.create_bucket(Bucket="victim")
    s3.put_object(Bucket="victim", Key="data.js", Body=SECRET, ContentType="text/javascript")
    s3.put_object(Bucket="victim", Key="dot.svg", Body=DOT, ContentType="image/svg+xml")
    page = b"<title>still</title><script>document.title = 'ran'</script>"
    s3.put_object(Bucket="victim", Key="page.html", Body=page, ContentType="text/html")
    source = f"def handler(event, context): open({str(mark)!r}, 'w').close()"
    functions.create_function(
        FunctionName="victim",
        Runtime="python3.13",
        Role=ROLE,
        Handler="handler.handler",
        Code={"ZipFile": package(source)},
    )
    settled(stack, "victim")
    yield stack
    functions.delete_function(FunctionName="victim")
    for key in objects(stack):
        s3.delete_object(Bucket="victim", Key=key)
    s3.delete_bucket(Bucket="victim")


def objects(stack: EmbeddedStack) -> set[str]:
    return {item["Key"] for item in stack.client("s3").list_objects_v2(Bucket="victim")["Contents"]}


def created(stack: EmbeddedStack) -> list[str]:
    """What the pages have created, by the names that they give."""
    topics = [topic["TopicArn"] for topic in stack.client("sns").list_topics()["Topics"]]
    return sorted(name for name in (*topics, *objects(stack)) if "pwn-" in name)


def attacked(stack: EmbeddedStack, browser: Browser, heard: list[str]) -> list[dict[str, Any]]:
    """What three pages report that tried everything: of another site, of another port, and of a name that rebinds."""
    hostile, rebinding = Hostile(), Rebinding("/page-rebound", stack.port)
    with serving(hostile_handler(hostile)) as port, serving(decoy_handler(heard)) as decoy:
        urls = [target.format(port=stack.port) for target in TARGETS]
        targets = [
            {"id": DECOY, "url": f"http://localhost:{decoy}"},
            *({"id": url, "url": url} for url in urls),
        ]
        near, rebound = f"http://localhost:{port}/page-near", f"http://rebind.example:{rebinding.port}"
        plan: dict[str, Any] = {"targets": targets, "report": f"http://127.0.0.1:{port}/report"}
        hostile.plans = {
            "/page-far": {**plan, "page": "far", "next": near},
            "/page-near": {**plan, "page": "near", "next": f"{rebound}/page-rebound"},
        }
        own = {**plan, "page": "rebound", "next": None, "targets": [{"id": "own", "url": rebound}]}
        rebinding.page = page_of(own).encode()
        with browser.at(f"http://evil.example:{port}/page-far", RESOLVER):
            reports = [hostile.reports.get(timeout=WITHIN_S) for _ in range(3)]
    rebinding.close()
    return reports


def test_no_page_creates_reads_or_invokes_anything(victim: EmbeddedStack, browser: Browser, mark: Path) -> None:
    """The decoy shows that the browser really sends what the pages try, and that what can be read is noticed."""
    heard: list[str] = []
    reports = attacked(victim, browser, heard)
    assert [report["page"] for report in reports] == ["far", "near", "rebound"]
    reached = "\n".join(heard)
    for report in reports[:2]:
        missing = [way for way in report["ways"] if f"pwn-{report['page']}-{way}-{DECOY}" not in reached]
        assert missing == []
    assert f"pwn-near-serviceworker-{DECOY}" in reached
    leaks = [leak for report in reports for leak in report["leaks"]]
    assert {leak["way"] for leak in leaks if leak["target"] == DECOY} >= {"readscript", "readimage", "readfetch", "xhr"}
    assert [leak for leak in leaks if leak["target"] != DECOY] == []
    assert created(victim) == []
    assert not mark.exists()
    assert victim.control.faults() == []


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_page_that_somebody_put_into_a_bucket_is_shown_and_runs_nothing(
    victim: EmbeddedStack, browser: Browser, host: str
) -> None:
    dom = browser.dom(f"http://{host}:{victim.port}/victim/page.html")
    assert "<title>still</title>" in dom
    assert "<script>" in dom


def test_what_is_typed_is_shown(victim: EmbeddedStack, browser: Browser) -> None:
    assert '"services"' in browser.dom(f"http://localhost:{victim.port}/_localstack/health")


@pytest.mark.parametrize("is_redirected", [False, True], ids=["a link in a mail", "a page that redirects"])
def test_a_link_calls_no_action(victim: EmbeddedStack, browser: Browser, is_redirected: bool) -> None:
    """Typed, opened from a mail, or come to by a redirect of what was typed: it looks the same to a server."""
    link = f"http://localhost:{victim.port}/?Action=CreateTopic&Version=2010-03-31&Name=pwn-link"
    with serving(hostile_handler(Hostile())) as port:
        address = f"http://evil.example:{port}/redirect?to={link.replace('&', '%26')}" if is_redirected else link
        assert "Not let in: " in browser.dom(address, RESOLVER)
    assert created(victim) == []
