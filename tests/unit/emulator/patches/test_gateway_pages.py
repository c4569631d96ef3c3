"""A request that may be for a page is not taken for a call of AWS."""

import pytest

from wavetank.emulator.patches.gateway_pages import is_call


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
