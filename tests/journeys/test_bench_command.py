from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from reviewbot.sandbox.model import API_KEY, CHEAP_MODEL, STRONG_MODEL, SandboxModel
from reviewbot.sandbox.model_manners import Fault, Manners, Pace, Trouble
from tests.fakes.patience import PATIENCE, wait_for

if TYPE_CHECKING:
    from pathlib import Path

_MODELS = (CHEAP_MODEL, STRONG_MODEL)
SMALL = ("--requests", "2", "--concurrency", "2", "--input-tokens", "100", "--output-tokens", "10")


def reviewbot(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("REVIEWBOT_")}
    return subprocess.run(
        [sys.executable, "-m", "reviewbot", "bench", *arguments],
        env=kept | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


def test_the_demo_needs_no_key_and_writes_a_page(tmp_path: Path) -> None:
    page = tmp_path / "bench.html"
    ended = reviewbot("--demo", *SMALL, "--html", str(page))
    assert ended.returncode == 0, ended.stderr
    assert "quick-120ms-90tps" in ended.stdout
    assert "<!doctype html>" in page.read_text()


def test_ctrl_c_ends_it_at_once_and_shows_what_was_measured() -> None:
    # The warm-up is answered; what comes after it never is.
    faults = (Fault(Trouble.NO_USAGE), *[Fault(Trouble.STALL)] * 100)
    manners = {name: Manners(pace=Pace(0.0, 10_000, 10), faults=faults) for name in _MODELS}
    named = [word for name in _MODELS for word in ("--model", name)]
    with (
        SandboxModel(manners=manners) as server,
        subprocess.Popen(
            [
                *(sys.executable, "-m", "reviewbot", "bench", "--base-url", server.base_url),
                *(*named, "--price", "0/0", "--api-key-env", "HOUSE_KEY"),
                *("--requests", "100", "--timeout", "600", "--format", "json"),
            ],
            env=os.environ | {"HOUSE_KEY": API_KEY},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as running,
    ):
        for name in _MODELS:
            wait_for(f"requests to {name}", lambda name=name: server.totals(name).calls > 1)  # type: ignore[misc] # bound
        running.send_signal(signal.SIGINT)
        out, complaints = running.communicate(timeout=PATIENCE)
    assert running.returncode == 130, complaints.decode()
    targets = json.loads(out)["targets"]
    assert [target["stopped"] for target in targets] == ["interrupted"] * len(_MODELS)
    assert all(target["sent"] < 100 for target in targets)
    assert not complaints.strip()


def test_a_terminal_sees_how_far_it_is() -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "reviewbot", "bench", "--demo", *SMALL],
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    ) as running:
        os.close(theirs)
        drawn = b""
        with contextlib.suppress(OSError):  # a terminal whose other end is gone
            while piece := os.read(ours, 65_536):
                drawn += piece
        os.close(ours)
    assert running.returncode == 0
    assert b"quick-120ms-90tps" in drawn
    assert b"2/2" in drawn


def test_configured_models_are_loaded_side_by_side(tmp_path: Path) -> None:
    with SandboxModel() as server:
        config = tmp_path / "reviewbot.toml"
        routes = (
            'routes = [{ endpoint = "house", model = "%s", price = { input = 1, output = 2 } }]'
        )
        config.write_text(
            f'[[endpoints]]\nname = "house"\nbase_url = "{server.base_url}"\n'
            'api_key_env = "HOUSE_KEY"\n'
            f'[[models]]\nname = "small"\n{routes % CHEAP_MODEL}\n'
            f'[[models]]\nname = "large"\n{routes % STRONG_MODEL}\n'
            '[tiers]\ncheap = ["small"]\nstrong = ["large"]\n'
        )
        ended = reviewbot(*SMALL, "--config", str(config), "--format", "json", HOUSE_KEY=API_KEY)
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert [(each["name"], each["answered"]) for each in told["targets"]] == [
        ("small", 2),
        ("large", 2),
    ]
    assert told["targets"][0]["samples"][0]["error"] is None


def test_an_address_given_outright_gets_only_the_key_that_is_named() -> None:
    with SandboxModel() as server:
        given = (*SMALL, "--base-url", server.base_url, "--model", CHEAP_MODEL, "--price", "0/0")
        without = reviewbot(*given, REVIEWBOT_API_KEY=API_KEY)
        named = reviewbot(*given, "--api-key-env", "HOUSE_KEY", HOUSE_KEY=API_KEY)
    assert without.returncode == 3
    assert "http-401 at warm-up" in without.stdout
    assert named.returncode == 0, named.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Without a key, try: reviewbot demo"),
        (("--demo", "--max-cost", "0.001"), "over --max-cost"),
        (("--demo", "--base-url", "http://a"), "--demo has models of its own"),
        (("--base-url", "http://a"), "--base-url needs a --model"),
        (("--base-url", "nonsense", "--model", "m"), "is no address"),
        (("--base-url", "http://a", "--model", "m"), "the price of 'm' is not known"),
        (("--base-url", "http://a", "--model", "m", "--price", "x"), "is no price"),
        (("--base-url", "http://a", "--model", "m", "--api-key-env", "NONE_SUCH"), "is not set"),
        (("--price", "1/2"), "are for --base-url"),
        (("--base-url", "http://a", "--endpoint", "b", "--model", "m"), "Give one of both"),
        (("--demo", "--model", "quick-120ms"), "Did you mean quick-120ms-90tps?"),
        (("--sla", "nines"), "percentage"),
        (("--max-cost", "much"), "no amount"),
    ],
)
def test_wrong_use_is_told_before_anything_is_sent(arguments: tuple[str, ...], said: str) -> None:
    ended = reviewbot(*arguments)
    assert ended.returncode == 2, ended.stdout
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
