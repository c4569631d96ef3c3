"""The files that report a command's runs: written anew while it runs, so that nothing is lost when it breaks off."""

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from wavetank.scenarios.run.report import Report
from wavetank.scenarios.run.report import document as document_of
from wavetank.scenarios.run.skips import Skip

KEPT_FOR_S = 5.0
"""Files that are younger are not written anew for one run more."""


@dataclass
class Outputs:
    """Where to write JSON, JUnit XML and the page; None where it is not wanted."""

    json: Path | None = None
    junit: Path | None = None
    html: Path | None = None
    _written: float | None = field(default=None, init=False)

    def keep(self, reports: Sequence[Report], skips: Sequence[Skip] = ()) -> None:
        """Write as `write` does, unless that was done a moment ago: every run is written anew each time."""
        if self._written is None or time.monotonic() - self._written > KEPT_FOR_S:
            self.write(reports, skips)

    def write(self, reports: Sequence[Report], skips: Sequence[Skip] = ()) -> None:
        """Write all that is wanted; the page is about what was held. Raises OSError."""
        from wavetank.scenarios.report.ci import junit
        from wavetank.scenarios.report.html import page

        if self.json is not None:
            write_json(self.json, document_of(reports) | {"skipped": [asdict(skip) for skip in skips]})
        if self.junit is not None:
            _write(self.junit, junit(reports, skips))
        if self.html is not None:
            _write(self.html, page(reports, datetime.now(UTC)))
        self._written = time.monotonic()


def summarise(reports: Sequence[Report]) -> None:
    """Add the runs to the summary of the step, when GitHub Actions runs this. Raises OSError."""
    from wavetank.scenarios.report.ci import SUMMARY_VARIABLE, markdown

    if named := os.environ.get(SUMMARY_VARIABLE):
        with Path(named).open("a", encoding="utf-8") as summary:
            summary.write(markdown(reports))


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write a document as people can read it too, into a folder that is made where there is none. Raises OSError."""
    _write(path, json.dumps(document, indent=2) + "\n")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
