"""A queued event waits a moment for a free environment, and never for long."""

import threading
import time

from wavetank.emulator.deliveries.lambda_async import Places

FOREVER_S = 30.0
AT_ONCE_S = 5.0


def test_an_attempt_waits_for_a_place_that_is_given_back() -> None:
    places, got = Places(1, FOREVER_S), list[bool]()

    def take() -> None:
        with places.one() as is_place:
            got.append(is_place)

    with places.one():
        other = threading.Thread(target=take)
        other.start()
        assert got == []
    other.join(FOREVER_S)
    assert got == [True]


def test_after_one_has_waited_in_vain_nobody_waits_until_a_place_is_given_back() -> None:
    places = Places(1, 0.01)
    with places.one() as first:
        with places.one() as second:
            assert (first, second) == (True, False)
        places._patience_s = FOREVER_S
        began = time.monotonic()
        with places.one() as third:
            assert not third
        assert time.monotonic() - began < AT_ONCE_S
    with places.one() as fourth:
        assert fourth


def test_a_place_is_given_back_by_an_attempt_that_fails() -> None:
    places = Places(1, FOREVER_S)
    for _ in range(3):
        try:
            with places.one() as is_place:
                assert is_place
                raise ValueError
        except ValueError:
            pass
