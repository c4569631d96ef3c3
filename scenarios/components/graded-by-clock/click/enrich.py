"""As `graded`, and says when it did so, which is other each time."""

import time
from typing import Any

from wavetank.pipeline.enrichment import Drop, Reference

REFERENCES = ("campaigns",)
LAST_PLACE = 2


def enrich(event: dict[str, Any], reference: Reference) -> dict[str, Any] | Drop | None:
    """The click with its grade, and the time of day."""
    position = event["position"]
    if position is None:
        return None
    if position > LAST_PLACE:
        return Drop("far down the page")
    known = reference.find("campaigns", event["campaign"]) is not None
    grade = {"grade": "top" if position == 1 else "below", "known": "yes" if known else "no"}
    return event | {"attributes": event["attributes"] | grade | {"graded_at": str(time.time_ns())}}
