"""A shell, and the GitHub and the models that it reaches on loopback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reviewbot.sandbox.github import SandboxGitHub, SandboxPull
from reviewbot.sandbox.model import SandboxModel
from reviewbot.sandbox.scenario import Scenario, load_scenario
from tests.journeys.cli.driver import (
    API_KEY,
    TOKEN,
    Shell,
    basics,
    github_variables,
    model_variables,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def scenario() -> Scenario:
    """The pull request with planted defects."""
    return load_scenario()


@pytest.fixture
def github(scenario: Scenario) -> Iterator[SandboxGitHub]:
    """A GitHub with the planted pull request."""
    with SandboxGitHub(token=TOKEN, pat_may_check=True) as server:
        server.add_pull(
            SandboxPull(
                diff=scenario.diff,
                number=scenario.number,
                repository=scenario.repository,
                title=scenario.title,
                base_files=scenario.base_files,
            )
        )
        yield server


@pytest.fixture
def model() -> Iterator[SandboxModel]:
    """Scripted models."""
    with SandboxModel(API_KEY) as server:
        yield server


@pytest.fixture
def bare_shell(tmp_path: Path) -> Shell:
    """A shell that has nothing set."""
    work = tmp_path / "work"
    work.mkdir()
    return Shell(work, basics(tmp_path))


@pytest.fixture
def shell(bare_shell: Shell, github: SandboxGitHub, model: SandboxModel) -> Shell:
    """A shell with a token, a key and models."""
    reach = github_variables(github.url) | model_variables(model.base_url)
    return Shell(bare_shell.folder, {**bare_shell.environ, **reach})


@pytest.fixture
def pull(scenario: Scenario) -> str:
    """The planted pull request's short name."""
    return f"{scenario.repository}#{scenario.number}"


@pytest.fixture
def diff(shell: Shell, scenario: Scenario) -> str:
    """The planted diff as a file in the shell's folder; its name."""
    return shell.write("planted.diff", scenario.diff)
