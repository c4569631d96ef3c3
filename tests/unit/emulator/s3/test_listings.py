"""Listings in pages of any size have each entry once, in the order of UTF-8 bytes (Amazon S3 API reference)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby, islice
from types import ModuleType
from typing import Any
from urllib.parse import unquote_plus

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from localstack.aws.api import RequestContext, ServiceException
from localstack.services.s3 import provider as stock
from localstack.services.s3.models import S3Bucket, S3DeleteMarker, S3Multipart, S3Object, S3Part, VersionedKeyStore
from localstack.services.s3.utils import generate_safe_version_id

from wavetank.emulator.patches.s3_listings import list_in_pages
from wavetank.emulator.s3.contents import numbered

ACCOUNT, REGION, BUCKET = "000000000000", "us-east-1", "listed"
CHARACTERS = st.sampled_from("ab/=%+ ~&<é日\x01\ud7ff\uffff😀-")
KEYS = st.text(CHARACTERS, min_size=1, max_size=5)
PAGE_SIZES = st.integers(1, 3)
ENCODINGS = st.sampled_from([{}, {"encoding_type": "url"}])
MOST_PAGES = 200

Answer = dict[str, Any]
Ask = Callable[[Answer], Answer]
Entry = tuple[str, str]


@dataclass(frozen=True)
class Question:
    """What is asked for: a prefix, a delimiter and where to begin."""

    prefix: str = ""
    delimiter: str = ""
    after: str = ""
    spelling: dict[str, str] = field(default_factory=dict)

    @property
    def request(self) -> Answer:
        return {"prefix": self.prefix, "delimiter": self.delimiter, **self.spelling}


QUESTIONS = st.builds(
    Question,
    prefix=st.text(CHARACTERS, max_size=2),
    delimiter=st.sampled_from(["", "/", "=", "a/", "%2F", "é", "~+"]),
    after=st.just("") | KEYS,
    spelling=ENCODINGS,
)


def expected(keys: list[str], question: Question) -> list[str]:
    """The model: the names that a listing has to have, in order. A common prefix ends with the delimiter."""
    names = set()
    for key in keys:
        if key.startswith(question.prefix):
            rest = key[len(question.prefix) :]
            head, delimiter, _ = rest.partition(question.delimiter) if question.delimiter else (rest, "", "")
            names.add(question.prefix + head + delimiter)
    return sorted((name for name in names if name > question.after), key=str.encode)


@dataclass
class Emulated:
    """A bucket of its own in the provider."""

    bucket: S3Bucket

    def ask(self, operation: str, **request: Any) -> Answer:
        context = RequestContext(None)
        context.account_id, context.region = ACCOUNT, REGION
        answer: Answer = getattr(provider(), operation)(context=context, bucket=BUCKET, **request)
        return answer


@cache
def provider() -> Any:
    """LocalStack's provider with our listings; the class that it comes from stays as it is."""
    module = ModuleType("provider")
    vars(module)["S3Provider"] = type("Provider", (stock.S3Provider,), {})
    list_in_pages(module)
    return module.S3Provider()


def emulated() -> Emulated:
    bucket = S3Bucket(BUCKET, ACCOUNT, REGION, owner={"ID": "owner"})
    provider().get_store(ACCOUNT, REGION).buckets[BUCKET] = bucket
    return Emulated(bucket)


def holding(keys: list[str]) -> Emulated:
    made = emulated()
    for key in keys:
        made.bucket.objects.set(key, S3Object(key, etag="e", size=0))
    return made


def plain(question: Question, text: str) -> str:
    return unquote_plus(text) if question.spelling else text


def names(question: Question, answer: Answer, *elements: str) -> list[str]:
    """The keys and common prefixes of an answer, merged in the order of their bytes."""
    keys = [entry["Key"] for element in elements for entry in answer.get(element, [])]
    prefixes = [entry["Prefix"] for entry in answer.get("CommonPrefixes", [])]
    return sorted((plain(question, name) for name in keys + prefixes), key=str.encode)


