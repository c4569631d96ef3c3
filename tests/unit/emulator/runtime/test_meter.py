"""Values are gathered by series and minute, and put in as few data as CloudWatch takes."""

from collections import Counter

import pytest
from localstack.services.plugins import SERVICE_PLUGINS

from wavetank.emulator.runtime import meter
from wavetank.emulator.runtime.clock import Clock
from wavetank.emulator.runtime.cloudwatch import MetricData, Place
from wavetank.emulator.runtime.meter import MAX_VALUES, Meter, Series, data_of

SERIES = Series(Place("0", "us-east-1"), "AWS/Test", "Count", (("Name", "a"),))


def test_equal_values_are_counted() -> None:
    [datum] = data_of({(SERIES, 120): Counter({1.0: 3, 2.5: 1})})[SERIES.place, "AWS/Test"]
    assert (datum["Values"], datum["Counts"]) == ([1.0, 2.5], [3.0, 1.0])
    assert datum["Dimensions"] == [{"Name": "Name", "Value": "a"}]
    assert datum["Timestamp"].timestamp() == 120


def test_more_values_than_a_datum_has_room_for_are_a_statistic_set() -> None:
    [datum] = data_of({(SERIES, 0): Counter(range(MAX_VALUES + 1))})[SERIES.place, "AWS/Test"]
    assert datum["StatisticValues"] == {"SampleCount": 151.0, "Sum": 11325, "Minimum": 0, "Maximum": 150}
    assert "Values" not in datum


def test_values_wait_until_cloudwatch_is_in_use_and_have_the_minute_of_the_emulator(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, in_use, put = Clock(), False, list[MetricData]()
    monkeypatch.setattr(SERVICE_PLUGINS, "is_running", lambda _service: in_use)
    monkeypatch.setattr(meter, "put_metric_data", put.append)
    measured = Meter("test.meter", clock.now)
    measured.add([(SERIES, 1), (SERIES, 1)])
    minute = clock.now() // 60 * 60
    clock.advance(3600)
    measured.add([(SERIES, 5)])
    measured.watch("gauge", lambda now: [(SERIES, now - 3600, 7)])
    assert not measured.can_be_sent()
    in_use = True
    assert measured.can_be_sent()
    measured.unwatch("gauge")
    measured.send()
    first, second = put[0][SERIES.place, "AWS/Test"]
    assert (first["Timestamp"].timestamp(), first["Values"], first["Counts"]) == (minute, [1.0, 7.0], [2.0, 1.0])
    assert (second["Timestamp"].timestamp(), second["Values"]) == (minute + 3600, [5.0])
    assert not measured.can_be_sent()
