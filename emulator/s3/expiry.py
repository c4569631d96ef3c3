"""The moments at which life-cycle rules expire versions of objects and unfinished uploads. Pure.

Days are added to the time of writing, and the sum is rounded up to the next midnight UTC; of several rules the first
moment counts. A noncurrent version counts from when a newer one was written.
Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html and
.../lifecycle-expire-general-considerations.html
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any

DAY = timedelta(days=1)

type Rule = Mapping[str, Any]
"""A rule as PutBucketLifecycleConfiguration takes it."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version of an object, or a delete marker; `written`: UTC."""

    key: str
    written: datetime
    size: int = 0
    tags: Mapping[str, str] = field(default_factory=dict)
    is_marker: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Expiration:
    """The moment (UTC) at which a rule has an object expire."""

    moment: datetime
    rule_id: str


def midnight_after(moment: datetime, days: int = 0) -> datetime:
    """The moment so many days later, rounded up to the next midnight UTC."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + (days + 1) * DAY


def of_current(rules: Sequence[Rule], version: Version) -> Expiration | None:
    """The expiration of a current version that is no delete marker."""
    expirations = (_expiration(rule, version) for rule in rules if _is_for(rule, version))
    return min(filter(None, expirations), default=None)


def of_lone_marker(rules: Sequence[Rule], marker: Version) -> datetime | None:
    """The moment at which a delete marker goes that no version stands behind."""
    moments = []
    for rule in rules:
        if _is_for(rule, marker):
            at_once = rule.get("Expiration", {}).get("ExpiredObjectDeleteMarker")
            expiration = Expiration(marker.written, "") if at_once else _expiration(rule, marker)
            moments += [expiration.moment] if expiration is not None else []
    return min(moments, default=None)


def of_noncurrent(rules: Sequence[Rule], version: Version, since: datetime, newer: int) -> datetime | None:
    """The moment at which a version expires that is noncurrent `since` then; `newer`: how many of these are newer."""
    moments = []
    for rule in rules:
        limit = rule.get("NoncurrentVersionExpiration")
        if limit is not None and newer >= limit.get("NewerNoncurrentVersions", 0) and _is_for(rule, version):
            moments.append(midnight_after(since, limit.get("NoncurrentDays", 0)))
    return min(moments, default=None)


def of_upload(rules: Sequence[Rule], key: str, begun: datetime) -> datetime | None:
    """The moment at which an unfinished upload is aborted."""
    limits = (rule.get("AbortIncompleteMultipartUpload") for rule in rules if _is_for(rule, Version(key, begun)))
    return min((midnight_after(begun, limit["DaysAfterInitiation"]) for limit in limits if limit), default=None)


def expired(rules: Sequence[Rule], versions: Sequence[Version], now: datetime) -> Iterator[int]:
    """The positions of those versions of a key, the newest first, that have expired by now.

    The current one is at position 0; what becomes of it is for the bucket's versioning to say.
    """
    for position, version in enumerate(versions):
        if position:
            moment = of_noncurrent(rules, version, versions[position - 1].written, position - 1)
        elif version.is_marker:
            moment = of_lone_marker(rules, version) if len(versions) == 1 else None
        else:
            expiration = of_current(rules, version)
            moment = expiration.moment if expiration is not None else None
        if moment is not None and moment <= now:
            yield position


def _expiration(rule: Rule, version: Version) -> Expiration | None:
    limit = rule.get("Expiration", {})
    if "Days" in limit:
        return Expiration(midnight_after(version.written, limit["Days"]), rule.get("ID", ""))
    if "Date" in limit:
        return Expiration(limit["Date"].astimezone(UTC), rule.get("ID", ""))
    return None


def _is_for(rule: Rule, version: Version) -> bool:
    """Whether an enabled rule's filter takes a version; a rule without a filter takes all of its prefix, or all."""
    scope = rule.get("Filter") or {}
    scope = {**scope, **scope.get("And", {})}
    tags = [*scope.get("Tags", ()), *([scope["Tag"]] if "Tag" in scope else ())]
    return (
        rule.get("Status") == "Enabled"
        and version.key.startswith(scope.get("Prefix") or rule.get("Prefix") or "")
        and all(version.tags.get(tag["Key"]) == tag["Value"] for tag in tags)
        and scope.get("ObjectSizeGreaterThan", -1) < version.size < scope.get("ObjectSizeLessThan", inf)
    )
