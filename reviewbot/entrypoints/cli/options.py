"""Options that several commands share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from reviewbot.runtime.settings import Settings

config_option = click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    envvar="REVIEWBOT_CONFIG",
    show_envvar=True,
    help="The TOML configuration.",
)


def settings_from(config: Path | None) -> Settings:
    """The settings of the file and the environment; raises SettingsError."""
    from reviewbot.runtime.settings import load_settings  # noqa: PLC0415 - help does not need it

    return load_settings(os.environ, config)
