"""Tables, plots and figures."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.money import PicoUsd, format_usd, parse_usd
from reviewbot.entrypoints.dashboard.figures import forecast, routing
from reviewbot.entrypoints.dashboard.plot import Bar, Stretch, columns, stack, timeline
from reviewbot.entrypoints.dashboard.span import BadSpan, presets, read_span
from reviewbot.entrypoints.dashboard.table import Column, Kind, Table, percent
from reviewbot.ledger.insight import Line
from reviewbot.ledger.sight import Sight, Span

NOTHING = PicoUsd(0)


def table(*rows: tuple[object, ...]) -> Table:
    kinds = (Kind.TEXT, Kind.USD, Kind.SHARE, Kind.TIME, Kind.DURATION)
    return Table(
        "t", "T", tuple(Column(f"c{n}", f"C{n}", kind) for n, kind in enumerate(kinds)), rows
    )


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t=", "\r="])
def test_no_cell_of_a_download_is_a_formula(begin: str) -> None:
    hostile = f'{begin}HYPERLINK("http://evil.example";"x")'
    text = table((hostile, 1, (1, 2), 0, 5)).csv()
    [_, row] = csv.reader(io.StringIO(text))
    assert row[0].startswith("'")


def test_downloads_are_exact() -> None:
    made = table(("a", 1, (1, 3), 1_000, 1_500), ("b", None, (0, 0), None, None))
    first, second = json.loads(made.json())
    assert first == {
        "c0": "a",
        "c1_usd": "0.000000000001",
        "c2": "0.3333",
        "c3": "1970-01-01T00:00:01.000+00:00",
        "c4_ms": 1500,
    }
    assert second == {"c0": "b", "c1_usd": None, "c2": None, "c3": None, "c4_ms": None}


def test_amounts_of_a_column_align() -> None:
    def shown(*usd: str) -> list[str]:
        made = table(*(("", parse_usd(each), (0, 1), 0, 0) for each in usd))
        return [cells[1] for _, cells in made.shown]

    assert shown("0.25", "0.00001", "0") == ["$0.2500", "<$0.0001", "\u2013"]
    assert shown("2.5", "0.25") == ["$2.500", "$0.250"]
    assert shown("1234.5", "0.25", "0.001") == ["$1,234.50", "$0.25", "<$0.01"]


def test_a_page_shows_the_first_rows_and_downloads_all() -> None:
    many = Table("t", "T", (Column("n", "N", Kind.COUNT),), [(n,) for n in range(9)], most=5)
    assert len(many.shown) == 5
    assert len(many.plain()) == 9


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [
        *((0, 10, "0 %"), (1, 1000, "0.1 %"), (5, 10, "50 %"), (1, 0, "\u2013"), (10, 10, "100 %")),
        *((1, 10_000, "<0.1 %"), (9_999, 10_000, "99.9 %"), (11, 10, "110 %")),
    ],
)
def test_shares_are_short(part: int, whole: int, said: str) -> None:
    assert percent(part, whole) == said


amounts = st.integers(min_value=0, max_value=10**18)


@given(st.lists(st.tuples(amounts, amounts, st.text()), max_size=40))
def test_plots_are_well_formed_and_say_what_they_show(rows: list[tuple[int, int, str]]) -> None:
    printable = [
        (a, b, "".join(sign for sign in text if sign.isprintable())) for a, b, text in rows
    ]
    bars = [Bar(text, (("settled", a), ("presumed", b)), text) for a, b, text in printable]
    drawn = ET.fromstring(columns("Costs", "<about>", bars, format_usd))  # noqa: S314 - our own
    plot = drawn[1]
    assert (plot[0].text, plot[1].text) == ("Costs", "<about>")
    heights = [float(each.get("height", "0")) for each in plot.iter("rect")]
    assert all(0 <= height <= 220 for height in heights)
    assert len(list(plot.iter("g"))) == len(bars)


@given(st.lists(amounts, min_size=1, max_size=5), amounts)
def test_a_stack_never_leaves_its_bar(values: list[int], whole: int) -> None:
    bar = Bar("", tuple(("settled", value) for value in values), "")
    drawn = ET.fromstring(stack("a", "b", bar, whole))  # noqa: S314 - our own
    for each in drawn.iter("rect"):
        assert 0 <= float(each.get("x", "0").rstrip("%")) <= 100


def test_small_parts_of_a_stack_are_seen_beside_each_other() -> None:
    bar = Bar("", (("settled", 1), ("presumed", 0), ("reserved", 1)), "")
    drawn = ET.fromstring(stack("a", "b", bar, 10**9))  # noqa: S314 - our own
    _, *parts = drawn.iter("rect")
    assert [(each.get("class"), each.get("x"), each.get("width")) for each in parts] == [
        ("settled", "0.000%", "0.800%"),
        ("reserved", "0.800%", "0.800%"),
    ]


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=30))
def test_calls_in_one_row_of_a_timeline_do_not_overlap(calls: list[tuple[int, int]]) -> None:
    stretches = [Stretch(begin, length, "cheap", "") for begin, length in calls]
    drawn = ET.fromstring(timeline("a", "b", stretches))  # noqa: S314 - our own
    rows: dict[str, list[float]] = {}
    for each in drawn.iter("rect"):
        rows.setdefault(each.get("y", ""), []).append(float(each.get("x", "0").rstrip("%")))
    assert sum(map(len, rows.values())) == len(calls)
    for begins in rows.values():
        assert begins == sorted(begins)


# --- figures ------------------------------------------------------------------------------------


def test_the_forecast_adds_the_usual_pace_for_what_is_left() -> None:
    noon = datetime(2026, 11, 25, 12, tzinfo=UTC)  # 5.5 days are left
    days = {f"{date(2026, 11, 24) - timedelta(days=n)}": 2 for n in range(28)}
    assert forecast(days, noon, "2026-01-01") == 24 * 2 + 11
    assert forecast({"2026-11-25": 7}, noon, "2026-11-25") == 7
    assert forecast({}, noon, "") == 0


def test_the_forecast_of_a_young_ledger_knows_only_its_own_days() -> None:
    midnight = datetime(2026, 11, 29, tzinfo=UTC)  # two days are left
    assert forecast({"2026-11-27": 4, "2026-11-28": 2}, midnight, "2026-11-27") == 6 + 2 * 3


def line(tier: str, spent: int, asked: int = 0, instead: int = 0) -> Line:
    amounts = map(PicoUsd, (spent, 0, asked, 0, instead))
    return Line((tier, tier), 0, 0, 1, 1_000, 100, *amounts)


def test_routing_is_compared_with_the_strong_model_alone_without_questions() -> None:
    lines = [line("cheap", 900, instead=14_000), line("strong", 1_900, asked=500)]
    routed = routing(lines, "large")
    assert routed is not None
    assert (routed.spent, routed.instead, routed.saved) == (2_300, 14_000, 11_700)
    assert routing(lines, "") is None
    assert routing(lines[1:], "large") is None


# --- spans and sights -----------------------------------------------------------------------------

days = st.dates(date(2024, 1, 1), date(2027, 12, 31))


@given(days, days)
def test_a_span_is_made_of_each_of_its_days_once(one: date, other: date) -> None:
    span = Span(min(one, other), max(one, other))
    sql, values = span.condition()
    texts = [str(value) for value in values]
    counted = 0
    if "month" not in sql:
        counted = span.days
    else:
        first_month, end_month, first, begin, end, last = texts
        month = date.fromisoformat(f"{first_month}-01")
        stop = date.fromisoformat(f"{end_month}-01")
        counted = (stop - month).days
        counted += (date.fromisoformat(begin) - date.fromisoformat(first)).days
        counted += (date.fromisoformat(last) - date.fromisoformat(end)).days + 1
        assert date.fromisoformat(begin) == month
        assert date.fromisoformat(end) == stop
    assert counted == span.days


@pytest.mark.parametrize(
    "arguments",
    [
        {"since": "2026-13-01"},
        {"until": "1.2.2026"},
        {"since": "2026-W01-1"},
        {"since": "2026-02-02", "until": "2026-02-01"},
        {"since": "2020-01-01", "until": "2026-01-01"},
        {"since": "0001-01-01", "until": "0001-01-02"},
        {"until": "0001-01-02"},
    ],
)
def test_what_is_no_span_is_refused(arguments: dict[str, str]) -> None:
    with pytest.raises(BadSpan):
        read_span(arguments, date(2026, 11, 25))


def test_thirty_days_are_usual() -> None:
    today = date(2026, 11, 25)
    usual = read_span({}, today)
    assert usual.days == 30
    assert [each.title for each in presets(today, usual) if each.is_current] == ["30 days"]


def test_a_narrow_sight_stays_narrow() -> None:
    narrow = Sight(frozenset({1}))
    assert narrow.within(2) == Sight(frozenset())
    assert narrow.within(None) == narrow
    assert Sight(frozenset()).condition() == "1 = 0"
    assert Sight().within(2) == Sight(frozenset({2}))
