"""An id index says what was merged and what was left out; where nothing was, its bytes are those of old."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavetank.pipeline.core.bulk.digests import Digests
from wavetank.pipeline.core.files.id_index import (
    DamagedIndex,
    IdIndex,
    LeftOut,
    digest_of_inputs,
    digest_of_left_out,
    digest_of_listing,
)
from wavetank.pipeline.core.route import digest_of

KEYS = st.text(min_size=1, max_size=5)
LISTINGS = st.dictionaries(KEYS, st.text(max_size=5), max_size=5)
LEFT_OUT = st.dictionaries(KEYS, st.builds(LeftOut, st.text(max_size=5), st.lists(st.integers(0)).map(tuple)))
NONE = Digests.of([])


def ids(*names: str) -> Digests:
    return Digests.of(name.encode() for name in names).unique()


@given(LISTINGS, LEFT_OUT)
def test_an_index_is_read_back_as_it_was(listing: dict[str, str], left_out: dict[str, LeftOut]) -> None:
    index = IdIndex(listing, ids("a", "b"), left_out)
    again = IdIndex.unpack(index.pack())
    assert (again.inputs, again.left_out, again.digests.packed()) == (listing, left_out, index.digests.packed())
    assert again.pack() == index.pack()


def test_an_index_without_anything_left_out_has_the_bytes_of_old_and_an_old_one_is_read() -> None:
    old = b'{"inputs":{"parts/p":"\\"e\\""}}\n' + digest_of(b"a")
    assert IdIndex({"parts/p": '"e"'}, ids("a")).pack() == old
    assert not IdIndex.unpack(old).left_out
    assert digest_of_left_out({}) == ""
    listed = f"{b'f'.hex()} {digest_of_listing({'parts/p': 'e'})} ".encode()
    assert digest_of_inputs(b"f", {"parts/p": "e"}, ids("a")) == sha256(listed + digest_of(b"a")).hexdigest()


def test_what_is_left_out_is_part_of_what_a_file_is_made_of() -> None:
    inputs = {"p": "e"}
    digests = {
        digest_of_inputs(b"f", inputs, NONE, left_out)
        for left_out in ({}, {"p": LeftOut("e")}, {"p": LeftOut("e", (0,))}, {"p": LeftOut("e", (0, 1))})
    }
    assert len(digests) == 4


def test_what_was_left_out_is_neither_unmerged_nor_merged_until_it_is_another() -> None:
    listing = {"good": "1", "some": "2", "whole": "3"}
    left_out = {"some": LeftOut("2", (0,)), "whole": LeftOut("3")}
    index = IdIndex().with_inputs(listing, ids("a"), left_out)
    assert index.inputs == {"good": "1", "some": "2"}
    assert index.unmerged(listing) == []
    assert index.unmerged({**listing, "whole": "4"}) == ["whole"]
    assert index.expired({"good": "1"}) == ["some"]
    again = index.with_inputs({**listing, "whole": "4"}, ids("a", "b"), {"some": LeftOut("2", (0,))})
    assert again.inputs == {"good": "1", "some": "2", "whole": "4"}
    assert again.left_out == {"some": LeftOut("2", (0,))}


def test_the_ids_that_only_left_out_records_have_are_not_in_the_index() -> None:
    index = IdIndex({}, ids("a", "b", "c"))
    merged = index.with_inputs({"p": "1"}, ids("a", "d"), {"p": LeftOut("1", (0, 1))}, absent=ids("a", "b"))
    assert merged.digests.packed() == ids("a", "c", "d").packed()


@pytest.mark.parametrize("left_out", [b"[]", b'{"p":"e"}', b'{"p":["e",["x"]]}', b'{"p":["e",3]}', b"7"])
def test_an_index_whose_head_is_not_ours_is_damaged(left_out: bytes) -> None:
    with pytest.raises(DamagedIndex):
        IdIndex.unpack(b'{"inputs":{},"left_out":' + left_out + b"}\n")