def pages(ask: Ask, begin: Answer, go_on: Callable[[Answer], Answer]) -> Iterator[Answer]:
    """The answers until one says that it is the last."""
    position = begin
    for _ in range(MOST_PAGES):
        answer = ask(position)
        yield answer
        if not answer["IsTruncated"]:
            return
        position = go_on(answer)
    pytest.fail("the listing does not end")


@settings(max_examples=40)
@given(st.lists(KEYS, max_size=8, unique=True), QUESTIONS, PAGE_SIZES)
@example(["a0", "a=1", "b"], Question(), 1)
@example(["a0", "a=1", "b"], Question(after="a/1"), 3)
@example(["y", "z", "é", "日本"], Question(), 2)
@example(["a/1", "a/2", "b"], Question(delimiter="/", after="a/1"), 1)
@example(["\uffff", "😀"], Question(), 1)
@example(["x/\U0010ffff\U0010ffff", "x/a", "x0"], Question(delimiter="/"), 1)
def test_objects_come_once_and_in_order(keys: list[str], question: Question, size: int) -> None:
    made = holding(keys)

    def ask(position: Answer) -> Answer:
        return made.ask("list_objects_v2", max_keys=size, **question.request, **position)

    def go_on(answer: Answer) -> Answer:
        return {"continuation_token": answer["NextContinuationToken"]}

    listed = []
    for answer in pages(ask, {"start_after": question.after}, go_on):
        page = names(question, answer, "Contents")
        assert answer["KeyCount"] == len(page) <= size == answer["MaxKeys"]
        assert plain(question, answer["Prefix"]) == question.prefix
        listed += page
    assert listed == expected(keys, question)


@settings(max_examples=40)
@given(st.lists(KEYS, max_size=8, unique=True), QUESTIONS, PAGE_SIZES)
@example(["a0", "a=1", "b"], Question(), 1)
@example(["a/1", "b"], Question(prefix="a"), 1)
def test_objects_come_once_and_in_order_in_the_first_version(keys: list[str], question: Question, size: int) -> None:
    made = holding(keys)

    def ask(position: Answer) -> Answer:
        return made.ask("list_objects", max_keys=size, **question.request, **position)

    def go_on(answer: Answer) -> Answer:
        assert ("NextMarker" in answer) == bool(question.delimiter)
        return {"marker": plain(question, answer.get("NextMarker") or answer["Contents"][-1]["Key"])}

    listed = []
    for answer in pages(ask, {"marker": question.after}, go_on):
        page = names(question, answer, "Contents")
        assert len(page) <= size
        listed += page
    assert listed == expected(keys, question)


