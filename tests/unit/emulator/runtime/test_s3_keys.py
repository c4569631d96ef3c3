"""Keys are spelled as AWS spells them in notifications and in listings with `encoding-type=url`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavetank.emulator.runtime.s3_keys import form_decoded, form_encoded

SPELLED = {
    "red flower.jpg": "red+flower.jpg",
    "a+b.txt": "a%2Bb.txt",
    "100%.csv": "100%25.csv",
    "한글/x.txt": "%ED%95%9C%EA%B8%80/x.txt",
    "run books/x.txt": "run+books/x.txt",
    "test_file(3).png": "test_file%283%29.png",
    "year=2026/month=11/": "year%3D2026/month%3D11/",
    "2026-11-29T10:00:00Z": "2026-11-29T10%3A00%3A00Z",
    "it's": "it%27s",
    "~*-_.": "%7E*-_.",
    "😀": "%F0%9F%98%80",
    "//": "//",
}
"""Amazon S3 User Guide, "Event message structure"; API reference, "ListObjectsV2"; else as AWS was seen to answer."""


@pytest.mark.parametrize(("key", "spelled"), SPELLED.items())
def test_a_key_is_form_encoded_but_for_its_slashes(key: str, spelled: str) -> None:
    assert form_encoded(key) == spelled


@given(st.text(st.sampled_from("a/+ %25=~*é日\x00\uffff😀")))
def test_any_key_comes_back(key: str) -> None:
    assert form_decoded(form_encoded(key)) == key
