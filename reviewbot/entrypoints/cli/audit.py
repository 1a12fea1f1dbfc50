"""``reviewbot audit``."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from reviewbot.entrypoints.cli import FINE
from reviewbot.entrypoints.cli.administering import opened_ledger
from reviewbot.entrypoints.cli.options import config_option

if TYPE_CHECKING:
    from pathlib import Path

    from reviewbot.ledger.audit import Decision


@click.command
@click.option("--json", "as_json", is_flag=True, help="Print the log as JSON.")
@click.option("--most", type=click.IntRange(1, 10_000), default=100, help="How many decisions.")
@config_option
def command(config: Path | None, most: int, *, as_json: bool) -> int:
    """Show what administrators decided, newest first."""
    from reviewbot.ledger.audit import decisions

    with opened_ledger(config) as database:
        found = [_shown(decision) for decision in decisions(database, most)]
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return FINE
    from reviewbot.review.wording import one_line

    for each in found:
        why = f": {each['why']}" if each["why"] else ""
        said = one_line(f"{each['action']} {each['subject']}{why}")
        click.echo(f"{each['at']}  {one_line(each['who'])}  {said}")
    return FINE


def _shown(decision: Decision) -> dict[str, Any]:
    at = datetime.fromtimestamp(decision.at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "at": at,
        "who": decision.who,
        "action": decision.action,
        "subject": decision.subject,
        "why": decision.why,
        "before": decision.before,
    }