@settings(max_examples=40)
@given(st.lists(st.tuples(KEYS, st.booleans()), max_size=8), st.lists(KEYS, max_size=2), QUESTIONS, PAGE_SIZES)
@example([("a", False), ("a", True), ("a", False)], ["a"], Question(), 1)
@example([("a/1", False), ("a/1", False), ("b", True)], [], Question(delimiter="/"), 1)
def test_versions_come_once_the_newest_first(
    steps: list[tuple[str, bool]], from_before: list[str], question: Question, size: int
) -> None:
    made = holding(from_before)
    made.bucket.objects = VersionedKeyStore.from_key_store(made.bucket.objects)
    for key, deletes in steps:
        id_ = generate_safe_version_id()
        made.bucket.objects.set(key, S3DeleteMarker(key, id_) if deletes else S3Object(key, "e", 0, version_id=id_))
    written = [(each.key, each.version_id) for each in made.bucket.objects.values(with_versions=True)]

    def ask(position: Answer) -> Answer:
        return made.ask("list_object_versions", max_keys=size, **question.request, **position)

    def go_on(answer: Answer) -> Answer:
        marker = {"key_marker": plain(question, answer["NextKeyMarker"])}
        return marker | ({"version_id_marker": v} if (v := answer.get("NextVersionIdMarker")) else {})

    listed: list[Entry] = []
    latest: dict[str, str] = {}
    for answer in pages(ask, {"key_marker": question.after}, go_on):
        entries = [*answer.get("Versions", []), *answer.get("DeleteMarkers", [])]
        prefixes = [(plain(question, each["Prefix"]), "") for each in answer.get("CommonPrefixes", [])]
        assert len(entries) + len(prefixes) <= size
        listed += prefixes + [(plain(question, each["Key"]), each["VersionId"]) for each in entries]
        latest |= {plain(question, each["Key"]): each["VersionId"] for each in entries if each["IsLatest"]}
    in_order = sorted(listed, key=lambda entry: entry[0].encode())
    by_name = {name: [id_ for _, id_ in group] for name, group in groupby(in_order, lambda entry: entry[0])}
    assert list(by_name) == expected([key for key, _ in written], question)
    for name, ids in by_name.items():
        of_key = [id_ for key, id_ in written if key == name]
        is_prefix = bool(question.delimiter) and question.delimiter in name[len(question.prefix) :]
        assert sorted(ids) == ([""] if is_prefix else sorted(of_key))
        assert is_prefix or latest[name] == of_key[-1]


@settings(max_examples=40)
@given(st.lists(KEYS, max_size=8), QUESTIONS, PAGE_SIZES, st.booleans())
@example(["a", "a", "a", "b"], Question(), 1, True)
def test_uploads_come_once_the_first_begun_first(keys: list[str], question: Question, size: int, aborts: bool) -> None:
    made = emulated()
    for key in keys:
        upload = S3Multipart(key)
        upload.id = numbered(upload.id)
        made.bucket.multiparts[upload.id] = upload
    begun = [(each.object.key, each.id) for each in made.bucket.multiparts.values()]

    def ask(position: Answer) -> Answer:
        return made.ask("list_multipart_uploads", max_uploads=size, **question.request, **position)

    def go_on(answer: Answer) -> Answer:
        if aborts:
            for each in answer.get("Uploads", []):
                del made.bucket.multiparts[each["UploadId"]]
        after = answer["NextKeyMarker"] or answer["CommonPrefixes"][-1]["Prefix"]
        return {"key_marker": plain(question, after), "upload_id_marker": answer["NextUploadIdMarker"]}

    listed: list[Entry] = []
    for answer in pages(ask, {"key_marker": question.after}, go_on):
        uploads = [(plain(question, each["Key"]), each["UploadId"]) for each in answer.get("Uploads", [])]
        prefixes = [(plain(question, each["Prefix"]), "") for each in answer.get("CommonPrefixes", [])]
        assert len(uploads) + len(prefixes) <= size
        assert uploads == sorted(uploads, key=lambda entry: (entry[0].encode(), begun.index(entry)))
        listed += sorted(uploads + prefixes, key=lambda entry: entry[0].encode())
    names_in_order = [name for name, _ in groupby(name for name, _ in listed)]
    assert names_in_order == expected(keys, question)
    assert [entry for entry in listed if entry[1]] == [
        entry for name in names_in_order for entry in begun if entry[0] == name and (name, "") not in listed
    ]


@settings(max_examples=40)
@given(st.sets(st.integers(1, 10_000), max_size=6), PAGE_SIZES, st.integers(0, 3))
def test_parts_come_once_by_number(numbers: set[int], size: int, after: int) -> None:
    made = emulated()
    upload = S3Multipart("key")
    upload.parts = {str(number): S3Part(number, size=5, etag="e") for number in numbers}
    made.bucket.multiparts[upload.id] = upload

    def ask(position: Answer) -> Answer:
        return made.ask("list_parts", key="key", upload_id=upload.id, max_parts=size, **position)

    def go_on(answer: Answer) -> Answer:
        return {"part_number_marker": answer["NextPartNumberMarker"]}

    answers = list(pages(ask, {"part_number_marker": after}, go_on))
    listed = [part["PartNumber"] for answer in answers for part in answer.get("Parts", [])]
    assert listed == sorted(number for number in numbers if number > after)
    assert all(len(answer.get("Parts", [])) <= size for answer in answers)


