"""Chunks are damaged where they lie, before they are partitioned."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from wavetank.scenarios.spec.nemesis import Nemesis, Portion, Scene, SendPlan


@dataclass(frozen=True)
class ChunksDamaged(Nemesis):
    """One bit of every chunk of the victim is another, at a place chosen by seed, when the last portion is sent.

    Somebody has to see to it that they are partitioned only then. Healing puts back what they were.
    """

    id: str = "chunks-damaged"

    def sends(self, portion: Portion, plans: Iterable[SendPlan], scene: Scene) -> Iterator[SendPlan]:
        if portion.is_last:
            s3, bucket = scene.site.s3, scene.site.data_bucket
            rng = random.Random(f"{self.id}/{scene.seed}")  # noqa: S311 - repeatable, not secret
            for entry in s3.list_objects_v2(Bucket=bucket, Prefix=f"chunks/{scene.victim}/").get("Contents", ()):
                data = s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
                scene.healing.callback(s3.put_object, Bucket=bucket, Key=entry["Key"], Body=data)
                s3.put_object(Bucket=bucket, Key=entry["Key"], Body=bit_changed(data, rng))
                scene.struck[self.id] += 1
        yield from plans


def bit_changed(data: bytes, rng: random.Random) -> bytes:
    """The bytes with one bit of them changed."""
    place = rng.randrange(len(data))
    return data[:place] + bytes([data[place] ^ 1 << rng.randrange(8)]) + data[place + 1 :]
