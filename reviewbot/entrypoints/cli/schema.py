"""``reviewbot schema``."""

from __future__ import annotations

import json

import click

from reviewbot.entrypoints.cli import FINE


@click.command
def command() -> int:
    """Print the JSON Schema of .reviewbot.yml, for editors and for checks of your own."""
    from reviewbot.domain.policy import Policy

    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    click.echo(json.dumps(schema | Policy.model_json_schema(), indent=2))
    return FINE
