"""S3's objects as LocalStack keeps them, but large ones with the same bytes once.

A function package is in the bucket that it was deployed from and in Lambda's own, and in a container that is memory.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from weakref import WeakSet, WeakValueDictionary

from localstack.services.s3.storage.ephemeral import (
    S3_MAX_FILE_SIZE_BYTES,
    EphemeralS3ObjectStore,
    EphemeralS3StoredObject,
    LockedSpooledTemporaryFile,
)

LARGE = 1 << 20
"""Bytes; smaller objects are not worth a look."""
PIECE = 1 << 20


class FrugalStore(EphemeralS3ObjectStore):
    """Objects of a MiB or more with the same bytes are one file, for as long as none of them is written anew."""

    def __init__(self, root_directory: str | None = None) -> None:
        super().__init__(root_directory)
        self._by_digest: WeakValueDictionary[bytes, Any] = WeakValueDictionary()
        self._shared: WeakSet[Any] = WeakSet()

    def open(self, bucket: str, s3_object: Any, mode: str = "r") -> Any:
        """The object; one that is written gets a file of its own, and is compared when it is closed.

        Where nothing is written, or not all of it, or it is removed again before it is closed, there is what was there
        before: a write that fails changes nothing on AWS.
        """
        if mode != "w":
            return super().open(bucket, s3_object, mode)
        key, keys = self._key_from_s3_object(s3_object), self._filesystem[bucket]["keys"]
        before, folder = keys.get(key), str(Path(self.root_directory, bucket))
        # Locked before it can be found: who reads meanwhile waits, and never sees an empty one.
        written = LockedSpooledTemporaryFile(dir=folder, max_size=S3_MAX_FILE_SIZE_BYTES)
        stored = EphemeralS3StoredObject(s3_object, written, mode)
        keys[key] = written
        close, is_whole = stored.close, False

        def watched(change: Callable[[Any], int]) -> Callable[[Any], int]:
            def changed(source: Any) -> int:
                nonlocal is_whole
                is_whole = False
                size = change(source)
                is_whole = True
                return size

            return changed

        def keep_and_close() -> None:
            if not stored.closed:
                if not is_whole or keys.get(key) is not written:
                    self._put_back(keys, key, written, before)
                elif stored.size >= LARGE:
                    self._share(bucket, key, written)
            close()

        stored.write, stored.append, stored.close = watched(stored.write), watched(stored.append), keep_and_close
        return stored

    def remove(self, bucket: str, s3_object: Any) -> None:
        """Remove objects; the file of one that is shared stays for the others."""
        keys = self._filesystem.get(bucket, {}).get("keys", {})
        for stored in s3_object if isinstance(s3_object, list) else [s3_object]:
            key = self._key_from_s3_object(stored)
            if keys.get(key) in self._shared:
                del keys[key]
        super().remove(bucket, s3_object)

    @staticmethod
    def _put_back(keys: dict[str, Any], key: str, written: Any, before: Any) -> None:
        """The object is what it was before, unless another write has come meanwhile."""
        if keys.get(key) is written:
            del keys[key]
        if before is not None:
            keys.setdefault(key, before)

    def _share(self, bucket: str, key: str, file: Any) -> None:
        """Give the object the file that has its bytes already, if there is one, else let others find this one."""
        total = hashlib.sha256()
        with file.position_lock:
            file.seek(0)
            while piece := file.read(PIECE):
                total.update(piece)
            file.seek(0)
        digest = total.digest()
        twin = self._by_digest.get(digest)
        if twin is None or twin.closed:
            vars(file)["digest"] = digest
            self._by_digest[digest] = file
        elif twin is not file:
            self._shared.add(twin)
            self._filesystem[bucket]["keys"][key] = twin
