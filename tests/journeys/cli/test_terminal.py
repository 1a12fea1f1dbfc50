"""How the command line behaves among terminals, pipes and signals."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

from reviewbot.domain.money import format_usd, parse_usd
from reviewbot.sandbox.model import CHEAP_MODEL, SandboxModel
from reviewbot.sandbox.model_manners import Fault, Trouble
from tests.fakes.patience import PATIENCE
from tests.journeys.cli.driver import API_KEY, Shell, interrupt, model_variables, wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Response

_COMMANDS = ("review", "serve", "worker", "costs", "demo", "doctor", "completion")


# --- terminals and pipes ---------------------------------------------------------------------


def test_colours_are_for_terminals_and_no_color_is_honoured(shell: Shell, diff: str) -> None:
    review = ("review", "--diff", diff)
    coloured = shell.on_terminal(*review, TERM="xterm-256color")
    plain = shell.on_terminal(*review, TERM="xterm-256color", NO_COLOR="1")
    piped = shell.run(*review)

    assert "\x1b" not in piped.out
    assert b"\x1b[91m\x1b[1mCRITICAL\x1b[0m" in coloured
    assert b"\x1b" not in plain
    assert plain.decode().replace("\r\n", "\n") == piped.out


def test_a_narrow_terminal_loses_columns_but_no_name_and_no_digit(
    shell: Shell, pull: str, diff: str
) -> None:
    for target in ((pull,), ("--diff", diff)):
        assert shell.run("review", *target).code == 0
    lines = shell.run("costs", "--format", "json").json
    spent = {line["name"]: format_usd(parse_usd(line["spent_usd"])) for line in lines}

    for width in (200, 50):
        coded = shell.on_terminal("costs", COLUMNS=str(width), TERM="xterm").decode()
        head, *lines, note = re.sub(r"\x1b\[[0-9;]*m", "", coded).splitlines()
        assert "\u2026" not in coded
        assert max(map(len, [head, *lines])) <= width
        for name, amount in spent.items():
            [cells] = [line.split() for line in lines if line.startswith(name)]
            assert amount in cells
        assert note.startswith("Too narrow for: ") == (width == 50)


def test_a_reader_that_leaves_early_changes_no_exit_code(shell: Shell, diff: str) -> None:
    for arguments, code in (
        (("review", "--diff", diff, "--fail-on", "high"), 1),
        (("costs",), 0),
        (("--help",), 0),
        (("review", "--help"), 0),
    ):
        with shell.started(*arguments) as process:
            assert process.stdout
            process.stdout.close()
            process.stdout = None
            _, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, err) == (code, b"")


def test_a_closed_standard_output_is_no_error(shell: Shell) -> None:
    command = f"{sys.executable} -m reviewbot costs >&-"
    done = subprocess.run(
        ["bash", "-c", command], env=shell.with_variables({}), capture_output=True, check=True
    )

    assert done.stderr == b""


def test_one_line_of_many_is_no_error(shell: Shell, diff: str) -> None:
    command = f"{sys.executable} -m reviewbot review --diff {diff} | head -1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=shell.folder,
        env=shell.with_variables({}),
        capture_output=True,
        check=True,
        text=True,
    )

    assert done.stdout == "src/orders/search.py:37  CRITICAL security\n"
    assert done.stderr == ""


class _Held(SandboxModel):
    """Models that answer once they are let."""

    def __init__(self, api_key: str) -> None:
        super().__init__(api_key)
        self.asked, self.open = threading.Event(), threading.Event()

    def complete(self) -> Response:
        self.asked.set()
        self.open.wait(PATIENCE)
        return super().complete()


# --- Ctrl-C ----------------------------------------------------------------------------------


def test_an_interrupted_review_keeps_the_answers_that_are_paid_for(shell: Shell, diff: str) -> None:
    with _Held(API_KEY) as slow:
        reach = model_variables(slow.base_url) | {"REVIEWBOT_STRONG_MODEL": None}
        slowly = shell.having(reach)
        with slowly.started("review", "--diff", diff) as process:
            assert slow.asked.wait(PATIENCE)
            interrupt(process)
            assert process.stderr
            said = process.stderr.readline() + process.stderr.readline()  # that it stops
            slow.open.set()
            out, err = process.communicate(timeout=PATIENCE)
        again = slowly.run("review", "--diff", diff, "--format", "json")
        asked = len(slow.calls)

    ended = shell.seen(process.returncode, out, said + err)
    assert ended.code == 130
    assert ended.out == ""
    assert "since they are paid for" in ended.err
    assert (asked, again.code, again.json["cost"]["presumed_usd"]) == (1, 0, "0")


def test_a_second_ctrl_c_leaves_at_once(shell: Shell, diff: str, model: SandboxModel) -> None:
    model.misbehave(CHEAP_MODEL, Fault(Trouble.STALL))
    with shell.started("review", "--diff", diff) as process:
        wait_for(lambda: model.calls)
        interrupt(process)
        assert process.stderr
        assert b"stopping" in process.stderr.readline() + process.stderr.readline()
        interrupt(process)
        out, err = process.communicate(timeout=40)  # the answer would be waited for longer

    assert shell.seen(process.returncode, out, err).code == -signal.SIGINT  # 130 in a shell


# --- help ------------------------------------------------------------------------------------


def test_help_and_version_need_no_configuration(bare_shell: Shell) -> None:
    shown = bare_shell.run("--help")
    version = bare_shell.run("--version")

    assert (shown.code, version.code) == (0, 0)
    assert all(f"  {command} " in shown.out for command in _COMMANDS)
    assert "3  could not finish, or not everything was read (beats 1)" in shown.out
    assert version.out.startswith("reviewbot, version ")


def test_every_command_explains_itself(bare_shell: Shell) -> None:
    for command in _COMMANDS:
        ended = bare_shell.run(command, "--help")

        assert (ended.code, ended.err) == (0, "")
        assert ended.out.startswith(f"Usage: reviewbot {command} ")
        assert max(map(len, ended.out.splitlines())) <= 80


def test_help_is_instant_because_it_imports_nothing_heavy(bare_shell: Shell) -> None:
    probe = (
        "import sys, json, atexit\n"
        "atexit.register(lambda: print(json.dumps(sorted(sys.modules)), file=sys.stderr))\n"
        "sys.argv = ['reviewbot', *sys.argv[1:]]\n"
        "from reviewbot.__main__ import main\n"
        "main()\n"
    )
    for arguments in (["--help"], ["review", "--help"], ["costs", "--help"]):
        done = subprocess.run(
            [sys.executable, "-c", probe, *arguments],
            env=bare_shell.with_variables({}),
            capture_output=True,
            check=True,
            text=True,
        )
        heavy = {"flask", "openai", "requests", "httpx2", "github", "rich", "pydantic", "sqlite3"}
        assert not heavy & set(json.loads(done.stderr))


def test_completion_is_a_script_of_that_shell(bare_shell: Shell) -> None:
    for name in ("bash", "zsh", "fish"):
        script = bare_shell.run("completion", name)

        assert script.code == 0
        assert f"_REVIEWBOT_COMPLETE={name}_complete" in script.out


def test_bash_completes_commands_and_options(bare_shell: Shell, tmp_path: Path) -> None:
    program = tmp_path / "reviewbot"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m reviewbot "$@"\n')
    program.chmod(0o755)
    environ = {"PATH": f"{tmp_path}:{bare_shell.environ['PATH']}"}
    typed = (
        'eval "$(reviewbot completion bash)"\n'
        'complete_it() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=();'
        ' _reviewbot_completion reviewbot; echo "${COMPREPLY[*]}"; }\n'
        "complete_it reviewbot co\ncomplete_it reviewbot review --fail-on c\n"
        "complete_it reviewbot nonsense --x\n"
    )
    done = subprocess.run(
        ["bash", "-c", typed],
        env=bare_shell.with_variables(environ),
        capture_output=True,
        check=True,
        text=True,
    )

    assert done.stdout.splitlines() == ["costs completion", "critical", ""]
    assert done.stderr == ""
