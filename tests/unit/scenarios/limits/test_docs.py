"""The page about limits lists what the code has."""

import re
from pathlib import Path

from wavetank.emulator.limits.register import KINDS
from wavetank.scenarios.drills.catalogue import tagged
from wavetank.scenarios.limits.quotas import QUOTAS
from wavetank.scenarios.spec.drill import Tag


def rows(root: Path, heading: str) -> list[list[str]]:
    """The cells of the table under a heading row that begins with this."""
    text = (root / "docs" / "limits.md").read_text()
    table = re.search(rf"^\| {heading} \|.*\n\| --- .*\n((?:\|.*\n)+)", text, re.MULTILINE)
    assert table is not None
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[1].splitlines()]


def test_the_page_has_every_quota_with_its_default_and_source(root: Path) -> None:
    assert rows(root, "quota") == [
        [
            f"`{quota.name}`",
            quota.service,
            f"{quota.value:,.0f} {quota.unit}",
            "yes" if quota.can_be_raised else "no",
            f"[{quota.service}]({quota.source})",
        ]
        for quota in QUOTAS
    ]


def test_the_page_has_every_limit_that_can_be_enforced(root: Path) -> None:
    assert rows(root, "limit") == [[f"`{limit}`", f"{kind.value:,} {kind.unit}"] for limit, kind in KINDS.items()]


def test_every_limit_that_can_be_enforced_has_a_drill_that_the_page_names(root: Path) -> None:
    text = (root / "docs" / "limits.md").read_text()
    drills = tagged([Tag.LIMITS])
    enforced = {getattr(nemesis, "limit", None) for drill in drills for nemesis in drill.nemeses}
    assert enforced >= KINDS.keys()
    assert all(f"Drill: `{drill.name}`" in text for drill in drills)
