"""As `graded`, with two mistakes: some clicks raise, and of some others a field is returned that there is not."""

from typing import Any

from wavetank.pipeline.enrichment import Drop, Reference

REFERENCES = ("campaigns",)
LAST_PLACE = 2
GRADES = {2: "below"}


def enrich(event: dict[str, Any], reference: Reference) -> dict[str, Any] | Drop | None:
    """The click with its grade, where all goes well."""
    position = event["position"]
    if position is None:
        return None
    if position > LAST_PLACE:
        return Drop("far down the page")
    known = reference.find("campaigns", event["campaign"]) is not None
    grade = {"grade": GRADES[position], "known": "yes" if known else "no"}
    if event["event_time"] % 2:
        return event | grade
    return event | {"attributes": event["attributes"] | grade}
