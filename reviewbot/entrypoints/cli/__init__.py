"""The command line. Commands are loaded when they are called, so that help is instant."""

from __future__ import annotations

import difflib
import importlib
import os
import sys

import click

from reviewbot.domain.errors import DiffError, ReviewbotError, UsageError
from reviewbot.entrypoints.cli.streams import colours, forgive_closed_pipes

FINE, FINDINGS, WRONG_USE, UNFINISHED = range(4)  # exit codes, a contract with scripts
INTERRUPTED = 130  # what shells give a command ended by Ctrl-C

COMMANDS = {
    "review": "Review a pull request or a local diff.",
    "serve": "Run the web service, with workers inside.",
    "worker": "Run workers alone (PostgreSQL).",
    "costs": "Show what reviews cost.",
    "ledger": "Export, reconcile, back up; drain endpoints, resume reviews.",
    "prices": "Compare models' prices; simulate moving tokens.",
    "bench": "Load models side by side, and compare.",
    "evaluate": "Measure what reviews find in labelled changes, and at what cost.",
    "stop": "Stop all spending at once.",
    "start": "Allow spending again.",
    "audit": "Show what administrators did.",
    "demo": "Review a planted pull request on this machine, without keys.",
    "doctor": "Check configuration, credentials, endpoints and database.",
    "action": "Review the pull request of a workflow (called by action.yml).",
    "schema": "Print the JSON Schema of .reviewbot.yml.",
    "completion": "Print the shell completion script.",
}


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            if ctx.resilient_parsing:  # the shell completes; nobody reads messages
                return None
            near = difflib.get_close_matches(cmd_name, COMMANDS, 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            message = f"No such command {cmd_name!r}.{hint}"
            raise click.UsageError(message, ctx)
        command: click.Command = importlib.import_module(f"{__name__}.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="reviewbot", prog_name="reviewbot")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Code review for GitHub pull requests: cheap models first, hard budgets always.

    \b
    Exit codes:
      0  fine
      1  findings at or over --fail-on
      2  wrong use or configuration
      3  could not finish, or not everything was read (beats 1)
    """  # noqa: D301 - click's mark that keeps the lines below it
    ctx.color = colours(os.environ)


def run() -> None:
    """Run the command line and leave with its exit code; expected errors get one clear message."""
    forgive_closed_pipes()
    try:
        code = cli(prog_name="reviewbot", standalone_mode=False)
    except click.exceptions.Exit as end:
        code = end.exit_code
    except click.ClickException as error:
        error.show()
        code = WRONG_USE
    except (click.Abort, KeyboardInterrupt):
        code = INTERRUPTED
    except ReviewbotError as error:
        code = _tell(error)
    except Exception as error:  # noqa: BLE001 - a bug, not a finding
        code = _apologise(error)
    sys.exit(code if isinstance(code, int) else FINE)


def _tell(error: ReviewbotError) -> int:
    from reviewbot.review.wording import visible

    colour = colours(os.environ)
    click.secho("reviewbot: ", fg="red", bold=True, err=True, nl=False, color=colour)
    click.echo(visible(str(error)), err=True)
    if error.advice:
        click.echo(f"  {visible(error.advice)}", err=True)
    return WRONG_USE if isinstance(error, (UsageError, DiffError)) else UNFINISHED


def _apologise(error: Exception) -> int:
    if os.environ.get("REVIEWBOT_TRACEBACK"):
        raise error
    from reviewbot.runtime.logs import place

    kind = type(error).__name__
    click.echo(f"reviewbot: this is a bug: {kind} in {place(error.__traceback__)}", err=True)
    click.echo("  Set REVIEWBOT_TRACEBACK=1 to see where, and please report it.", err=True)
    return UNFINISHED
