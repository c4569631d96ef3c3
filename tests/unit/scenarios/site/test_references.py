"""References of a site in the oracle's words: rows of files, the index in the bucket, snapshots where nobody tells."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from wavetank.emulator.stack.home import project_root
from wavetank.pipeline import topology
from wavetank.pipeline.components.references import read_references
from wavetank.pipeline.reference.snapshot import write
from wavetank.pipeline.reference.table import Column, ColumnType, Kind, Table
from wavetank.scenarios.oracle.references import EFFECTIVE_AFTER_US, Edition, Publication, Rows, always
from wavetank.scenarios.site.references import (
    histories_of_files,
    histories_of_registry,
    histories_of_site,
    rows_of,
    rows_of_document,
)
from wavetank.scenarios.site.site import Site

SCHEMAS = project_root() / "schemas"
OTHER: Rows = {("men",): {"campaign": "men", "advertiser": "Amaz"}}
TABLE = Table(tuple(Column(name, ColumnType(Kind.STRING)) for name in ("campaign", "advertiser")), ("campaign",))
PUBLISHED_US = 10**12


@dataclass
class Bucket:
    """An S3 client of one bucket."""

    objects: Mapping[str, bytes]

    class exceptions:  # noqa: N801
        """The errors that it has, as boto3 names them."""

        class NoSuchKey(Exception):
            """There is no such object."""

    def get_object(self, Key: str, **_: object) -> dict[str, Any]:  # noqa: N803
        """An object. Raises NoSuchKey."""
        if Key not in self.objects:
            raise self.exceptions.NoSuchKey
        return {"Body": BytesIO(self.objects[Key])}


@dataclass
class Stack:
    """A stack that has nothing but S3."""

    objects: Mapping[str, bytes] = field(default_factory=dict)
    account: str = "000000000000"

    def client(self, _service: str) -> Any:
        """The bucket."""
        return Bucket(self.objects)


def site(objects: Mapping[str, bytes], schemas: Path = SCHEMAS) -> Site:
    stack: Any = Stack(objects)
    return Site(stack, topology.load(schemas), schemas)


def index(*entries: tuple[int, str]) -> dict[str, bytes]:
    document = {"version": 1, "entries": [{"from_us": at, "digest": digest} for at, digest in entries]}
    return {"reference/campaigns/index.json": json.dumps(document).encode()}


def snapshot() -> bytes:
    out = BytesIO()
    write(TABLE, [["men", "Amaz"]], out)
    return out.getvalue()


CAMPAIGNS = histories_of_files(topology.load(SCHEMAS))["campaigns"].editions[0].rows


def test_rows_of_a_json_file_have_their_key_and_every_column() -> None:
    document = {"rows": {"men": {"advertiser": "Zozo"}, "women": {"vertical": "fashion"}}}
    assert rows_of_document(document) == {
        ("men",): {"key": "men", "advertiser": "Zozo", "vertical": None},
        ("women",): {"key": "women", "advertiser": None, "vertical": "fashion"},
    }
    assert rows_of_document([{"key": "men", "c": 2}]) == {("men",): {"key": "men", "c": 2}}


def test_rows_of_a_file_with_typed_columns_have_values_of_their_types(tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_text("number,country,price,since\n7,de,1.50,1970-01-03\n")
    (tmp_path / "prices.toml").write_text(
        'key = ["number", "country"]\n[file]\npath = "prices.csv"\n[columns]\nnumber = "int"\ncountry = "string"\n'
        'price = "decimal(6, 2)"\nsince = "date"\n'
    )
    (reference,) = read_references(tmp_path)
    row = {"number": 7, "country": "de", "price": Decimal("1.50"), "since": 2}
    assert rows_of(reference) == {("7", "de"): row}


def test_what_was_deployed_is_told_by_the_file_and_since_when_by_the_index() -> None:
    history = histories_of_site(site(index((0, "a"))), {})["campaigns"]
    assert history == always(CAMPAIGNS)
    later_us = PUBLISHED_US + EFFECTIVE_AFTER_US
    published = {"campaigns": [Publication(OTHER, PUBLISHED_US, PUBLISHED_US)]}
    renewed = histories_of_site(site(index((0, "a"), (later_us, "b"))), published)["campaigns"]
    assert renewed.editions == (Edition(0, CAMPAIGNS), Edition(later_us, OTHER))
    assert not renewed.problems


@pytest.mark.parametrize("entries", [(), ((0, "a"), (1, "b")), ((1, "a"),)])
def test_an_index_that_is_not_as_it_was_deployed_is_wrong(entries: tuple[tuple[int, str], ...]) -> None:
    history = histories_of_site(site(index(*entries) if entries else {}), {})["campaigns"]
    assert history.problems
    assert history.editions == (Edition(0, CAMPAIGNS),)


def test_where_nobody_tells_the_rows_are_those_of_the_snapshots() -> None:
    objects = {**index((0, "a"), (5, "b")), **{f"reference/campaigns/snapshots/{one}": snapshot() for one in "ab"}}
    history = histories_of_registry(site(objects))["campaigns"]
    assert history.editions == (Edition(0, OTHER), Edition(5, OTHER))
    assert histories_of_registry(site({}))["campaigns"] == always(CAMPAIGNS)


def test_rows_of_a_database_are_those_of_the_first_snapshot_and_what_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "schemas" / "reference"
    folder.mkdir(parents=True)
    (folder / "campaigns.toml").write_text(
        'key = ["campaign"]\n[columns]\ncampaign = "string"\nadvertiser = "string"\n'
        '[database]\nname = "ads"\nsecret = "wavetank/ads"\ntable = "campaigns"\n'
    )
    event = tmp_path / "schemas" / "click"
    event.mkdir()
    for file in (SCHEMAS / "click").glob("*.v1.avsc"):
        (event / file.name).write_bytes(file.read_bytes())
    later_us = PUBLISHED_US + EFFECTIVE_AFTER_US
    objects = {**index((0, "a"), (later_us, "b")), "reference/campaigns/snapshots/a": snapshot()}
    women: Rows = {("women",): {"campaign": "women", "advertiser": "Zozo"}}
    told = {"campaigns": [Publication(women, PUBLISHED_US, PUBLISHED_US)]}
    history = histories_of_site(site(objects, tmp_path / "schemas"), told)["campaigns"]
    assert history.editions == (Edition(0, OTHER), Edition(later_us, women))
    assert histories_of_site(site({}, tmp_path / "schemas"), {})["campaigns"] == always({})
