"""Rules that compile later build the same URLs as Werkzeug's own, and what may be a page is not taken for a call."""

import subprocess
import sys

import pytest

from wavetank.emulator.patches.gateway_routes import is_call

SAME = """
from werkzeug.routing import Map, Rule

def built():
    rules = [Rule("/a/<int:number>/<path:rest>", endpoint="one"), Rule("/b", endpoint="two", defaults={"x": 1})]
    urls = Map(rules).bind("host", "/")
    made = [urls.build("one", {"number": 7, "rest": "x/y", "more": "1"}) for _ in range(2)]
    made += [urls.build("one", {"number": 7, "rest": "x/y", "more": "1"}, append_unknown=False) for _ in range(2)]
    made += [urls.build("two", {}), urls.match("/a/7/x/y")]
    return made

before = built()
from wavetank.emulator.patches import gateway_routes
own = Rule._compile_builder
gateway_routes.install()
assert Rule._compile_builder is not own
assert built() == before, (built(), before)
"""


def test_a_rule_that_compiles_later_matches_and_builds_what_it_would_have() -> None:
    subprocess.run([sys.executable, "-c", SAME], check=True)


def headers(service: str, host: str = "127.0.0.1:4566") -> dict[str, str]:
    scope = f"AKID/20191124/us-east-1/{service}/aws4_request"
    return {"Host": host, "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"}


@pytest.mark.parametrize(
    ("path", "service"), [("/", "kinesis"), ("/", "sqs"), ("/bucket/_localstack/health", "s3"), ("/", "s3")]
)
def test_what_is_signed_and_for_the_endpoint_itself_is_a_call(path: str, service: str) -> None:
    assert is_call(path, headers(service))
    assert is_call(path, headers(service, "localhost"))
    assert is_call(path, headers(service, "[::1]:4566"))


@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("/", {"Host": "127.0.0.1:4566"}),
        ("/bucket/key", {"Host": "127.0.0.1:4566"}),
        ("/", headers("lambda", "abc.lambda-url.us-east-1.localhost.localstack.cloud:4566")),
        ("/key", headers("s3", "bucket.s3-website.localhost.localstack.cloud:4566")),
        ("/000000000000/queue", headers("sqs")),
        ("/restapis/id/stage/_user_request_/", headers("execute-api")),
        ("/_wavetank/status", headers("lambda")),
    ],
)
def test_what_may_be_a_page_is_looked_for(path: str, given: dict[str, str]) -> None:
    assert not is_call(path, given)
