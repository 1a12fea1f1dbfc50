from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.errors import UsageError
from reviewbot.github.runner import Level, Runner, read_pull_event
from tests.journeys.action.workflow import Command, obeyed

if TYPE_CHECKING:
    from pathlib import Path

EVENT: dict[str, Any] = {
    "repository": {"id": 5, "full_name": "acme/shop"},
    "pull_request": {
        "number": 7,
        "head": {"sha": "a" * 40, "repo": {"id": 5, "full_name": "acme/shop"}},
    },
}


def environ(tmp_path: Path, event: object, name: str = "pull_request") -> dict[str, str]:
    file = tmp_path / "event.json"
    file.write_text(json.dumps(event), encoding="utf-8")
    return {"GITHUB_EVENT_NAME": name, "GITHUB_EVENT_PATH": str(file), "GITHUB_SHA": "c" * 40}


@pytest.mark.parametrize("name", ["pull_request", "pull_request_target"])
def test_the_head_comes_from_the_event(tmp_path: Path, name: str) -> None:
    event = read_pull_event(environ(tmp_path, EVENT, name))
    assert (event.repository, event.number, event.head_sha) == ("acme/shop", 7, "a" * 40)
    assert event.without_secrets == ""


@pytest.mark.parametrize("home", [None, {"id": 6, "full_name": "mallory/shop"}])
def test_forks_have_no_secrets_except_on_pull_request_target(
    tmp_path: Path, home: dict[str, Any] | None
) -> None:
    event = EVENT | {"pull_request": {"number": 7, "head": {"sha": "a" * 40, "repo": home}}}
    assert "forks" in read_pull_event(environ(tmp_path, event)).without_secrets
    trusted = environ(tmp_path, event, "pull_request_target")
    assert read_pull_event(trusted).without_secrets == ""


@pytest.mark.parametrize(
    "event",
    [
        [],
        {},
        EVENT | {"repository": {"id": "5", "full_name": "acme/shop"}},
        EVENT | {"repository": {"id": 5, "full_name": "acme/../shop"}},
        EVENT | {"pull_request": {"number": 7, "head": {"sha": "main"}}},
    ],
)
def test_other_files_are_no_events(tmp_path: Path, event: object) -> None:
    with pytest.raises(UsageError):
        read_pull_event(environ(tmp_path, event))


def test_a_missing_event_is_wrong_use() -> None:
    with pytest.raises(UsageError):
        read_pull_event({"GITHUB_EVENT_NAME": "pull_request"})


@given(st.text(st.sampled_from("::error stop-commands\n\r0af%"), max_size=80))
def test_no_text_in_the_fence_is_obeyed(text: str) -> None:
    out = io.StringIO()
    runner = Runner({}, out)
    with runner.fenced() as fenced:
        fenced.write(f"{text}\n::error::{text}\n::stop-commands::{text}")
    runner.annotate(Level.NOTICE, "after")
    assert list(obeyed(out.getvalue())) == [Command("notice", {}, "after")]


@given(st.text(max_size=60), st.text(max_size=60))
def test_an_annotation_is_one_command_whatever_it_says(message: str, title: str) -> None:
    out = io.StringIO()
    Runner({}, out).annotate(Level.ERROR, message, title=title, line=3)
    [line] = out.getvalue().removesuffix("\n").split("\n")
    assert "\r" not in line
    assert line.startswith("::error title=")


def test_outputs_of_several_lines_stay_one_output(tmp_path: Path) -> None:
    file = tmp_path / "output"
    Runner({"GITHUB_OUTPUT": str(file)}, io.StringIO()).set_outputs({"a": "1\nb=2", "c": "3"})
    first, *_, last = file.read_text(encoding="utf-8").splitlines()
    name, fence = first.split("<<")
    assert (name, last) == ("a", fence)
    assert file.read_text(encoding="utf-8").count(fence) == 4
