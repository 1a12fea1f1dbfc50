"""``reviewbot evaluate``."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reviewbot.domain.errors import UsageError
from reviewbot.entrypoints.cli import FINE, UNFINISHED
from reviewbot.entrypoints.cli.bars import watching
from reviewbot.entrypoints.cli.html import html_option, write_page
from reviewbot.entrypoints.cli.options import config_option, format_option, settings_from, usd
from reviewbot.entrypoints.cli.progress import SilentObserver

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reviewbot.domain.money import PicoUsd
    from reviewbot.lab.evaluation import Evaluation, Routing
    from reviewbot.runtime.evaluation import Plan
    from reviewbot.runtime.settings import Settings

_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")
_ROUTINGS = ("cheap-only", "strong-only", "tiered")


@click.command(
    epilog="Exit codes: 0 fine, 2 wrong use or configuration, 3 not every review was made."
)
@click.argument(
    "cases",
    required=False,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="[CASES.jsonl]",
)
@click.option(
    "--routing",
    "routings",
    type=click.Choice(_ROUTINGS),
    multiple=True,
    help="Only this one. Repeatable.  [default: all that the configuration allows]",
)
@click.option(
    "--tolerance",
    type=click.IntRange(0, 100),
    default=3,
    show_default=True,
    help="How many lines a finding may be off.",
)
@click.option(
    "--judge", default="", metavar="MODEL", help="Has to agree that both mean the same defect."
)
@click.option(
    "--max-cost",
    default="5.00",
    show_default=True,
    metavar="USD",
    callback=usd,
    help="Never spend more on the whole evaluation.",
)
@click.option(
    "--history",
    default="",
    metavar="OWNER/REPO",
    help="Build CASES.jsonl from merged pull requests instead; asks no model.",
)
@click.option(
    "--days",
    type=click.IntRange(1, 3650),
    default=90,
    show_default=True,
    help="How far --history goes back.",
)
@format_option("table", "json")
@html_option
@config_option
def command(  # noqa: PLR0913 - one a command-line option
    *,
    cases: Path | None,
    routings: tuple[str, ...],
    tolerance: int,
    judge: str,
    max_cost: PicoUsd,
    history: str,
    days: int,
    form: str,
    html: Path | None,
    config: Path | None,
) -> int:
    """Review labelled changes by each routing, and say what was found and what it cost.

    A case is a JSON object on a line: repo and number, or diff (a file beside CASES.jsonl), and
    expected, a list of path, lines (12 or "10-12") and note. Without expected defects it is
    clean, and every finding in it is noise. Asking again is free: what was answered is known.

    \b
    reviewbot evaluate cases.jsonl --html evaluation.html
    reviewbot evaluate --history acme/shop --days 90
    """  # noqa: D301 - click's mark that keeps the lines below it
    if (cases is None) == (not history):
        message = "say what to evaluate: CASES.jsonl, or --history OWNER/REPO to build it"
        raise click.UsageError(message)
    if cases is None:
        return _build(history, days, config)
    from reviewbot.runtime.evaluation import Plan

    settings = settings_from(config)
    plan = Plan(_chosen(routings, settings), tolerance, judge, max_cost)
    evaluation = _evaluate(cases, settings, plan)
    if html is not None:
        from reviewbot.lab.evaluation_page import evaluation_page

        write_page(html, evaluation_page(evaluation))
    _print(evaluation, form)
    whole = not evaluation.skipped and not any(result.failed for result in evaluation.results)
    return FINE if whole else UNFINISHED


def _chosen(routings: Sequence[str], settings: Settings) -> tuple[Routing, ...]:
    """What was asked for, in its order; all that the configuration allows where nothing was."""
    from reviewbot.domain.finding import Tier
    from reviewbot.lab.evaluation import Routing
    from reviewbot.runtime.tiers import router_config

    if routings:
        return tuple(dict.fromkeys(Routing(each) for each in routings))
    return tuple(Routing) if router_config(settings).tier(Tier.STRONG) else (Routing.CHEAP,)


def _evaluate(path: Path, settings: Settings, plan: Plan) -> Evaluation:
    from reviewbot.lab.cases import read_cases
    from reviewbot.runtime.evaluation import evaluate

    cases = read_cases(path)
    seconds = settings.limits.review_seconds
    with watching(plan.routings, len(cases)) as watcher:
        return evaluate(settings, plan, cases, lambda: SilentObserver(seconds), watcher)


def _print(evaluation: Evaluation, form: str) -> None:
    from reviewbot.entrypoints.formats import evaluation as formats

    if form == "json":
        click.echo(json.dumps(formats.plain(evaluation), indent=2, ensure_ascii=False))
    else:
        formats.show(evaluation)


def _build(repository: str, days: int, config: Path | None) -> int:
    """Write the cases of a repository's past into a folder that is not there yet."""
    from reviewbot.runtime.past import build_cases

    if not _REPOSITORY.fullmatch(repository):
        message = f"--history {repository!r} names no repository"
        raise UsageError(message, "Write OWNER/REPO.")
    folder = Path(repository.replace("/", "-"))
    built = build_cases(settings_from(config), repository, days, folder)
    click.echo(
        f"{folder / 'cases.jsonl'}: {built.labelled} cases with {built.labels} expected defects,"
        f" {built.clean} clean ones, of {built.merged} merged pull requests\n"
        "Read them before you trust them: people's remarks are not all defects. Then:\n"
        f"  reviewbot evaluate {folder / 'cases.jsonl'}"
    )
    return FINE
