"""Large objects with the same bytes are kept once, and each is still what was written under its name."""

import errno
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import pytest

from wavetank.emulator.s3.object_store import LARGE, FrugalStore

BIG = b"a package" * (LARGE // 8)
OTHER = b"another o" * (LARGE // 8)


@pytest.fixture
def store(tmp_path: Path) -> FrugalStore:
    made = FrugalStore(str(tmp_path))
    for bucket in ("artifacts", "lambda"):
        made.create_bucket(bucket)
    return made


def described(key: str) -> SimpleNamespace:
    return SimpleNamespace(
        key=key, version_id=None, checksum_algorithm=None, size=0, etag=None, internal_last_modified=0
    )


def write(store: FrugalStore, bucket: str, data: bytes, key: str = "package.zip") -> None:
    with store.open(bucket, described(key), mode="w") as stored:
        stored.write(BytesIO(data))


def read(store: FrugalStore, bucket: str, key: str = "package.zip") -> bytes:
    with store.open(bucket, described(key), mode="r") as stored:
        return bytes(stored.read())


def files(store: FrugalStore) -> int:
    return len({id(file) for bucket in store._filesystem.values() for file in bucket["keys"].values()})


def test_equal_large_objects_are_one_file(store: FrugalStore) -> None:
    write(store, "artifacts", BIG)
    write(store, "lambda", BIG)
    assert files(store) == 1
    assert read(store, "lambda") == read(store, "artifacts") == BIG


def test_small_and_different_objects_are_files_of_their_own(store: FrugalStore) -> None:
    write(store, "artifacts", b"small")
    write(store, "lambda", b"small")
    write(store, "artifacts", BIG, "one")
    write(store, "artifacts", OTHER, "other")
    assert files(store) == 4


@pytest.mark.parametrize("changed", ["artifacts", "lambda"])
def test_writing_one_anew_leaves_the_other_as_it_was(store: FrugalStore, changed: str) -> None:
    write(store, "artifacts", BIG)
    write(store, "lambda", BIG)
    write(store, changed, OTHER)
    (kept,) = {"artifacts", "lambda"} - {changed}
    assert (read(store, changed), read(store, kept)) == (OTHER, BIG)


@pytest.mark.parametrize("removed", ["artifacts", "lambda"])
def test_removing_one_leaves_the_other(store: FrugalStore, removed: str) -> None:
    write(store, "artifacts", BIG)
    write(store, "lambda", BIG)
    store.remove(removed, described("package.zip"))
    (kept,) = {"artifacts", "lambda"} - {removed}
    assert read(store, kept) == BIG


def test_what_has_changed_since_is_not_taken_for_what_it_was(store: FrugalStore) -> None:
    write(store, "artifacts", BIG)
    write(store, "artifacts", OTHER)
    write(store, "lambda", BIG)
    assert read(store, "lambda") == BIG


def test_what_was_removed_is_not_shared(store: FrugalStore) -> None:
    write(store, "artifacts", BIG)
    store.remove("artifacts", described("package.zip"))
    write(store, "lambda", BIG)
    assert read(store, "lambda") == BIG


class Failing(BytesIO):
    """A body that breaks off: what is read first is more than fits into memory."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell():
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().read(size)


def fail_to_write(store: FrugalStore, data: bytes) -> None:
    with (
        pytest.raises(OSError, match="No space left"),
        store.open("artifacts", described("package.zip"), "w") as stored,
    ):
        stored.write(Failing(data))


@pytest.mark.parametrize("before", [b"small", BIG], ids=["small", "large"])
def test_a_write_that_fails_leaves_what_was_there(store: FrugalStore, before: bytes) -> None:
    write(store, "artifacts", before)
    fail_to_write(store, OTHER)
    assert read(store, "artifacts") == before
    write(store, "artifacts", OTHER)
    assert read(store, "artifacts") == OTHER


def test_a_write_that_fails_where_nothing_was_leaves_nothing_and_the_next_succeeds(store: FrugalStore) -> None:
    fail_to_write(store, OTHER)
    assert files(store) == 0
    write(store, "artifacts", BIG)
    assert read(store, "artifacts") == BIG


def test_what_is_opened_and_not_written_is_what_it_was(store: FrugalStore) -> None:
    """As LocalStack does where a condition does not hold."""
    write(store, "artifacts", BIG)
    with store.open("artifacts", described("package.zip"), mode="w"):
        pass
    assert read(store, "artifacts") == BIG


def test_what_is_removed_while_it_is_written_leaves_what_was_there(store: FrugalStore) -> None:
    """As LocalStack does where the checksum is another."""
    write(store, "artifacts", BIG)
    with store.open("artifacts", described("package.zip"), mode="w") as stored:
        stored.write(BytesIO(OTHER))
        store.remove("artifacts", described("package.zip"))
    assert read(store, "artifacts") == BIG


def test_of_two_writes_at_once_the_later_is_kept(store: FrugalStore) -> None:
    first = store.open("artifacts", described("package.zip"), mode="w")
    write(store, "artifacts", OTHER)
    first.write(BytesIO(BIG))
    first.close()
    assert read(store, "artifacts") == OTHER
