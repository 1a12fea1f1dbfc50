"""``reviewbot review``."""

from __future__ import annotations

import hmac
import json
from dataclasses import replace
from typing import TYPE_CHECKING, get_args

import click

from reviewbot.domain.finding import Severity
from reviewbot.domain.money import format_usd
from reviewbot.domain.outcome import Coverage, Reviewed, Skipped, Superseded
from reviewbot.domain.pull_request import ReviewRequest
from reviewbot.entrypoints.cli import FINDINGS, FINE, UNFINISHED
from reviewbot.entrypoints.cli.interrupt import patient_interrupts
from reviewbot.entrypoints.cli.options import config_option, settings_from, usd
from reviewbot.entrypoints.cli.progress import observing
from reviewbot.entrypoints.cli.target import (
    DiffTarget,
    PullTarget,
    read_diff,
    read_pull,
    read_range,
)
from reviewbot.entrypoints.formats import Format, render

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from reviewbot.domain.money import PicoUsd
    from reviewbot.domain.outcome import Outcome, Receipt
    from reviewbot.review.house import Extras
    from reviewbot.review.ports import Forge
    from reviewbot.review.quote import Quote
    from reviewbot.runtime.core import Core
    from reviewbot.runtime.settings import Settings

_TRIGGER = "command line"
_MARKS = b"reviewbot comment marks"


@click.command
@click.argument("target", required=False, metavar="[OWNER/REPO#N | URL]")
@click.option("--diff", "diff_file", metavar="FILE", help="Review a diff; - is standard input.")
@click.option("--range", "revisions", metavar="A..B", help="Review a range of this git checkout.")
@click.option("--post", is_flag=True, help="Post the review to GitHub instead of printing it.")
@click.option(
    "--format",
    "form",
    type=click.Choice(get_args(Format)),
    default="text",
    show_default=True,
    help="How to print.",
)
@click.option("--max-cost", metavar="USD", callback=usd, help="Never spend more on this review.")
@click.option(
    "--fail-on",
    type=click.Choice([severity.value for severity in Severity]),
    help="Exit with 1 if an open finding is this severe, or worse.",
)
@click.option(
    "--sarif",
    "reports",
    metavar="FILE",
    multiple=True,
    help="Findings of other tools (SARIF) to confirm or dismiss; - is standard input. Repeatable.",
)
@click.option("--quote", is_flag=True, help="Ask nothing; only say what it would cost.")
@config_option
def command(  # noqa: PLR0913 - one a command-line option
    *,
    target: str | None,
    diff_file: str | None,
    revisions: str | None,
    form: Format,
    max_cost: PicoUsd | None,
    fail_on: str | None,
    reports: tuple[str, ...],
    config: Path | None,
    post: bool,
    quote: bool,
) -> int:
    """Review a pull request, a diff or a range of commits.

    Asking again is free: what was answered before is known.

    \b
    reviewbot review acme/shop#42
    reviewbot review https://github.com/acme/shop/pull/42 --post
    reviewbot review --range main..HEAD --fail-on high
    git diff | reviewbot review --diff - --format json
    """  # noqa: D301 - click's mark that keeps the lines below it
    if sum(each is not None for each in (target, diff_file, revisions)) != 1:
        message = "say what to review: OWNER/REPO#N, --diff FILE or --range A..B, one of them"
        raise click.UsageError(message)
    if [diff_file, *reports].count("-") > 1:
        message = "standard input can be read once: give only one of --diff and --sarif as -"
        raise click.UsageError(message)
    if post and target is None:
        message = "--post needs a pull request"
        raise click.UsageError(message)
    if quote and (post or form not in {"text", "json"}):
        message = "--quote prints text or json, and posts nothing"
        raise click.UsageError(message)
    settings = settings_from(config)
    if fail_on is not None:
        settings = settings.gated(Severity(fail_on))
    chosen = _chosen(target, diff_file, revisions, settings)
    extras = _extras(reports)
    with patient_interrupts(), _core(settings) as core:
        forge, request = _forge(chosen, core, post=post)
        with observing(settings.limits.review_seconds) as observer:
            if quote:
                return _show_quote(core.quote(request, forge, observer), form, max_cost)
            outcome = core.review(request, forge, observer, max_cost, extras)
    return _show(outcome, form, quiet=post)


