"""What tests of the whole share: the pipeline on this worker's stack."""

from collections.abc import Iterator

import pytest

from wavetank.emulator.stack.stack import EmbeddedStack
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
