"""Metrics that functions write to their log are such as CloudWatch reads there."""

import pytest

from wavetank.emulator.lambda_.service.emf import metrics_of
from wavetank.pipeline.aws.metrics import count_dropped


def test_each_reason_for_which_events_are_dropped_is_a_metric_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    count_dropped("click", {"a test order": 3, "unstated": 1})
    metrics = [metric for line in capsys.readouterr().out.splitlines() for metric in metrics_of(line)]
    assert [(each.namespace, each.name, dict(each.dimensions), each.values) for each in metrics] == [
        ("wavetank", "Dropped", {"EventType": "click", "Reason": "a test order"}, (3.0,)),
        ("wavetank", "Dropped", {"EventType": "click", "Reason": "unstated"}, (1.0,)),
    ]


def test_nothing_is_written_where_nothing_is_dropped(capsys: pytest.CaptureFixture[str]) -> None:
    count_dropped("click", {})
    assert capsys.readouterr().out == ""
