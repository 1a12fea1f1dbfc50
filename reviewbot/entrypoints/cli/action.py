"""``reviewbot action``."""

from __future__ import annotations

import os
import sys

import click


@click.command
def command() -> int:
    """Review the pull request of a workflow's event; action.yml calls this.

    What it is to do comes from the environment: see the table of inputs in the README.
    """
    from reviewbot.entrypoints.action import run_action

    return run_action(os.environ, sys.stdout)
