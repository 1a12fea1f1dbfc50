"""``reviewbot completion``."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script for SHELL.

    For example: eval "$(reviewbot completion bash)"
    """
    completion = get_completion_class(shell)
    if completion is None:
        message = f"no completion for {shell}"
        raise click.UsageError(message)
    root = ctx.find_root()
    click.echo(completion(root.command, {}, "reviewbot", "_REVIEWBOT_COMPLETE").source())
