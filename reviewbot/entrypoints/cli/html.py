"""``--html``: a page with plots, written to a file."""

from __future__ import annotations

from pathlib import Path

import click

from reviewbot.domain.errors import UsageError

html_option = click.option(
    "--html",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write a page with plots to this file.",
)


def write_page(path: Path, page: str) -> None:
    """Write it; raises UsageError where that cannot be done."""
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror}"
        raise UsageError(message, "Name another file with --html.") from error
