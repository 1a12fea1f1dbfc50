"""Options that several commands share."""

from __future__ import annotations

import os
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from reviewbot.domain.money import PicoUsd
    from reviewbot.runtime.settings import Settings

Command = TypeVar("Command", bound="Callable[..., Any] | click.Command")

_UNITS = {"h": 3_600, "d": 86_400, "w": 604_800}

config_option = click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    envvar="REVIEWBOT_CONFIG",
    show_envvar=True,
    help="The TOML configuration.",
)


def _since(_ctx: click.Context, _param: click.Parameter, value: str) -> int:
    """Milliseconds since 1970 of a duration such as 30d, or of a day."""
    if match := re.fullmatch(r"(\d{1,6})([hdw])", value):
        return max(0, int((time.time() - int(match[1]) * _UNITS[match[2]]) * 1000))
    try:
        day = datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        message = "write a duration such as 30d, 12h, 2w, or a day such as 2026-11-01"
        raise click.BadParameter(message) from error
    return int(day.timestamp() * 1000)


since_option = click.option(
    "--since", default="30d", show_default=True, callback=_since, help="How far back."
)


def format_option(*forms: str) -> Callable[[Command], Command]:
    """``--format``, as the parameter ``form``; the first form is the default."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(forms),
        default=forms[0],
        show_default=True,
        help="How to print.",
    )


def usd(_ctx: click.Context, _param: click.Parameter, value: str | None) -> PicoUsd | None:
    """The callback of an option that takes an amount in USD."""
    from reviewbot.domain.money import parse_usd

    try:
        return None if value is None else parse_usd(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def settings_from(config: Path | None) -> Settings:
    """The settings of the file and the environment; raises SettingsError."""
    from reviewbot.runtime.settings import load_settings

    return load_settings(os.environ, config)
