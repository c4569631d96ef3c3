"""Entries of listings, as the answers' elements: an object, a version, a delete marker, an upload, a part."""

from collections.abc import Callable
from typing import Any

from wavetank.emulator.s3.contents import version_id

Entry = dict[str, Any]
Spell = Callable[[str], str]


def object(stored: Any, spell: Spell) -> Entry:
    """An object as `Contents` has it, without its owner."""
    entry = {
        "Key": spell(stored.key),
        "ETag": stored.quoted_etag,
        "Size": stored.size,
        "LastModified": stored.last_modified,
        "StorageClass": stored.storage_class,
    }
    if stored.checksum_algorithm:
        entry |= {"ChecksumAlgorithm": [stored.checksum_algorithm], "ChecksumType": stored.checksum_type}
    return entry


def version(stored: Any, spell: Spell) -> Entry:
    """An object as `Versions` has it: the storage class of a version is always the standard one."""
    return object(stored, spell) | {
        "StorageClass": "STANDARD",
        "VersionId": version_id(stored),
        "IsLatest": stored.is_current,
    }


def delete_marker(stored: Any, spell: Spell) -> Entry:
    """A delete marker, without its owner."""
    return {
        "Key": spell(stored.key),
        "VersionId": version_id(stored),
        "IsLatest": stored.is_current,
        "LastModified": stored.last_modified,
    }


def upload(begun: Any, spell: Spell) -> Entry:
    """An unfinished upload."""
    entry = {
        "UploadId": begun.id,
        "Key": spell(begun.object.key),
        "Initiated": begun.initiated,
        "StorageClass": begun.object.storage_class,
        "Owner": begun.object.owner,
        "Initiator": begun.initiator,
    }
    if begun.checksum_algorithm:
        entry |= {"ChecksumAlgorithm": begun.checksum_algorithm, "ChecksumType": begun.checksum_type}
    return entry


def part(uploaded: Any, checksum_algorithm: str | None) -> Entry:
    """A part of an upload that has this checksum algorithm."""
    entry = {
        "PartNumber": uploaded.part_number,
        "ETag": uploaded.quoted_etag,
        "Size": uploaded.size,
        "LastModified": uploaded.last_modified,
    }
    if checksum_algorithm and uploaded.checksum_algorithm:
        entry[f"Checksum{uploaded.checksum_algorithm.upper()}"] = uploaded.checksum_value
    return entry
