"""The reference data are broken, or newer than a moment before."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import ClassVar

from wavetank.pipeline import layout
from wavetank.pipeline.reference.index import DELAY_US, REFRESH_US, SECOND_US, Index
from wavetank.pipeline.reference.snapshot import Snapshot, write
from wavetank.pipeline.reference.table import Kind, Table, Value
from wavetank.scenarios.oracle.references import Publication, by_key
from wavetank.scenarios.spec.nemesis import Nemesis, Scene
from wavetank.scenarios.workload.synthetic import UNLISTED_CAMPAIGNS

RENEWED = ", renewed"


@dataclass(frozen=True)
class ReferenceBroken(Nemesis):
    """The indexes and snapshots of all reference data are missing, or only half of their bytes are there.

    Time goes on until nobody goes by a copy of an index that was read before.
    """

    missing: bool
    id: str = "reference-broken"
    needs_control: ClassVar[bool] = True

    def begin(self, scene: Scene) -> None:
        for key, data in _objects(scene):
            scene.healing.callback(scene.publish, key, data)
            if self.missing:
                scene.site.s3.delete_object(Bucket=scene.site.registry_bucket, Key=key)
            else:
                scene.publish(key, data[: len(data) // 2])
            scene.struck[self.id] += 1
        scene.site.stack.control.advance_clock((REFRESH_US + SECOND_US) / SECOND_US)


@dataclass(frozen=True)
class ReferenceRenewed(Nemesis):
    """Newer reference data are published: every row has other values, and more keys have one; or `emptied`, none.

    They are in effect a minute later, by the step `Advance`. Functions start anew, so that they read the index that
    names the newer data before these are in effect. The healing publishes the data that were there before, and lets
    time pass until these are in effect again.
    """

    emptied: bool = False
    id: str = "reference-renewed"
    needs_control: ClassVar[bool] = True

    def begin(self, scene: Scene) -> None:
        for reference in scene.site.topology.references:
            if reference.database is None:
                digest, data = _newest(scene, reference.name)
                _publish(scene, reference.name, *_written(*self._newer(Snapshot(data))))
                scene.healing.callback(_put_back, scene, reference.name, digest, data)
                scene.struck[self.id] += 1
        for event in scene.site.topology.events:
            scene.site.cycle(event.processor)

    def _newer(self, snapshot: Snapshot) -> tuple[Table, list[list[Value]]]:
        return (snapshot.table, []) if self.emptied else renewed(snapshot)


def renewed(snapshot: Snapshot) -> tuple[Table, list[list[Value]]]:
    """The rows of a snapshot, but that every text outside the key is longer, and those of more campaigns."""
    table, rows = snapshot.table, list(snapshot.rows())
    texts = {column.name for column in table.columns if column.type.kind is Kind.STRING} - set(table.key)
    newer = [
        {name: value + RENEWED if name in texts and isinstance(value, str) else value for name, value in row.items()}
        for row in rows
    ]
    if len(table.key) == 1 and table.type_of(table.key[0]).kind is Kind.STRING:
        (key,) = table.key
        newer += [{**newer[0], key: campaign} for campaign in sorted(UNLISTED_CAMPAIGNS)]
    return table, [[row[column.name] for column in table.columns] for row in newer]


def _written(table: Table, rows: Iterable[Sequence[Value]]) -> tuple[str, bytes]:
    """The digest and the bytes of a snapshot."""
    out = BytesIO()
    return write(table, rows, out), out.getvalue()


def _put_back(scene: Scene, name: str, digest: str, data: bytes) -> None:
    """Publish the data that were there before, and let time pass until they are in effect: dates are rounded down."""
    _publish(scene, name, digest, data)
    scene.site.stack.control.advance_clock((DELAY_US + 2 * SECOND_US) / SECOND_US)


def _publish(scene: Scene, name: str, digest: str, data: bytes) -> None:
    """Publish a snapshot, and have the oracle know its rows and when that was."""
    began_us = _now_us(scene)
    scene.site.publish_reference(name, digest, data)
    snapshot = Snapshot(data)
    rows = by_key(snapshot.rows(), snapshot.table.key)
    scene.published[name].append(Publication(rows, began_us, _now_us(scene)))


def _now_us(scene: Scene) -> int:
    return int(scene.site.now().timestamp() * SECOND_US)


def _newest(scene: Scene, name: str) -> tuple[str, bytes]:
    """The digest and the bytes of the newest snapshot of a reference."""
    newest = Index.from_json(_object(scene, layout.reference_index_key(name))).newest
    assert newest is not None
    return newest.digest, _object(scene, layout.reference_snapshot_key(name, newest.digest))


def _object(scene: Scene, key: str) -> bytes:
    """The bytes of an object of the registry."""
    body: bytes = scene.site.s3.get_object(Bucket=scene.site.registry_bucket, Key=key)["Body"].read()
    return body


def _objects(scene: Scene) -> Iterator[tuple[str, bytes]]:
    """Every index and snapshot with its key."""
    bucket = scene.site.registry_bucket
    for entry in scene.site.s3.list_objects_v2(Bucket=bucket, Prefix=f"{layout.REFERENCE}/").get("Contents", ()):
        yield entry["Key"], _object(scene, entry["Key"])