def _chosen(
    target: str | None, diff_file: str | None, revisions: str | None, settings: Settings
) -> PullTarget | DiffTarget:
    if target is not None:
        return read_pull(target, settings.github.server_url)
    return read_diff(diff_file) if diff_file is not None else read_range(revisions or "")


def _extras(reports: tuple[str, ...]) -> Extras:
    """What other tools found."""
    from reviewbot.review.house import NO_EXTRAS, Extras

    if not reports:
        return NO_EXTRAS
    from reviewbot.entrypoints.tool_reports import read_reports

    return Extras(tips=read_reports(reports))


def _core(settings: Settings) -> AbstractContextManager[Core]:
    from reviewbot.runtime.core import open_core

    # In a CI that keeps no files each run begins a ledger; the token that posted still knows its
    # comments again.
    token = settings.github.token.encode()
    return open_core(settings, secret=hmac.digest(token, _MARKS, "sha256") if token else None)


def _forge(
    chosen: PullTarget | DiffTarget, core: Core, *, post: bool
) -> tuple[Forge, ReviewRequest]:
    """The place to read from and write to, and the request that names it."""
    from reviewbot.runtime.local import LocalForge, ReadOnlyForge

    if isinstance(chosen, DiffTarget):
        request = ReviewRequest(chosen.label, 0, _TRIGGER, full=True)
        return LocalForge(chosen.name, chosen.raw), request
    forge = core.forge_with_token()
    request = ReviewRequest(chosen.repository, chosen.number, _TRIGGER, full=True)
    return forge if post else ReadOnlyForge(forge), request


def _show(outcome: Outcome, form: Format, *, quiet: bool) -> int:
    """Print the outcome and choose the exit code; not having read everything beats findings."""
    if isinstance(outcome, Skipped):
        click.echo(f"reviewbot: {outcome.request} was not reviewed: {outcome.why}", err=True)
        return FINE
    if isinstance(outcome, Superseded):
        click.echo(f"reviewbot: {outcome.request} has a newer head: {outcome.by}", err=True)
        return UNFINISHED
    _print(outcome, form, quiet=quiet)
    report = outcome.report
    if not report.receipt.entries:
        click.echo("reviewbot: the diff is empty, so there is nothing to review", err=True)
    if not report.receipt.complete:
        _tell_unread(report.receipt)
        return UNFINISHED
    return FINDINGS if report.reaches_gate else FINE


def _tell_unread(receipt: Receipt) -> None:
    """Say on standard error, whatever the format, that this is not the whole review."""
    over, failed = receipt.count(Coverage.OVER_BUDGET), receipt.count(Coverage.FAILED)
    unread = f"{over + failed} of {len(receipt.entries)} segments were not read"
    click.echo(f"reviewbot: {unread}: {over} over budget, {failed} failed", err=True)
    if over:
        click.echo("  Raise the limit and run it again: what was read is not paid twice.", err=True)
    if failed:
        click.echo("  `reviewbot doctor` checks keys and endpoints; then run it again.", err=True)


def _print(outcome: Reviewed, form: Format, *, quiet: bool) -> None:
    if quiet and form == "text":
        from reviewbot.review.compose import result_lines

        click.echo("\n".join(result_lines(outcome.report)))
        click.echo(outcome.url or "nothing to say on lines; the summary is posted")
    else:
        click.echo(render(outcome.report, form))


def _show_quote(quote: Quote, form: Format, max_cost: PicoUsd | None) -> int:
    if max_cost is not None:
        quote = replace(quote, limit=min(quote.limit, max_cost))
    if form == "json":
        from reviewbot.review.quote import as_json

        click.echo(json.dumps(as_json(quote), indent=2))
        return FINE
    chunks = f"{quote.chunks} {'chunk' if quote.chunks == 1 else 'chunks'}, {quote.known} known"
    learned = f"{quote.learned_from} earlier reviews here" if quote.learned_from else "no history"
    click.echo(
        f"p50 {format_usd(quote.p50)} · p90 {format_usd(quote.p90)}"
        f" · bound {format_usd(quote.bound)} · never over the limit of {format_usd(quote.limit)}\n"
        f"{chunks} · about {quote.tokens_in:,} tokens to read · by its plan and {learned}"
    )
    return FINE
