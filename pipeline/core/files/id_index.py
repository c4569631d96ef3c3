"""The id index of a partition: which part files were merged into it, and the digests of the ids in them.

It is what other hours need to know of a partition to find copies of an id that came with another event time, and what
the partition itself needs to know of parts that have expired since they were merged.

An object is a line of JSON, `{"inputs": {key: ETag}}`, and behind it the digests, sixteen bytes each, ascending. Where
something could not be merged, the line has `"left_out": {key: [ETag, [numbers of records]]}` as well.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from types import MappingProxyType

from wavetank.pipeline.core.bulk.digests import SIZE, Digests

Listing = Mapping[str, str]
"""Key → ETag of the part files of a partition."""


class DamagedIndex(ValueError):
    """An index object is not as we wrote it."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What was left out of a file, which had this ETag: records by their numbers; with none of them the whole file."""

    etag: str
    records: tuple[int, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether nothing of the file was merged."""
        return not self.records


NOTHING: Mapping[str, LeftOut] = MappingProxyType({})
NO_IDS = Digests.unpacked(b"")


@dataclass(frozen=True, slots=True)
class IdIndex:
    """The parts that were merged, what was left out of them, and the digests of the other ids in them, each once."""

    inputs: Listing = field(default_factory=dict)
    digests: Digests = field(default_factory=lambda: Digests.unpacked(b""))
    left_out: Mapping[str, LeftOut] = field(default_factory=dict)

    def pack(self) -> bytes:
        """The index as an object; the same index gives the same bytes."""
        document: dict[str, object] = {"inputs": dict(sorted(self.inputs.items()))}
        if self.left_out:
            document["left_out"] = {key: [left.etag, left.records] for key, left in sorted(self.left_out.items())}
        return json.dumps(document, separators=(",", ":")).encode() + b"\n" + self.digests.packed()

    @classmethod
    def unpack(cls, data: bytes) -> "IdIndex":
        """The index in an object; raises DamagedIndex."""
        head, _, packed = data.partition(b"\n")
        try:
            document = json.loads(head)
            inputs = {str(key): str(etag) for key, etag in document["inputs"].items()}
            left_out = {
                str(key): LeftOut(str(etag), tuple(map(int, numbers)))
                for key, (etag, numbers) in document.get("left_out", {}).items()
            }
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise DamagedIndex(f"its head is not what it should be: {error}") from error
        if len(packed) % SIZE:
            raise DamagedIndex(f"{len(packed)} bytes of digests are not {SIZE} each")
        return cls(inputs, Digests.unpacked(packed), left_out)

    def with_inputs(
        self, listing: Listing, digests: Digests, left_out: Mapping[str, LeftOut] = NOTHING, absent: Digests = NO_IDS
    ) -> "IdIndex":
        """The index once the parts of `listing`, with ids of these digests, are merged as well, but for `left_out`.

        `absent`: the ids of what was left out. Of parts that are gone, what was left out stays so.
        """
        merged = {key: etag for key, etag in listing.items() if key not in left_out or not left_out[key].is_whole}
        before = self.digests.take(~self.digests.within(absent)) if len(absent) else self.digests
        gone = {key: left for key, left in self.left_out.items() if key not in listing and key in self.inputs}
        return IdIndex(
            {**self.inputs, **merged}, Digests.joined([before, digests]).unique(), left_out={**gone, **left_out}
        )

    def expired(self, there: Collection[str]) -> list[str]:
        """The parts that were merged and are not there any more."""
        return sorted(self.inputs.keys() - set(there))

    def unmerged(self, listing: Listing) -> list[str]:
        """The parts that are there and were neither merged nor left out as they are."""
        return sorted(
            key
            for key, etag in listing.items()
            if self.inputs.get(key) != etag and (key not in self.left_out or self.left_out[key].etag != etag)
        )


def digest_of_listing(listing: Listing) -> str:
    """A name for a set of part files as they are now."""
    return sha256("".join(f"{key}\0{etag}\n" for key, etag in sorted(listing.items())).encode()).hexdigest()


def digest_of_left_out(left_out: Mapping[str, LeftOut]) -> str:
    """A name for what was left out of some files; empty where that is nothing."""
    if not left_out:
        return ""
    lines = (f"{key}\0{left.etag}\0{left.records}\n" for key, left in sorted(left_out.items()))
    return sha256("".join(lines).encode()).hexdigest()


def digest_of_inputs(
    fingerprint: bytes, inputs: Listing, dropped: Digests, left_out: Mapping[str, LeftOut] = NOTHING
) -> str:
    """A name for what a merged file is made of: its schema, the parts, the ids other hours have, what was left out."""
    listed = f"{fingerprint.hex()} {digest_of_listing(inputs)} {digest_of_left_out(left_out)}"
    return sha256(listed.encode() + dropped.unique().packed()).hexdigest()


def digest_of_merge_inputs(fingerprint: bytes, own: str, earlier: Mapping[str, str]) -> str:
    """A name for all that can change a merged file: schema, its parts, and those of each earlier partition."""
    lines = "".join(f"{path} {listed}\n" for path, listed in sorted(earlier.items()))
    return sha256(f"{fingerprint.hex()} {own}\n{lines}".encode()).hexdigest()
