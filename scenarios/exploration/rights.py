"""The rights that the template gives, and which of them were used: by a stack, or by all that wrote to a file.

Least privilege has two sides. A right that is missing is refused where it is needed, so that a drill fails; one that is
too much shows only in that nothing ever uses it. `pipeline/template/rights.toml` lists those that may stay, with why.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wavetank.emulator.errors import CallerError
from wavetank.emulator.stack.environment import RIGHTS_VARIABLE
from wavetank.pipeline.components.references import Database
from wavetank.pipeline.template.rights import Listed, Right, entry, resolved

UNSEEN = ("sts:AssumeRole", "Deny ")
"""Beginnings of rights that are not about a call of a role: who may take it, and what a bucket denies everybody."""


@dataclass(frozen=True)
class Use:
    """A right of a role, how often it was used, and the reason that the list gives for its never being used."""

    holder: str
    right: str
    times: int
    reason: str

    @property
    def is_as_listed(self) -> bool:
        """Whether it was used, or the list says why not; and not both."""
        return (self.times > 0) is not bool(self.reason)


@dataclass(frozen=True)
class Deployed:
    """A template where it is deployed; types: logical id → name of each event type; the databases that are read."""

    template: Mapping[str, Any]
    types: Mapping[str, str]
    account: str
    region: str
    databases: tuple[Database, ...] = ()


Times = Mapping[tuple[str, str, str], int]
"""Holder, action and resource of a part of a policy → how often it allowed something."""


def uses_of(given: Iterable[Right], times: Times, deployed: Deployed, known: Listed) -> list[Use]:
    """The uses of rights that a template gives; those of event types are taken together."""
    totals: Counter[tuple[str, str]] = Counter()
    for right in given:
        if right.action.startswith(UNSEEN):
            continue
        name = resolved(right.resource, deployed.template, deployed.account, deployed.region)
        holder = _invoked(right) or right.holder
        totals[entry(right, deployed.types, deployed.databases)] += sum(
            number
            for (user, action, resource), number in times.items()
            if user == holder and action == right.action and (resource == name or right.principal)
        )
    return [Use(holder, text, totals[holder, text], known.unused.get((holder, text), "")) for holder, text in totals]


def table(uses: Iterable[Use]) -> str:
    """The uses for a person to read."""
    lines = []
    for use in uses:
        why = use.reason or ("" if use.times else "not in the list of rights that nothing uses")
        lines.append(f"{use.times:>6}  {use.holder}: {use.right}" + (f"\n        {why}" if why else ""))
    return "\n".join(lines) or "Every right was used."


def _invoked(right: Right) -> str:
    """The function that a permission is for, or the topic of a policy: it is by those that a use is known."""
    if not right.principal:
        return ""
    return right.resource.removeprefix("${").partition("}")[0].removesuffix(".Arn")


def read(files: Iterable[Path]) -> Times:
    """The uses that stacks wrote to files. Raises CallerError for one that cannot be read."""
    try:
        return counted(json.loads(line) for path in files for line in path.read_text().splitlines())
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CallerError(
            f"the rights that were used cannot be read: {error}", f"Let stacks write them: {RIGHTS_VARIABLE}=FILE."
        ) from error


def counted(used: Iterable[Mapping[str, Any]]) -> Times:
    """The uses of which each says `holder`, `action` and `resource`, and `times` where it was more than once."""
    times: Counter[tuple[str, str, str]] = Counter()
    for use in used:
        times[use["holder"], use["action"], use["resource"]] += use.get("times", 1)
    return times
