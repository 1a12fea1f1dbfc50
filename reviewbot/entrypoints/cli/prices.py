"""``reviewbot prices`` and ``reviewbot prices simulate``."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from reviewbot.domain.errors import UsageError
from reviewbot.entrypoints.cli import FINE
from reviewbot.entrypoints.cli.options import config_option, format_option, settings_from

if TYPE_CHECKING:
    from pathlib import Path

    from reviewbot.lab.what_if import Rate, Volume
    from reviewbot.models.catalogue import Catalogue, Tariff


def _day(_ctx: click.Context, _param: click.Parameter, value: str | None) -> datetime:
    """Noon of a day, in UTC; now without one."""
    if value is None:
        return datetime.now(UTC)
    try:
        return datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC, hour=12)
    except ValueError as error:
        message = "write a day such as 2026-11-25"
        raise click.BadParameter(message) from error


_split_option = click.option(
    "--split",
    default="70/30",
    show_default=True,
    metavar="IN/OUT",
    help="How tokens divide into input and output, in percent.",
)
_day_option = click.option(
    "--on",
    "at",
    callback=_day,
    metavar="DAY",
    help="Today's prices as of this day (UTC).  [default: today]",
)


@click.group(invoke_without_command=True)
@click.option(
    "--baseline",
    default="deepseek-v4-flash",
    show_default=True,
    metavar="MODEL",
    help="Whose price is 1×.",
)
@format_option("table", "json", "csv")
@_split_option
@_day_option
@config_option
@click.pass_context
def command(
    ctx: click.Context, baseline: str, form: str, split: str, at: datetime, config: Path | None
) -> int:
    """Compare the models' prices: today's, and the article's with its claims recomputed.

    With --config, the configured routes' prices too. Ratios are to the baseline's usual price;
    peak hours and larger inputs have lines of their own. Prices are USD per million tokens.
    """
    if ctx.invoked_subcommand is not None:
        return _leave_to(ctx, ctx.invoked_subcommand)
    from reviewbot.entrypoints.formats import prices
    from reviewbot.lab import matrix
    from reviewbot.lab.quantities import parse_split
    from reviewbot.models.catalogue import Catalogue

    catalogue, shares = Catalogue.packaged(), parse_split(split)
    today = matrix.todays_matrix(catalogue, at, baseline, shares)
    article = matrix.articles_matrix(catalogue, baseline, shares)
    matrix.check_baseline([today, article], baseline)
    of_claims = matrix.articles_matrix(catalogue, matrix.ARTICLES_BASELINE, shares)
    own = None
    if config is not None:
        own = matrix.configured_matrix(_tariffs(config), at, today, baseline, shares)
    notes = matrix.article_notes(of_claims, shares)
    shown = prices.Shown(today, article, own, baseline, shares, at.date(), notes)
    if form == "json":
        click.echo(json.dumps(prices.plain(shown), indent=2, ensure_ascii=False))
    elif form == "csv":
        click.echo(prices.as_csv(shown), nl=False)
    else:
        prices.show(shown)
    return FINE


def _leave_to(ctx: click.Context, subcommand: str) -> int:
    """Options before a subcommand would be ignored; better to refuse them."""
    given = [
        parameter.opts[0]
        for parameter in ctx.command.params
        if parameter.name
        and ctx.get_parameter_source(parameter.name) is click.core.ParameterSource.COMMANDLINE
    ]
    if given:
        message = f"{given[0]} stands before {subcommand}, where it says nothing"
        raise UsageError(message, f"Write the options after: reviewbot prices {subcommand} …")
    return FINE


def _tariffs(config: Path) -> list[Tariff]:
    from reviewbot.runtime.tiers import configured_tariffs

    return configured_tariffs(settings_from(config))


@command.command
@click.option("--tokens", required=True, metavar="N", help="Tokens a month, such as 800M or 1.5B.")
@_split_option
@click.option(
    "--shift",
    "shifts",
    multiple=True,
    required=True,
    metavar="FROM:TO=SHARE",
    help="Move a share of a model's tokens, such as gpt-4o:deepseek-v4-flash=60%. Repeatable.",
)
@click.option(
    "--mix",
    multiple=True,
    metavar="MODEL=SHARE",
    help="Who has the tokens before. Repeatable.  [default: the model of the shifts has all]",
)
@click.option(
    "--prices",
    "edition",
    type=click.Choice(["today", "article"]),
    default="today",
    show_default=True,
    help="Which prices.",
)
@click.option(
    "--cached",
    default="0%",
    show_default=True,
    metavar="SHARE",
    help="How much of the input comes from the vendors' caches.",
)
@click.option(
    "--request-tokens",
    default="6k",
    show_default=True,
    metavar="N",
    help="Input of one request, for models whose price depends on it.",
)
@format_option("table", "json")
@_day_option
def simulate(  # noqa: PLR0913 - one a command-line option
    *,
    tokens: str,
    split: str,
    shifts: tuple[str, ...],
    mix: tuple[str, ...],
    edition: str,
    cached: str,
    request_tokens: str,
    form: str,
    at: datetime,
) -> int:
    """Compute what a month costs when tokens move from one model to another.

    Traffic is taken as even over the week where a model has peak hours; the range is shown.
    All arithmetic is exact.
    """
    from reviewbot.entrypoints.formats import what_if as shown
    from reviewbot.lab import quantities, what_if
    from reviewbot.models.catalogue import Catalogue

    volume = what_if.Volume(
        quantities.parse_tokens(tokens),
        quantities.parse_split(split),
        quantities.parse_share(cached),
    )
    moves = [what_if.parse_shift(text) for text in shifts]
    size = quantities.parse_tokens(request_tokens)
    catalogue = Catalogue.packaged()

    def rate_of(model: str) -> Rate:
        return _rate(catalogue, model, volume, at if edition == "today" else None, size)

    outcome = what_if.simulate(volume, what_if.parse_mix(mix, moves), moves, rate_of)
    case = shown.Case(volume, edition, at.date(), outcome)
    if form == "json":
        click.echo(json.dumps(shown.plain(case), indent=2, ensure_ascii=False))
    else:
        shown.show(case)
    return FINE


def _rate(
    catalogue: Catalogue, model: str, volume: Volume, at: datetime | None, request_tokens: int
) -> Rate:
    """By today's prices at *at*, by the article's without it."""
    from reviewbot.lab.what_if import articles_rate, todays_rate

    if at is None:
        return articles_rate(catalogue, model, volume)
    return todays_rate(catalogue, model, volume, at, request_tokens)
