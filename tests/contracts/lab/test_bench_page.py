from __future__ import annotations

import re
from datetime import UTC, datetime
from fractions import Fraction
from html.parser import HTMLParser

from reviewbot.domain.money import PicoUsd, Usage
from reviewbot.lab.bench_page import bench_page
from reviewbot.lab.load import Run, Sample, Series
from reviewbot.lab.profile import Profile
from reviewbot.lab.report import Report
from reviewbot.models.streaming import Streamed

_VOID = {"meta", "link", "br", "img", "input", "hr"}


class Reader(HTMLParser):
    """Checks that what is opened is closed, and collects what could load anything."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loads: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.loads += [name for name, _ in attrs if name in {"src", "href", "srcset", "xlink:href"}]
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def answered(number: int, first: float) -> Sample:
    usage = Usage(2_000, 100)
    told = Streamed(first, first + 2, first + 2.01, 100, False, usage, "m")  # noqa: FBT003
    return Sample(number, number / 10, told.total, "", told, usage, PicoUsd(10**9))


def failed(number: int) -> Sample:
    return Sample(number, number / 10, 0.2, "http-429")


def report(*series: Series) -> Report:
    run = Run(series, 10.0, (0.0001, 0.0002))
    at = datetime(2026, 11, 25, 12, tzinfo=UTC)
    return Report.of(at, Profile(), Fraction(999, 1000), run, PicoUsd(10**12))


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    assert reader.open == []
    return reader


TWO = report(
    Series("quick", tuple(answered(n, 0.1) for n in range(20)), PicoUsd(0)),
    Series("slow", (*(answered(n, 0.3) for n in range(10)), failed(10)), PicoUsd(0)),
)


def test_the_page_needs_nothing_else() -> None:
    html = bench_page(TWO)
    reader = read(html)
    assert reader.loads == []
    assert "script" not in reader.tags
    assert "http" not in html.replace("http-equiv", "").replace("http-429", "")
    assert "default-src 'none'" in html


def test_the_page_shows_figures_winners_and_failures() -> None:
    text = " ".join(re.sub(r"<[^>]+>", " ", bench_page(TWO)).split())
    assert "Quickest first token 100 ms quick" in text
    assert "91%" in text or "90.9%" in text
    assert "http-429 × 1" in text
    assert "Percentiles are nearest-rank" in text


def test_foreign_names_stay_text() -> None:
    evil = Series('<script>alert("x")</script>\u202e', (answered(0, 0.1),), PicoUsd(0))
    html = bench_page(report(evil))
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "\u202e" not in html


def test_a_run_without_answers_has_a_page_too() -> None:
    html = bench_page(
        report(Series("a", (failed(0),), PicoUsd(0)), Series("b", (), PicoUsd(0), "not"))
    )
    read(html)
    assert "no answer" in html


def test_nobody_wins_a_tie() -> None:
    same = tuple(answered(n, 0.1) for n in range(5))
    html = bench_page(report(Series("a", same, PicoUsd(0)), Series("b", same, PicoUsd(0))))
    assert "Quickest first token" not in html
