"""``reviewbot doctor``."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from reviewbot.entrypoints.cli import FINE, UNFINISHED, WRONG_USE
from reviewbot.entrypoints.cli.options import config_option, settings_from

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from reviewbot.runtime.diagnosis import Diagnosis

_SIGNS = {
    "fine": ("✓", "green"),
    "warning": ("!", "yellow"),
    "wrong": ("✗", "red"),
    "down": ("✗", "red"),
}


@click.command
@click.option("--json", "as_json", is_flag=True, help="Print the diagnosis as JSON.")
@click.option(
    "--companion", metavar="URL", help="Check only whether this workflow's job may use that one."
)
@config_option
def command(config: Path | None, companion: str | None, *, as_json: bool) -> int:
    """Check configuration, credentials, endpoints, limits, database and stuck work.

    Exit codes: 0 fine (warnings too), 2 wrong configuration, 3 something cannot be reached.
    """
    found: list[Diagnosis] = []
    for diagnosis in _examined(config) if companion is None else _examined_job(companion):
        found.append(diagnosis)
        if not as_json:
            _show(diagnosis)
    if as_json:
        click.echo(json.dumps([asdict(diagnosis) for diagnosis in found], indent=2))
    return _code(found)


def _examined(config: Path | None) -> Iterator[Diagnosis]:
    from reviewbot.runtime.core import open_core
    from reviewbot.runtime.credentials import with_stored_app
    from reviewbot.runtime.doctor import examine

    with open_core(with_stored_app(settings_from(config))) as core:
        yield from examine(core)


def _examined_job(companion: str) -> Iterator[Diagnosis]:
    from reviewbot.runtime.doctor_companion import examine_job

    return examine_job(os.environ, companion)


def _show(diagnosis: Diagnosis) -> None:
    from reviewbot.review.wording import one_line

    sign, colour = _SIGNS[diagnosis.health]
    click.echo(f"{click.style(sign, fg=colour)} {diagnosis.part}: {one_line(diagnosis.says)}")
    if diagnosis.advice:
        click.echo(f"    {diagnosis.advice}")


def _code(found: Sequence[Diagnosis]) -> int:
    healths = {diagnosis.health.value for diagnosis in found}
    if "wrong" in healths:
        return WRONG_USE
    return UNFINISHED if "down" in healths else FINE
