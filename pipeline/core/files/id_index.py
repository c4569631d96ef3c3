"""The id index of a partition: which part files were merged into it, and the digests of the ids in them.

It is what other hours need to know of a partition to find copies of an id that came with another event time, and what
the partition itself needs to know of parts that have expired since they were merged.

An object is a line of JSON, `{"inputs": {key: ETag}}`, and behind it the digests, sixteen bytes each, ascending.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from wavetank.pipeline.core.bulk.digests import SIZE, Digests

Listing = Mapping[str, str]
"""Key → ETag of the part files of a partition."""


class DamagedIndex(ValueError):
    """An index object is not as we wrote it."""


@dataclass(frozen=True, slots=True)
class IdIndex:
    """The parts that were merged, and the digests of the ids in them, each once."""

    inputs: Listing = field(default_factory=dict)
    digests: Digests = field(default_factory=lambda: Digests.unpacked(b""))

    def pack(self) -> bytes:
        """The index as an object; the same index gives the same bytes."""
        head = json.dumps({"inputs": dict(sorted(self.inputs.items()))}, separators=(",", ":"))
        return head.encode() + b"\n" + self.digests.packed()

    @classmethod
    def unpack(cls, data: bytes) -> "IdIndex":
        """The index in an object; raises DamagedIndex."""
        head, _, packed = data.partition(b"\n")
        try:
            inputs = {str(key): str(etag) for key, etag in json.loads(head)["inputs"].items()}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise DamagedIndex(f"its head is not what it should be: {error}") from error
        if len(packed) % SIZE:
            raise DamagedIndex(f"{len(packed)} bytes of digests are not {SIZE} each")
        return cls(inputs, Digests.unpacked(packed))

    def with_inputs(self, listing: Listing, digests: Digests) -> "IdIndex":
        """The index once the parts of `listing`, with ids of these digests, are merged as well."""
        return IdIndex({**self.inputs, **listing}, Digests.joined([self.digests, digests]).unique())

    def expired(self, listing: Listing) -> list[str]:
        """The parts that were merged and are not there any more."""
        return sorted(self.inputs.keys() - listing.keys())

    def unmerged(self, listing: Listing) -> list[str]:
        """The parts that are there and were not merged as they are."""
        return sorted(key for key, etag in listing.items() if self.inputs.get(key) != etag)


def digest_of_listing(listing: Listing) -> str:
    """A name for a set of part files as they are now."""
    return sha256("".join(f"{key}\0{etag}\n" for key, etag in sorted(listing.items())).encode()).hexdigest()


def digest_of_inputs(fingerprint: bytes, inputs: Listing, dropped: Digests) -> str:
    """A name for what a merged file is made of: the schema it is in, the parts, and the ids other hours have."""
    listed = f"{fingerprint.hex()} {digest_of_listing(inputs)} "
    return sha256(listed.encode() + dropped.unique().packed()).hexdigest()


def digest_of_merge_inputs(fingerprint: bytes, own: str, earlier: Mapping[str, str]) -> str:
    """A name for all that can change a merged file: schema, its parts, and those of each earlier partition."""
    lines = "".join(f"{path} {listed}\n" for path, listed in sorted(earlier.items()))
    return sha256(f"{fingerprint.hex()} {own}\n{lines}".encode()).hexdigest()
