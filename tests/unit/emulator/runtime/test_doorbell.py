"""A bell rings for those who listen to that resource, and for nobody else."""

from wavetank.emulator.runtime.clock import Alarm
from wavetank.emulator.runtime.doorbell import Doorbell

STREAM = "arn:aws:kinesis:us-east-1:000000000000:stream/one"
OTHER = "arn:aws:kinesis:us-east-1:000000000000:stream/two"


def test_every_listener_of_a_resource_hears_its_bell() -> None:
    bell, first, second = Doorbell(), Alarm(), Alarm()
    bell.listen(STREAM, first)
    bell.listen(STREAM, second)
    bell.ring(STREAM)
    assert first.is_set()
    assert second.is_set()


def test_the_bell_of_another_resource_is_not_heard() -> None:
    bell, alarm = Doorbell(), Alarm()
    bell.listen(STREAM, alarm)
    bell.ring(OTHER)
    assert not alarm.is_set()


def test_who_stopped_listening_hears_nothing() -> None:
    bell, alarm = Doorbell(), Alarm()
    bell.listen(STREAM, alarm)
    bell.unlisten(STREAM, alarm)
    bell.ring(STREAM)
    assert not alarm.is_set()


def test_unlistening_twice_or_to_the_unknown_is_harmless() -> None:
    bell, alarm = Doorbell(), Alarm()
    bell.unlisten(STREAM, alarm)
    bell.listen(STREAM, alarm)
    bell.unlisten(STREAM, alarm)
    bell.unlisten(STREAM, alarm)
