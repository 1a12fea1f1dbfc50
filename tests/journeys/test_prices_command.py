from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


def reviewbot(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "reviewbot", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_matrix_shows_both_editions_and_their_notes() -> None:
    ended = reviewbot("prices", "--on", "2026-11-25")
    assert ended.returncode == 0, ended.stderr
    assert "Mon–Fri 01–04, 06–10 UTC" in ended.stdout
    assert "23.6×, not 40×" in " ".join(ended.stdout.split())


def test_the_matrix_is_there_for_machines_too() -> None:
    matrix = json.loads(
        reviewbot("prices", "--on", "2026-11-25", "--format", "json", "--baseline", "gpt-4o").stdout
    )
    mini = next(line for line in matrix["today"] if line["model"] == "gpt-4o-mini")
    assert (mini["input"], mini["times_input"]) == ("0.15", "0.06")
    lines = list(csv.DictReader(io.StringIO(reviewbot("prices", "--format", "csv").stdout)))
    assert {line["edition"] for line in lines} == {"today", "article"}


def test_configured_routes_are_compared_without_their_secrets(tmp_path: Path) -> None:
    config = tmp_path / "reviewbot.toml"
    config.write_text(
        '[[endpoints]]\nname = "eu"\nbase_url = "https://eu.example/v1"\n'
        'api_key_env = "NOT_SET"\n'
        '[[models]]\nname = "gpt-4o"\n'
        'routes = [{ endpoint = "eu", model = "gpt-4o", price = { input = 0.30, output = 1.2 } }]\n'
        '[[models]]\nname = "deepseek-v4-flash"\n'
        'routes = [{ endpoint = "eu", model = "v4", price = "today" }]\n'
    )
    asked = ("prices", "--config", str(config), "--on", "2026-11-25")
    ended = reviewbot(*asked, "--format", "json")
    assert ended.returncode == 0, ended.stderr
    lines = json.loads(ended.stdout)["configured"]
    assert [(line["model"], line["input"], line["times_input"]) for line in lines] == [
        ("gpt-4o @ eu", "0.3", "2"),
        ("deepseek-v4-flash @ eu", "0.15", "1"),
        ("deepseek-v4-flash @ eu", "0.3", "2"),  # in peak hours
    ]
    assert "Configured routes on 2026-11-25, USD per million tokens" in reviewbot(*asked).stdout


def test_the_simulation_answers_for_people_and_machines() -> None:
    asked = ["prices", "simulate", "--tokens", "800M", "--split", "70/30", "--on", "2026-11-25"]
    asked += ["--shift", "gpt-4o:deepseek-v4-flash=60%"]
    told = reviewbot(*asked, "--prices", "article")
    assert "saves $2,183.52 a month (57.5%)" in told.stdout
    answer = json.loads(reviewbot(*asked, "--format", "json").stdout)
    assert (answer["before_usd"], answer["after_usd"]) == ("3800", "1685.3")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--shift", "gpt-4o:deepseek-v4-flsh=60%"], "Did you mean deepseek-v4-flash"),
        (["--shift", "gpt-4o:glm-5=60%", "--shift", "gpt-4o:glm-5.3=60%"], "120% of gpt-4o"),
        (["--shift", "gpt-4o:glm-5=60%", "--split", "70/40"], "no split"),
        (["--shift", "gpt-4o:glm-5=60%", "--on", "2027-02-01"], "ended on 2027-01-14"),
        ([], "--shift"),
    ],
)
def test_wrong_questions_are_told_apart(arguments: list[str], said: str) -> None:
    ended = reviewbot("prices", "simulate", "--tokens", "800M", *arguments)
    assert ended.returncode == 2
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_options_before_the_subcommand_are_not_ignored() -> None:
    ended = reviewbot(
        "prices", "--format", "json", "simulate", "--tokens", "1M", "--shift", "a:b=1%"
    )
    assert ended.returncode == 2
    assert "--format stands before simulate" in ended.stderr
