"""``reviewbot bench``."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from reviewbot.domain.errors import SettingsError, UsageError
from reviewbot.entrypoints.cli import FINE, INTERRUPTED, UNFINISHED
from reviewbot.entrypoints.cli.bars import watching
from reviewbot.entrypoints.cli.html import html_option, write_page
from reviewbot.entrypoints.cli.options import config_option, format_option, settings_from, usd

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction
    from pathlib import Path

    from reviewbot.domain.money import PicoUsd
    from reviewbot.lab.profile import Profile
    from reviewbot.lab.report import Report
    from reviewbot.runtime.targets import Places

_CONNECT_SECONDS = 5.0


def _sla(_ctx: click.Context, _param: click.Parameter, value: str) -> Fraction:
    from reviewbot.lab.quantities import parse_share

    try:
        return parse_share(f"{value.removesuffix('%')}%")
    except UsageError as error:
        message = "write a percentage such as 99.9"
        raise click.BadParameter(message) from error


@click.command(
    epilog="Exit codes: 0 fine, 2 wrong use or configuration, 3 a model gave no answer at all,"
    " 130 ended by Ctrl-C."
)
@click.option(
    "--model", "models", multiple=True, metavar="NAME", help="Only this model. Repeatable."
)
@click.option(
    "--endpoint", "endpoints", multiple=True, metavar="NAME", help="Only this one. Repeatable."
)
@click.option("--base-url", default="", metavar="URL", help="This address, not the configuration.")
@click.option(
    "--api-key-env", default="", metavar="VARIABLE", help="Which holds the key of --base-url."
)
@click.option("--price", default="", metavar="IN/OUT", help="USD per million tokens at --base-url.")
@click.option("--demo", is_flag=True, help="Models of known pace on this machine, without keys.")
@click.option(
    "--requests", type=click.IntRange(1, 10_000), default=50, show_default=True, help="Each."
)
@click.option(
    "--concurrency",
    type=click.IntRange(1, 64),
    default=4,
    show_default=True,
    help="Requests of one model at once.",
)
@click.option(
    "--input-tokens",
    type=click.IntRange(50, 200_000),
    default=2_000,
    show_default=True,
    help="About so many in each prompt.",
)
@click.option(
    "--output-tokens",
    type=click.IntRange(1, 4_096),
    default=200,
    show_default=True,
    help="At most so many in each answer.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(0.1, 600),
    default=60.0,
    show_default=True,
    help="Seconds for one request.",
)
@click.option(
    "--warm-up",
    type=click.IntRange(0, 100),
    default=1,
    show_default=True,
    help="Requests of each model before, not measured.",
)
@click.option(
    "--sla", default="99.9", show_default=True, callback=_sla, help="Availability, in percent."
)
@click.option(
    "--max-cost",
    default="1.00",
    show_default=True,
    metavar="USD",
    callback=usd,
    help="Nothing is sent if the whole run could cost more.",
)
@format_option("table", "json")
@html_option
@config_option
def command(  # noqa: PLR0913 - one a command-line option
    *,
    models: tuple[str, ...],
    endpoints: tuple[str, ...],
    base_url: str,
    api_key_env: str,
    price: str,
    demo: bool,
    requests: int,
    concurrency: int,
    input_tokens: int,
    output_tokens: int,
    timeout: float,
    warm_up: int,
    sla: Fraction,
    max_cost: PicoUsd,
    form: str,
    html: Path | None,
    config: Path | None,
) -> int:
    """Load models side by side with the same prompts, streamed, and compare.

    All configured models are loaded at the same time, unless --model and --endpoint name some, or
    --base-url another address. A run that could cost more than --max-cost does not start. Ctrl-C
    ends it at once, and what was measured until then is shown.
    """
    from reviewbot.lab.profile import Profile

    where = _Where(models, endpoints, base_url, api_key_env, price, demo)
    patience = (timeout, min(_CONNECT_SECONDS, timeout))
    profile = Profile(requests, concurrency, input_tokens, output_tokens, *patience, warm_up)
    with where.places(config) as places:
        report, interrupted = _measure(places, profile, sla, max_cost)
    if html is not None:
        from reviewbot.lab.bench_page import bench_page

        write_page(html, bench_page(report))
    _print(report, form)
    if interrupted:
        return INTERRUPTED
    return FINE if all(f.availability.answered for f in report.figures) else UNFINISHED


@dataclass(frozen=True, slots=True)
class _Where:
    """What is loaded, as it was said on the command line."""

    models: tuple[str, ...]
    endpoints: tuple[str, ...]
    base_url: str
    api_key_env: str
    price: str
    demo: bool

    @contextmanager
    def places(self, config: Path | None) -> Iterator[Places]:
        """The endpoints and models; raises UsageError where options do not go together."""
        from reviewbot.runtime import targets

        self._check()
        if self.demo:
            from reviewbot.entrypoints.demo.paced import paced_places

            with paced_places() as places:
                yield targets.narrowed(places, self.models)
        elif self.base_url:
            address = targets.Address(self.base_url, _key(self.api_key_env), self.price)
            yield targets.given(address, self.models)
        else:
            yield targets.configured(settings_from(config), self.models, self.endpoints)

    def _check(self) -> None:
        if self.demo and (self.base_url or self.endpoints):
            message = "--demo has models of its own"
            raise UsageError(message, "Leave out --base-url and --endpoint.")
        if not self.base_url and (self.api_key_env or self.price):
            message = "--api-key-env and --price are for --base-url"
            raise UsageError(message, "The configuration says its own endpoints' keys and prices.")
        if self.base_url and self.endpoints:
            message = "--endpoint names endpoints of the configuration, --base-url another address"
            raise UsageError(message, "Give one of both.")


def _key(variable: str) -> str:
    if variable and not os.environ.get(variable, "").strip():
        message = f"the environment variable {variable} is not set"
        raise SettingsError(message, "--api-key-env names it; set it to the key of --base-url.")
    return os.environ[variable].strip() if variable else ""


def _measure(places: Places, profile: Profile, sla: Fraction, most: PicoUsd) -> tuple[Report, bool]:
    """What was measured, and whether Ctrl-C ended it."""
    from reviewbot.lab.load import load
    from reviewbot.lab.profile import check_bound
    from reviewbot.lab.report import Report
    from reviewbot.runtime.targets import opened

    at = datetime.now(UTC)
    with opened(places, profile.input_tokens) as targets:
        bound = check_bound(targets, profile, most)
        with watching([target.name for target in targets], profile.requests) as watcher:
            run = load(targets, profile, watcher)
    return Report.of(at, profile, sla, run, bound), run.interrupted


def _print(report: Report, form: str) -> None:
    from reviewbot.entrypoints.formats import bench

    if form == "json":
        click.echo(json.dumps(bench.plain(report), indent=2, ensure_ascii=False))
    else:
        bench.show(report)