LIMITS = {
    "list_objects": "max_keys",
    "list_objects_v2": "max_keys",
    "list_object_versions": "max_keys",
    "list_multipart_uploads": "max_uploads",
}


@pytest.mark.parametrize(("operation", "limit"), LIMITS.items())
def test_a_page_of_nothing_is_the_last(operation: str, limit: str) -> None:
    answer = holding(["a", "b"]).ask(operation, **{limit: 0})
    assert not answer["IsTruncated"]
    assert not names(Question(), answer, "Contents", "Versions", "Uploads")


@pytest.mark.parametrize(("operation", "limit"), LIMITS.items())
def test_a_page_has_a_thousand_entries_at_most(operation: str, limit: str) -> None:
    answer = emulated().ask(operation, **{limit: 5000})
    assert answer["MaxUploads" if limit == "max_uploads" else "MaxKeys"] == 1000


WRONG = [
    ("list_objects", {"max_keys": -1}),
    ("list_objects_v2", {"max_keys": 2**31}),
    ("list_object_versions", {"max_keys": -1}),
    ("list_multipart_uploads", {"max_uploads": -1}),
    *(("list_objects_v2", {"continuation_token": token}) for token in ("", "?", "YQ==", "abcd", "日本", "/w==")),
    ("list_object_versions", {"version_id_marker": "null"}),
    ("list_object_versions", {"key_marker": "a", "version_id_marker": "no id"}),
    ("list_multipart_uploads", {"key_marker": "a", "upload_id_marker": "no id"}),
    *((operation, {"encoding_type": "xml"}) for operation in LIMITS),
]


@pytest.mark.parametrize(("operation", "request_"), WRONG)
def test_a_position_or_size_that_is_none_is_refused(operation: str, request_: Answer) -> None:
    with pytest.raises(ServiceException) as refused:
        holding(["a", "b"]).ask(operation, **request_)
    assert refused.value.code == "InvalidArgument"


def test_an_upload_id_of_another_key_is_refused_as_a_position() -> None:
    made = emulated()
    upload = S3Multipart("b")
    made.bucket.multiparts[upload.id] = upload
    with pytest.raises(ServiceException, match="Invalid uploadId marker"):
        made.ask("list_multipart_uploads", key_marker="a", upload_id_marker=upload.id)


@pytest.mark.parametrize("deleted", range(1, 4))
def test_versions_go_on_after_those_of_the_page_before_are_deleted(deleted: int) -> None:
    made = emulated()
    made.bucket.objects = VersionedKeyStore()
    ids = [generate_safe_version_id() for _ in range(5)]
    for id_ in ids:
        made.bucket.objects.set("key", S3Object("key", "e", 0, version_id=id_))
    first = made.ask("list_object_versions", max_keys=3)
    for version in islice(reversed(first["Versions"]), deleted):
        made.bucket.objects.pop("key", version["VersionId"])
    position = {"key_marker": first["NextKeyMarker"], "version_id_marker": first["NextVersionIdMarker"]}
    rest = made.ask("list_object_versions", **position)
    assert [version["VersionId"] for version in rest["Versions"]] == [ids[1], ids[0]]


def test_a_localstack_whose_listings_take_other_parameters_is_refused() -> None:
    class Other:
        def list_objects(self, context: object, bucket: str) -> None: ...

    module = ModuleType("provider")
    vars(module)["S3Provider"] = Other
    with pytest.raises(TypeError, match="list_objects"):
        list_in_pages(module)
