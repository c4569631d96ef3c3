"""`wavetank limits` as a user types it: told, exceeded, enforced and let go of."""

from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from tests.e2e.commands import wavetank
from wavetank.emulator.errors import ControlRefused
from wavetank.scenarios.cli import app
from wavetank.scenarios.site.site import Site

pytestmark = pytest.mark.stack


@pytest.fixture(autouse=True)
def _released(site: Site) -> Iterator[None]:
    yield
    site.stack.control.release_limits()


def test_a_load_that_fits_is_exit_code_0_and_the_limits_are_told(site: Site) -> None:
    ran = wavetank(site.stack.endpoint_url, "limits", "--events-per-s", "50", "--json")
    assert ran.exit_code == 0
    limits = ran.document["limits"]
    assert not any(limit["exceeded"] for limit in limits)
    assert {"shard-records-in", "account-concurrency", "template-resources"} <= {limit["quota"] for limit in limits}
    loads = [each["bites_at"] for each in ran.document["first"]]
    assert loads == sorted(loads)


def test_a_load_that_exceeds_a_limit_is_exit_code_1_and_says_what_helps(site: Site) -> None:
    ran = wavetank(site.stack.endpoint_url, "limits", "--events-per-s", "100000")
    assert ran.exit_code == 1
    assert "exceeded: shard-records-in" in ran.stdout
    assert "stream.shards" in ran.stdout


def test_a_quota_of_ones_own_account_counts(site: Site) -> None:
    def exceeded(*options: str) -> set[str]:
        ran = wavetank(site.stack.endpoint_url, "limits", *options, "--json")
        found = {limit["quota"] for limit in ran.document["limits"] if limit["exceeded"]}
        assert ran.exit_code == (1 if found else 0)
        return found

    assert exceeded("--quota", "account-concurrency=10") == exceeded() | {"account-concurrency"}
    assert "account-concurrency" not in exceeded()


def test_a_limit_is_enforced_told_and_let_go_of(site: Site) -> None:
    url = site.stack.endpoint_url
    ran = wavetank(url, "limits", "--enforce", "account-concurrency=20", "--enforce", "shard-limits")
    assert ran.exit_code == 0
    assert ran.stdout.startswith("account-concurrency: 20 invocations at once")
    assert wavetank(url, "limits", "--json").document["enforced"] == {"account-concurrency": 20, "shard-limits": 1000}
    assert wavetank(url, "limits", "--enforce", "none").stdout.strip() == "no limit is enforced"
    assert wavetank(url, "limits", "--json").document["enforced"] == {}


def test_reset_lets_go_of_limits(site: Site) -> None:
    site.stack.control.enforce_limit("kinesis-calls")
    site.stack.control.reset()
    assert {limit["value"] for limit in site.stack.control.limits()} == {None}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--quota", "shardz=4"], "no quota 'shardz'; there are"),
        (["--quota", "shards=many"], "a number greater than 0"),
        (["--enforce", "shard-limits=none"], "a number greater than 0"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(site: Site, arguments: list[str], words: str) -> None:
    ran = CliRunner().invoke(app, ["limits", *arguments, "--endpoint-url", site.stack.endpoint_url])
    assert ran.exit_code == 2
    assert words in " ".join(ran.stderr.replace("│", " ").split())


def test_a_limit_that_is_none_is_refused_with_those_there_are(site: Site) -> None:
    with pytest.raises(ControlRefused, match="there is no limit 'shards'"):
        wavetank(site.stack.endpoint_url, "limits", "--enforce", "shards")
