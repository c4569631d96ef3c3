"""The actions of composite alarms are suppressed as in the six examples of "Suppressing composite alarm actions"."""

import pytest

from wavetank.emulator.cloudwatch.core.suppression import Periods, Suppression, Suppressor

PERIODS = Periods(wait_s=2, extension_s=3)
ALARM, OK = "ALARM", "OK"

EXAMPLES = {
    "actions are not suppressed after the wait period": ([(2, "composite", ALARM)], [(4, ALARM)]),
    "actions are suppressed by the alarm before the wait period ends": (
        [(2, "composite", ALARM), (3, "suppressor", ALARM)],
        [],
    ),
    "another change of state begins another wait period": (
        [(2, "composite", ALARM), (3, "composite", OK)],
        [(5, OK)],
    ),
    "a suppressor that rings already suppresses at once": ([(1, "suppressor", ALARM), (2, "composite", ALARM)], []),
    "actions are not suppressed after the extension period": (
        [(2, "composite", ALARM), (3, "suppressor", ALARM), (6, "suppressor", OK)],
        [(9, ALARM)],
    ),
    "a change of state ends the extension period and begins a wait period": (
        [(2, "composite", ALARM), (3, "suppressor", ALARM), (6, "suppressor", OK), (7, "composite", OK)],
        [(9, OK)],
    ),
    "nothing is owed where nothing has changed": ([(3, "suppressor", ALARM), (6, "suppressor", OK)], []),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_actions_are_taken_when(name: str) -> None:
    events, expected = EXAMPLES[name]
    suppression, state, rings, taken = Suppression(), OK, False, []
    for now in range(15):
        for _at, whose, to in (event for event in events if event[0] == now):
            if whose == "composite":
                state = to
                suppression = suppression.alarm_changed(now, PERIODS, suppressor_rings=rings)
            else:
                rings = to == ALARM
                suppression = suppression.suppressor_changed(now, PERIODS, rings=rings)
        suppression = suppression.elapsed(now)
        if suppression.takes_actions:
            taken.append((now, state))
            suppression = Suppression()
    assert taken == expected


def test_it_tells_by_what_actions_are_suppressed() -> None:
    waiting = Suppression().alarm_changed(0, PERIODS, suppressor_rings=False)
    suppressed = waiting.suppressor_changed(1, PERIODS, rings=True)
    extended = suppressed.suppressor_changed(5, PERIODS, rings=False)
    assert [each.by for each in (waiting, suppressed, extended)] == [
        Suppressor.WAIT_PERIOD,
        Suppressor.ALARM,
        Suppressor.EXTENSION_PERIOD,
    ]
    assert (waiting.until, suppressed.until, extended.until) == (2, None, 8)
