"""An evaluation as one HTML page that needs nothing else: no scripts, no fonts, no network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewbot.domain.money import PICO_PER_USD, format_usd
from reviewbot.lab.axes import Axis, Tick, fitting
from reviewbot.lab.evaluation import frontier
from reviewbot.lab.labels import place_labels
from reviewbot.lab.page import TEMPLATES, Cell, Measure, cards
from reviewbot.lab.plots import COLOURS, Point, Points, tick_usd

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from reviewbot.lab.evaluation import Evaluation, Figures, Result

_COLUMNS = ("F1", "Precision", "Recall", "Right line", "USD per case", "USD per found defect")
_PERCENT = tuple(Tick(float(share), f"{share}%") for share in (0, 25, 50, 75, 100))


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    colour: int
    cells: tuple[Cell, ...]
    frontier: bool


@dataclass(frozen=True, slots=True)
class _CaseRow:
    name: str
    cells: tuple[Cell, ...]


def evaluation_page(evaluation: Evaluation) -> str:
    """The page as HTML."""
    known = evaluation.figures()
    cases = len({str(result.case) for result in evaluation.results})
    title = f"{cases} labelled case{'' if cases == 1 else 's'}, {len(known)} ways to route them"
    return TEMPLATES.get_template("evaluate.html").render(
        heading=f"reviewbot evaluate: {title}",
        title=title,
        at=evaluation.at,
        columns=_COLUMNS,
        rows=_rows(known),
        cards=cards(_MEASURES, [(each.routing, each) for each in known]),
        points=cost_and_quality(known),
        case_columns=("Expected", *(each.routing for each in known)),
        cases=_cases(evaluation, known),
        notes=evaluation.notes(),
    )


def percent(share: Fraction | None) -> str:
    """A share for people."""
    return "–" if share is None else f"{float(share) * 100:.0f}%"


def cost_and_quality(known: Sequence[Figures]) -> Points:
    """What a case costs against F1, with the frontier as a line."""
    across = fitting([each.per_case / PICO_PER_USD for each in known], tick_usd)
    upwards = Axis(0.0, 1.0, _PERCENT)

    def place(each: Figures) -> tuple[str, float, float]:
        usd = each.per_case / PICO_PER_USD
        return each.routing, across.place(usd), upwards.place(float(each.f1))

    placed = [place(each) for each in known]
    best = [place(each) for each in frontier(known)]
    points = tuple(
        Point(name, number % COLOURS, right, height, label)
        for number, ((name, right, height), label) in enumerate(
            zip(placed, place_labels(placed), strict=True)
        )
    )
    unbeaten = ", ".join(name for name, _, _ in best)
    return Points(
        "Cost and quality",
        f"USD per case against F1; upper left is better. Nothing beats: {unbeaten}.",
        points,
        across.ticks,
        upwards.ticks,
        "M" + "L".join(f"{right} {round(100 - height, 3)}" for _, right, height in best),
    )


def _rows(known: Sequence[Figures]) -> list[_Row]:
    unbeaten = {each.routing for each in frontier(known)}
    return [
        _Row(each.routing, number % COLOURS, _cells(each), each.routing in unbeaten)
        for number, each in enumerate(known)
    ]


def _cells(each: Figures) -> tuple[Cell, ...]:
    noise = f"{each.noise} on {each.clean} clean" if each.clean else ""
    return (
        Cell(percent(each.f1), (f"95%: {each.low * 100:.0f} to {each.high * 100:.0f}%",)),
        Cell(
            percent(each.precision), (f"{each.found} of {each.claims}", *([noise] if noise else ()))
        ),
        Cell(percent(each.recall), (f"{each.found} of {each.expected}",)),
        Cell(percent(each.line_accuracy), (f"{each.exact} of {each.found}",)),
        Cell(format_usd(each.per_case)),
        Cell("–" if each.per_found is None else format_usd(each.per_found)),
    )


_MEASURES: tuple[Measure[Figures], ...] = (
    Measure("Best F1", lambda each: -float(each.f1), lambda each: percent(each.f1)),
    Measure(
        "Most found", lambda each: -each.found, lambda each: f"{each.found} of {each.expected}"
    ),
    Measure(
        "Least cost per found defect",
        lambda each: each.per_found,
        lambda each: format_usd(each.per_found or 0),
    ),
)


def _cases(evaluation: Evaluation, known: Sequence[Figures]) -> list[_CaseRow]:
    results: dict[str, dict[str, Result]] = {}
    for result in evaluation.results:
        results.setdefault(str(result.case), {})[result.routing] = result
    return [
        _CaseRow(
            name,
            (
                Cell(str(len(next(iter(tried.values())).case.expected))),
                *(_cell(tried.get(each.routing)) for each in known),
            ),
        )
        for name, tried in results.items()
    ]


def _cell(result: Result | None) -> Cell:
    if result is None:
        return Cell("–", ("not made",))
    if result.failed:
        return Cell("–", ("failed",))
    return Cell(str(len(result.score.hits)), (f"of {result.score.claims} shown",))
