import pytest

from wavetank.emulator.kinesis.model import sequence
from wavetank.emulator.kinesis.model.sequence import Place

EPOCH = 1_700_000_000


@pytest.mark.parametrize("index", [0, 1, 2**40, sequence.LAST_INDEX])
@pytest.mark.parametrize("shard", [0, 7, 2**31])
def test_the_place_written_is_the_place_read(index: int, shard: int) -> None:
    number = sequence.number(EPOCH, index, shard)
    assert sequence.parse(str(number)) == Place(EPOCH, index, shard)


def test_a_sequence_number_has_56_digits() -> None:
    assert len(str(sequence.number(EPOCH, 1, 0))) == 56


def test_steps_from_the_base_are_the_numbers_of_the_indexes() -> None:
    assert sequence.base(EPOCH, 3) + 5 * sequence.STEP == sequence.number(EPOCH, 5, 3)


def test_every_number_of_a_later_epoch_is_greater() -> None:
    assert sequence.number(EPOCH, sequence.LAST_INDEX, 9) < sequence.number(EPOCH + 1, 0, 0)


@pytest.mark.parametrize("text", ["", "0", "abc", "-1", "1" * 56, "9" * 129, "٣"])
def test_what_this_format_cannot_produce_names_no_place(text: str) -> None:
    assert sequence.parse(text) is None
