"""Which URLs a delivery stream posts to."""

import pytest

from wavetank.emulator.firehose.core.endpoint_url import EndpointUrl, UrlError


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("https://example.com", (True, "example.com", 443, "/")),
        ("https://example.com:443/a/b?c=%20d", (True, "example.com", 443, "/a/b?c=%20d")),
        ("http://localhost:8080/", (False, "localhost", 8080, "/")),
        ("http://127.0.0.1", (False, "127.0.0.1", 80, "/")),
        ("http://[::1]:9/", (False, "::1", 9, "/")),
        ("http://collector:8080/", (False, "collector", 8080, "/")),
        ("http://172.18.0.3/", (False, "172.18.0.3", 80, "/")),
        ("http://a.localhost.localstack.cloud:4566/", (False, "a.localhost.localstack.cloud", 4566, "/")),
        ("https://localhost:8443/x", (True, "localhost", 8443, "/x")),
    ],
)
def test_https_is_taken_and_plain_http_to_what_is_near(text: str, parts: tuple[bool, str, int, str]) -> None:
    url = EndpointUrl.parse(text)
    assert (url.secure, url.host, url.port, url.target) == parts
    assert EndpointUrl.parse(str(url)) == url


@pytest.mark.parametrize(
    "text",
    [
        "http://example.com/",
        "https://example.com:8443/",
        "http://169.254.169.254/latest/meta-data/",
        "http://2852039166/",
        "http://0xa9fea9fe/",
        "http://0.0.0.0/",
        "http://[fe80::1]/",
        "http://user:password@localhost/",
        "http://localhost/#part",
        "http://localhost:port/",
        "http://localhost:65536/",
        "http:///path",
        "ftp://localhost/",
        "https://example.com/a b",
        "https://example.com/\r\nHost: other",
        "https://ex\u00e4mple.com/",
        "localhost",
        "",
    ],
)
def test_every_other_url_is_refused(text: str) -> None:
    with pytest.raises(UrlError):
        EndpointUrl.parse(text)
