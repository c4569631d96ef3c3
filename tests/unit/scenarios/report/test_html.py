"""The page of a report stands alone, and tells of each run what it showed, when, and how to repeat it."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from tests.unit.scenarios.report.reports_example import LOSSY, TIMELINE, UNSURE, WHOLE
from wavetank.scenarios.oracle.hops import Hop
from wavetank.scenarios.oracle.timeline import Timeline
from wavetank.scenarios.report.html import page
from wavetank.scenarios.report.timeline_svg import figure

PAGE = page([LOSSY, WHOLE, UNSURE], datetime(2026, 1, 2, 3, 4, tzinfo=UTC))
VOID = {"meta", "br", "path"}


class Nesting(HTMLParser):
    """Notes the tags that are open, and those closed out of turn."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.drawings = 0
        self.described = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.drawings += tag == "svg"
        self.described += tag in ("title", "desc") and "svg" in self.open
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


@pytest.fixture(scope="module")
def read() -> Nesting:
    nesting = Nesting()
    nesting.feed(PAGE)
    return nesting


def test_every_element_is_closed_in_its_turn(read: Nesting) -> None:
    assert (read.open, read.wrong) == ([], [])


def test_every_drawing_has_a_title_and_a_description(read: Nesting) -> None:
    assert read.drawings == 2 * (len(Hop) + 1)
    assert read.described == 2 * read.drawings


def test_nothing_is_fetched_and_nothing_is_run() -> None:
    assert not re.search(r"https?:|<script|<link|<img|@import|url\(|\bon\w+=", PAGE)


def test_each_run_has_hypothesis_verdict_timeline_ledger_and_the_command_that_repeats_it() -> None:
    for report in (LOSSY, WHOLE):
        section = PAGE[PAGE.index(f'name">{report.name}<') :].partition("</section>")[0]
        assert f'class="verdict {report.verdict}"' in section
        assert "Nothing is lost &lt;whatever&gt; happens." in section
        assert section.count("<svg") == len(Hop) + 1
        assert "healed at 1.8 s" in section
        assert "last change at rest at 2.8 s" in section
        assert '<table class="ledger">' in section
        assert f"wavetank drill {report.name} --seed 7 --events 4" in section


def test_what_did_not_pass_is_told_before_any_fold() -> None:
    section = PAGE[PAGE.index('name">lossy<') :].partition("</section>")[0]
    assert "1 click lost, such as &lt;c1&gt; &amp; co" in section.partition("<details>")[0]
    assert '<td class="wrong">1</td>' in section
    assert '<td class="wrong text">conservation; 1 lost</td>' in PAGE


def test_the_ledger_by_hop_marks_the_hop_that_events_did_not_reach_and_tells_copies() -> None:
    lossy, whole = (PAGE[PAGE.index(f'name">{name}<') :].partition("</section>")[0] for name in ("lossy", "whole"))
    told = "1 of 4 events were lost between parts and merged"
    assert (told in lossy, told in whole) == (True, False)
    hops = lossy[lossy.index('<table class="hops">') :].partition("</table>")[0]
    assert hops.count('<td class="wrong">3') == 1
    assert hops.count('3<span class="soft"> +1</span>') == 2
    assert whole.count("<td>4</td>") >= len(Hop)


def test_a_run_of_which_nothing_is_known_says_so() -> None:
    section = PAGE[PAGE.index('name">unsure<') :].partition("</section>")[0]
    assert "No timeline" in section
    assert "No ledger:" in section
    assert "No ledger by hop" in section


def test_the_numbers_of_the_timeline_are_there_as_a_table() -> None:
    drawn = figure("lossy", TIMELINE)
    assert drawn.count('<th scope="row">') == TIMELINE.seconds
    assert "healed at 1.8 s" in drawn
    assert "inject drop" in drawn


def test_a_timeline_that_could_not_be_read_says_why() -> None:
    assert "nothing &lt;answers&gt;" in figure("lossy", Timeline(1.0, problem="nothing <answers>"))
