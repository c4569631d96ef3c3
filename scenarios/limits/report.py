"""The limits of a stage as JSON, and as text for people. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wavetank.scenarios.limits.limits import Limit, first_to_bite
from wavetank.scenarios.limits.quotas import Quota

FIRST = 5


@dataclass(frozen=True, slots=True)
class Assessment:
    """The limits of a stage under a load, in a region; measured_on: where the ratios are from, in words.

    enforced: the limits that the stack which is up holds its account to, by name.
    """

    limits: Sequence[Limit]
    events_per_s: float
    region: str
    measured_on: str
    enforced: Mapping[str, float]

    @property
    def exceeded(self) -> list[Limit]:
        """The limits that the load exceeds."""
        return [limit for limit in self.limits if limit.is_exceeded(self.events_per_s)]


def document(assessment: Assessment) -> dict[str, Any]:
    """The assessment as JSON; `bites_at` is in events a second, null for never."""
    load = assessment.events_per_s
    return {
        "events_per_s": load,
        "region": assessment.region,
        "ratios": assessment.measured_on,
        "enforced": dict(assessment.enforced),
        "limits": [
            {
                "quota": limit.quota.name,
                "service": limit.quota.service,
                "subject": limit.subject,
                "unit": limit.quota.unit,
                "limit": limit.value,
                "need": limit.need(load),
                "headroom": limit.headroom(load),
                "exceeded": limit.is_exceeded(load),
                "bites_at": limit.bites_at(),
                "can_be_raised": limit.quota.can_be_raised,
                "remedy": limit.quota.remedy,
                "source": limit.quota.source,
            }
            for limit in assessment.limits
        ],
        "first": [
            {"quota": limit.quota.name, "subject": limit.subject, "bites_at": bites_at}
            for bites_at, limit in first_to_bite(assessment.limits)
        ],
    }


def rows(assessment: Assessment) -> list[list[str]]:
    """The tightest subject of each quota: a row of headings, then one a quota, the least headroom first."""
    load = assessment.events_per_s
    tightest: dict[str, Limit] = {}
    for limit in assessment.limits:
        other = tightest.get(limit.quota.name)
        if other is None or (limit.headroom(load), limit.bites_at() or 0) < (
            other.headroom(load),
            other.bites_at() or 0,
        ):
            tightest[limit.quota.name] = limit
    ordered = sorted(tightest.values(), key=lambda limit: limit.headroom(load))
    return [
        ["quota", "limit", "need", "headroom", "bites at", "raised", "of"],
        *(
            [
                limit.quota.name,
                f"{limit.value:,.0f} {limit.quota.unit}",
                f"{limit.need(load):,.4g}",
                f"{limit.headroom(load):.0%}",
                _load(limit.bites_at()),
                "yes" if limit.quota.can_be_raised else "no",
                limit.subject,
            ]
            for limit in ordered
        ),
    ]


def summary(assessment: Assessment) -> Iterator[str]:
    """What the limits are held against."""
    yield f"{assessment.events_per_s:,.6g} events/s, {assessment.region}; ratios: {assessment.measured_on}"
    for name, value in assessment.enforced.items():
        yield f"the stack holds its account to {name} = {value:,.6g}"


def findings(assessment: Assessment) -> Iterator[str]:
    """What is exceeded, and what bites first, with what helps; each quota once, with all of its subjects."""
    load = assessment.events_per_s
    for quota, limits in _by_quota(assessment.exceeded).items():
        most = max(limit.need(load) for limit in limits)
        yield f"exceeded: {quota.name} of {_subjects(limits)}: {most:,.4g} of {limits[0].value:,.4g} {quota.unit}"
        yield f"  {_remedy(quota)}"
    bites = {limit: bites_at for bites_at, limit in first_to_bite(assessment.limits) if bites_at > load}
    for quota, limits in list(_by_quota(bites).items())[:FIRST]:
        yield f"next at {_load(bites[limits[0]])}: {quota.name} of {_subjects(limits[:1])}; {_remedy(quota)}"


def _by_quota(limits: Iterable[Limit]) -> dict[Quota, list[Limit]]:
    by_quota: dict[Quota, list[Limit]] = {}
    for limit in limits:
        by_quota.setdefault(limit.quota, []).append(limit)
    return by_quota


def _subjects(limits: Sequence[Limit]) -> str:
    return "; ".join(limit.subject for limit in limits)


def _remedy(quota: Quota) -> str:
    asked = "AWS raises it on request" if quota.can_be_raised and not quota.remedy else quota.remedy or "it stands"
    return f"{asked} ({quota.source})"


def _load(events_per_s: float | None) -> str:
    return "never" if events_per_s is None else f"{events_per_s:,.4g} events/s"
