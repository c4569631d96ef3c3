"""This pipeline, as it would run on AWS, on a stack of the test session's own. The fixtures come with wavetank."""

from datetime import UTC, datetime

AT = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
VISIT = {"event_id": "v-1", "event_time": AT, "page": "/pricing", "visitor": "u-1"}


def test_a_visit_that_is_sent_twice_lands_once_with_its_section(pipeline, ledger):
    pipeline.feed("visit", [VISIT, VISIT])
    pipeline.tick()
    (landed,) = pipeline.read("visit")
    assert (landed["event_id"], landed["section"]) == ("v-1", "sales")
    assert ledger().quarantined == 0


def test_a_lost_notification_costs_nothing(pipeline, faults, settle, ledger):
    with faults.drop("s3.notification", match={"key": "chunks/*"}) as lost:
        pipeline.feed_synthetic(100, seed=7)
        settle()
    assert lost.firings()
    assert ledger().landed == 0
    pipeline.tick()
    assert ledger().landed == ledger().acknowledged == 100
    assert ledger().duplicated == ledger().quarantined == 0
