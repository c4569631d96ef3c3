"""Real ad impressions, once around: all of them land, once each, and doing it again changes nothing.

The data (Open Bandit Dataset) lie beside the checkout and are not part of it. The long tests take all 40,000 events of
seven days, the quick ones the first thirty hours.
"""

import gzip
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from tests.e2e.commands import wavetank
from tests.effort import much
from wavetank.emulator.stack.home import project_root
from wavetank.emulator.stack.stack import EmbeddedStack
from wavetank.scenarios.client import at_rest
from wavetank.scenarios.client.at_rest import Layer
from wavetank.scenarios.oracle.promises import HASH_BUCKETS
from wavetank.scenarios.site.site import Site

DATA = project_root().parent / "shared" / "data" / "obd-impressions.ndjson.gz"
ROWS = much(8_000, 40_000)
HOURS = much(31, 168)
COMPARED_DATE = "2019-11-25"

pytestmark = [
    pytest.mark.stack,
    pytest.mark.skipif(not DATA.is_file(), reason=f"{DATA.name} is not beside the checkout"),
]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The first `ROWS` lines of the data."""
    path = tmp_path_factory.mktemp("data") / DATA.name
    with gzip.open(DATA, "rb") as whole, gzip.open(path, "wb", compresslevel=1) as taken:
        taken.writelines(islice(whole, ROWS))
    yield path
    path.unlink()


@pytest.fixture(scope="module")
def site(stack: EmbeddedStack, data: Path) -> Site:
    """The pipeline with the data fed and ticked into an empty bucket."""
    deployed = Site.deployed_on(stack)
    deployed.settle()
    deployed.empty()
    go_round(deployed, data)
    return deployed


def go_round(site: Site, data: Path) -> None:
    """Feed, settle, tick."""
    url = site.stack.endpoint_url
    fed = wavetank(url, "feed", str(data), "--mapping", "obd-impressions", "--json")
    assert fed.exit_code == 0, fed.stdout + fed.stderr
    assert fed.document["read"] == fed.document["acknowledged"] == ROWS
    assert fed.document["unmapped"] == {}
    for command in ("settle", "tick"):
        ran = wavetank(url, command)
        assert ran.exit_code == 0, ran.stdout + ran.stderr


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a command leaves behind is left in a folder of the test's own."""
    monkeypatch.chdir(tmp_path)


def test_every_impression_lands_once_in_its_hour(site: Site) -> None:
    counts = "count(*) as n, count(distinct event_id) as ids, count(distinct (date, hour)) as hours"
    sql = f"select {counts} from impression"
    (row,) = wavetank(site.stack.endpoint_url, "query", sql, "--json").document
    assert row == {"n": ROWS, "ids": ROWS, "hours": HOURS}
    misplaced = "select count(*) as n from impression where date_trunc('hour', event_time) != date + to_hours(hour)"
    assert wavetank(site.stack.endpoint_url, "query", misplaced, "--json").document == [{"n": 0}]


def test_every_hour_and_bucket_holds_the_same_records_in_avro_and_in_parquet(site: Site) -> None:
    avro = list(at_rest.files(site.s3, site.data_bucket, (Layer.AVRO,)))
    parquet = list(at_rest.files(site.s3, site.data_bucket, (Layer.PARQUET,)))
    assert len(avro) == len(parquet) == HOURS * HASH_BUCKETS
    for one, other in zip(avro, parquet, strict=True):
        assert (one.at.date, one.at.hour, one.at.bucket) == (other.at.date, other.at.hour, other.at.bucket)
        if one.at.date == COMPARED_DATE:
            assert one.records() == other.records()


def test_every_field_of_the_source_is_there(site: Site) -> None:
    sql = """
        select count(*) as n from impression
        where campaign is null or policy is null or item_id is null or position is null or propensity is null
           or clicked is null or len(map_keys(user_features)) != 4 or attributes['row'] is null
           or len(map_keys(attributes)) not in (35, 47) or advertiser is null
    """
    assert wavetank(site.stack.endpoint_url, "query", sql, "--json").document == [{"n": 0}]


def test_going_round_again_changes_no_object_at_rest(site: Site, data: Path) -> None:
    before = at_rest.digests(site.s3, site.data_bucket)
    assert len(before) == 2 * HOURS * HASH_BUCKETS
    go_round(site, data)
    assert at_rest.digests(site.s3, site.data_bucket) == before
