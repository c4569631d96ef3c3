"""What tests of the whole share: the pipeline on this worker's stack."""

from collections.abc import Iterator

import pytest

from wavetank.emulator.stack.stack import EmbeddedStack
from wavetank.pipeline.aws import calls
from wavetank.scenarios.site.site import Site


@pytest.fixture(scope="module")
def deployed_site(stack: EmbeddedStack) -> Site:
    """The pipeline, deployed or brought up to date."""
    return Site.deployed_on(stack)


@pytest.fixture
def site(deployed_site: Site) -> Iterator[Site]:
    """The pipeline with an empty data bucket, and without faults when the test is over."""
    deployed_site.settle()
    deployed_site.empty()
    yield deployed_site
    deployed_site.stack.control.clear_faults()


@pytest.fixture
def in_process(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """The site, for handlers that are called in this process."""
    for name, value in {
        "AWS_ENDPOINT_URL": site.stack.endpoint_url,
        "AWS_DEFAULT_REGION": site.stack.region,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "REGISTRY_BUCKET": site.registry_bucket,
    }.items():
        monkeypatch.setenv(name, value)
    for client in (calls.s3, calls.registry_s3, calls.sqs):
        client.cache_clear()
    return site
