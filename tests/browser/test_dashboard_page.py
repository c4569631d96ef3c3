"""The page of dashboards in a real browser: drawn at any width, light and dark, with nothing that sticks out."""

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Browser
from tests.unit.scenarios.dashboard.drawings import deployed, figures_of
from wavetank.scenarios.dashboard.page import page

DARK = "--blink-settings=preferredColorScheme=0"
FRAME = """<!doctype html><meta charset="utf-8"><body style="margin:0">
<iframe style="border:0" width="WIDTH" height="1000" srcdoc="PAGE"></iframe>
<script>
addEventListener("load", () => {
  const page = document.querySelector("iframe").contentDocument;
  const box = (element) => element.getBoundingClientRect();
  const all = (chosen) => [...page.querySelectorAll(chosen)];
  const brightness = (colour) => colour.match(/\\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) / 765;
  const outside = all("path.line, path.dot").filter((line) => {
    const inner = box(line), outer = box(line.ownerSVGElement);
    return inner.top < outer.top - 1 || inner.bottom > outer.bottom + 1
      || inner.left < outer.left - 1 || inner.right > outer.right + 1;
  });
  const widgets = all(".widget"), first = all("#dashboard-2 .widget");
  document.body.dataset.measured = JSON.stringify({
    lines: all("path.line").filter((line) => box(line).width > 0).length,
    flat: all(".plot svg").filter((drawing) => box(drawing).height < 100 || box(drawing).width < 100).length,
    outside: outside.length,
    overflow: page.documentElement.scrollWidth - page.documentElement.clientWidth,
    clipped: widgets.filter((widget) => widget.scrollWidth > widget.clientWidth + 1).length,
    columns: first.filter((widget) => Math.abs(box(widget).top - box(first[0]).top) < 1).length,
    ground: brightness(getComputedStyle(page.body).backgroundColor),
    ink: brightness(getComputedStyle(page.body).color),
  });
});
</script>
"""
"""A frame of this width, as a window cannot be as narrow as a phone; it asks the page in it what is drawn."""


def measured(browser: Browser, folder: Path, text: str, width: int, *options: str) -> dict[str, Any]:
    """What the browser has drawn of a page at a width."""
    file = folder / "frame.html"
    file.write_text(FRAME.replace("WIDTH", str(width)).replace("PAGE", html.escape(text)), encoding="utf-8")
    dom = browser.dom(file.as_uri(), "--window-size=2700,1100", *options)
    found = re.search(r'data-measured="([^"]*)"', dom)
    assert found is not None
    return dict(json.loads(html.unescape(found[1])))


@pytest.fixture(scope="module")
def written(root: Path) -> str:
    dashboards = deployed(root)
    return page(list(dashboards.values()), figures_of(dashboards), "http://127.0.0.1:4566")


@pytest.mark.parametrize(("width", "columns"), [(390, 1), (800, 2), (1280, 4), (2560, 4)])
def test_every_chart_is_drawn_and_nothing_sticks_out(
    written: str, browser: Browser, tmp_path: Path, width: int, columns: int
) -> None:
    seen = measured(browser, tmp_path, written, width)
    assert seen["lines"] == written.count('<path class="line') > 100
    assert (seen["flat"], seen["outside"], seen["overflow"], seen["clipped"]) == (0, 0, 0, 0)
    assert seen["columns"] == columns


def test_it_is_light_or_dark_as_its_reader_likes(written: str, browser: Browser, tmp_path: Path) -> None:
    light = measured(browser, tmp_path, written, 1280, "--blink-settings=preferredColorScheme=1")
    dark = measured(browser, tmp_path, written, 1280, DARK)
    assert light["ground"] > 0.9 > 0.3 > light["ink"]
    assert dark["ground"] < 0.2 < 0.8 < dark["ink"]
