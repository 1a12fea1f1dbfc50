from __future__ import annotations

import csv
import io
import json
import subprocess
import sys

import pytest


def reviewbot(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "reviewbot", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
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
        (["--shift", "gpt-4o:deepseek-v4-flsh=60%"], "did you mean deepseek-v4-flash"),
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
