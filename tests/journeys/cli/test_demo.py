"""``reviewbot demo``: the whole main job, with nothing set and nothing left behind."""

from __future__ import annotations

import json
import os
import re
import signal
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reviewbot.sandbox.model import SandboxModel
from tests.fakes.patience import PATIENCE
from tests.journeys.cli.driver import API_KEY, interrupt, model_variables

if TYPE_CHECKING:
    import subprocess

    from tests.journeys.cli.driver import Shell

_PLANTED = {
    "src/orders/search.py:37": ("CWE-89", "strong tier"),
    "src/config.py:9": ("CWE-798", "found locally"),
    "src/files/download.py:28": ("CWE-22", "strong tier"),
    "src/payments/webhook.py:37": ("CWE-696", "strong tier"),
    "src/payments/webhook.py:27": ("CWE-208", "strong tier"),
    "web/src/cart.ts:42": ("CWE-252", "cheap tier"),
    "src/stats/average.py:24": ("CWE-369", "cheap tier"),
    "tests/test_search.py:32": ("passes whatever", "cheap tier"),
}


def _nothing_is_left(shell: Shell) -> None:
    """No file in any folder that the demo may write to, no process in its environment."""
    home = Path(shell.environ["HOME"])
    assert not list(Path(shell.environ["TMPDIR"]).iterdir())
    assert not list(home.iterdir())
    mark = f"HOME={home}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environ = (process / "environ").read_bytes().split(b"\0")
        except OSError:  # ended meanwhile
            continue
        assert mark not in environ, (process / "cmdline").read_bytes()


def test_the_planted_defects_are_found_and_nothing_is_left(bare_shell: Shell) -> None:
    ended = bare_shell.run("demo")

    assert ended.code == 0
    comments, summary = ended.out.split("── Summary comment ")
    assert "── 8 inline comments ─" in comments
    blocks = dict(re.findall(r"(?m)^(\S+:\d+)\n((?:  .*\n)+)", comments))
    assert set(blocks) == set(_PLANTED)
    for place, said in _PLANTED.items():
        assert all(part in blocks[place] for part in said), place
    assert "15 segments = 12 read + 0 known + 3 excluded" in summary
    assert "rejected on the second look" in summary
    assert re.search(r"(?m)^strong · sandbox-strong +1 ", summary)
    assert re.search(r"(?m)^total  ", summary)
    assert "signed webhook pull_request.opened delivered: 202" in ended.err
    _nothing_is_left(bare_shell)


def test_json_totals_agree_with_the_model_server(bare_shell: Shell) -> None:
    ended = bare_shell.run("demo", "--json")

    shown = ended.json
    assert ended.code == 0
    assert {key: shown["total"][key] for key in shown["model_server"]} == shown["model_server"]
    assert shown["model_server"]["calls"] == sum(line["calls"] for line in shown["costs"]) > 0
    assert {line["tier"] for line in shown["costs"]} == {"cheap", "strong"}
    places = {f"{comment['path']}:{comment['line']}" for comment in shown["comments"]}
    assert places == set(_PLANTED)
    assert shown["check"]["conclusion"] == "success"


def test_a_diff_of_ones_own_is_reviewed(bare_shell: Shell) -> None:
    diff = (
        "diff --git a/stats.py b/stats.py\n--- a/stats.py\n+++ b/stats.py\n@@ -1,1 +1,2 @@\n"
        " import math\n+mean = sum(values) / len(values)\n"
    )
    bare_shell.write("my.diff", diff)

    ended = bare_shell.run("demo", "--diff", "my.diff", "--json")

    assert ended.code == 0
    assert [f"{each['path']}:{each['line']}" for each in ended.json["comments"]] == ["stats.py:2"]


def test_what_is_no_diff_starts_nothing(bare_shell: Shell) -> None:
    bare_shell.write("letter.txt", "Dear Sir or Madam\n")

    ended = bare_shell.run("demo", "--diff", "letter.txt")

    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("reviewbot: this is no diff")


def test_with_a_key_the_own_endpoint_is_asked(bare_shell: Shell) -> None:
    with SandboxModel(API_KEY) as own:
        ended = bare_shell.having(model_variables(own.base_url)).run("demo", "--json")
        counted = own.totals()

    assert ended.code == 0
    assert ended.json["model_server"] is None
    assert counted.calls > 0
    assert ended.json["total"]["calls"] == counted.calls
    assert ended.json["total"]["tokens_in"] == counted.prompt_tokens
    assert ended.json["total"]["tokens_out"] == counted.completion_tokens


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 128 + signal.SIGTERM)]
)
def test_it_stays_until_it_is_told_to_go(
    bare_shell: Shell, number: signal.Signals, code: int
) -> None:
    with bare_shell.started("demo", "--keep", "--json") as process:
        url = _address(process)
        with urllib.request.urlopen(f"{url}/healthz", timeout=PATIENCE) as answer:  # noqa: S310 - loopback
            assert answer.status == 200
        if number is signal.SIGINT:
            interrupt(process)
        else:
            os.kill(process.pid, number)
        out, err = process.communicate(timeout=PATIENCE)

    ended = bare_shell.seen(process.returncode, out, err)
    assert ended.code == code
    assert ended.json["check"]["conclusion"] == "success"
    _nothing_is_left(bare_shell)


def test_a_past_can_be_looked_at_with_the_token_that_is_printed(bare_shell: Shell) -> None:
    with bare_shell.started("demo", "--history", "--json") as process:
        url = _address(process)
        assert process.stderr is not None
        told = (process.stderr.readline() + process.stderr.readline()).decode()
        [token] = re.findall(r"token: (\w+)", told)
        asked = urllib.request.Request(  # noqa: S310 - loopback
            f"{url}/api/v1/costs?by=repository", headers={"Authorization": f"Bearer {token}"}
        )
        with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:  # noqa: S310 - loopback
            lines = json.load(answer)["lines"]
        interrupt(process)
        out, err = process.communicate(timeout=PATIENCE)

    ended = bare_shell.seen(process.returncode, out, err)
    assert ended.code == 0
    assert {each["repository"] for each in lines} == {
        "acme/shop",
        "acme/payments",
        "acme/mobile-app",
    }
    _nothing_is_left(bare_shell)


def test_ctrl_c_before_its_end_leaves_nothing_either(bare_shell: Shell) -> None:
    with bare_shell.started("demo") as process:
        assert process.stderr
        assert b"are up on loopback" in process.stderr.readline()
        interrupt(process)
        out, err = process.communicate(timeout=PATIENCE)

    assert bare_shell.seen(process.returncode, out, err).code == 130
    _nothing_is_left(bare_shell)


def _address(process: subprocess.Popen[bytes]) -> str:
    """Where the kept service listens, as the demo says."""
    assert process.stderr
    for line in process.stderr:
        if match := re.match(rb"The service stays open at (\S+);", line):
            return match[1].decode()
    message = "the demo ended"
    raise AssertionError(message)
