"""The reference data are broken, or newer than a moment before."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wavetank.scenarios.spec.nemesis import Nemesis, Scene
from wavetank.scenarios.workload.synthetic import UNLISTED_CAMPAIGNS

REFERENCES = "reference/"
RENEWED = ", renewed"


@dataclass(frozen=True)
class ReferenceBroken(Nemesis):
    """The reference data are missing, or only half of their bytes are there."""

    missing: bool
    id: str = "reference-broken"

    def begin(self, scene: Scene) -> None:
        for key, data in _put_back_when_healed(scene):
            if self.missing:
                scene.site.s3.delete_object(Bucket=scene.site.registry_bucket, Key=key)
            else:
                scene.publish(key, data[: len(data) // 2])
            scene.struck[self.id] += 1


@dataclass(frozen=True)
class ReferenceRenewed(Nemesis):
    """Newer reference data are published: every row has other values, and there are rows for more keys.

    The values are such that a copy that was enriched with them is the larger one, so that the other one stays.
    """

    id: str = "reference-renewed"

    def begin(self, scene: Scene) -> None:
        for key, data in _put_back_when_healed(scene):
            scene.publish(key, json.dumps(renewed(json.loads(data))).encode())
            scene.struck[self.id] += 1


def renewed(document: Mapping[str, Any]) -> dict[str, Any]:
    """A snapshot in which every text is longer (Avro writes its length before it), and more campaigns have a row."""
    rows = {key: {name: f"{value}{RENEWED}" for name, value in row.items()} for key, row in document["rows"].items()}
    like = next(iter(rows.values()), {})
    return {**document, "rows": {**rows, **dict.fromkeys(UNLISTED_CAMPAIGNS, like)}}


def _put_back_when_healed(scene: Scene) -> Iterator[tuple[str, bytes]]:
    """Every object of reference data with its key."""
    s3, bucket = scene.site.s3, scene.site.registry_bucket
    for entry in s3.list_objects_v2(Bucket=bucket, Prefix=REFERENCES).get("Contents", ()):
        data = s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
        scene.healing.callback(scene.publish, entry["Key"], data)
        yield entry["Key"], data
