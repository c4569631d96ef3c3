"""The page about costs lists what the code has."""

import re
from pathlib import Path

from wavetank.scenarios.cost.findings import CHANGES
from wavetank.scenarios.flow.ratios import RATIOS


def rows(root: Path, heading: str) -> list[list[str]]:
    """The cells of the table under a heading row that begins with this."""
    text = (root / "docs" / "cost.md").read_text()
    table = re.search(rf"^\| {heading} \|.*\n\| --- .*\n((?:\|.*\n)+)", text, re.MULTILINE)
    assert table is not None
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[1].splitlines()]


def test_the_page_has_every_ratio_with_its_default(root: Path) -> None:
    expected = [
        [
            f"`{ratio.name}`",
            f"{ratio.default:,g} {ratio.unit}".rstrip(),
            ratio.meaning,
            ratio.source or "never measured",
        ]
        for ratio in RATIOS
    ]
    assert rows(root, "ratio") == expected


def test_the_page_has_every_change(root: Path) -> None:
    assert rows(root, "change") == [[f"`{change.name}`", change.what] for change in CHANGES]
