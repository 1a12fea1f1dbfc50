"""The Action's inputs that hold text, patterns and files: no checkout configures a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from reviewbot.domain.errors import PolicyError, UsageError
from reviewbot.domain.policy import MAX_PATTERN_LENGTH, MAX_PATTERNS
from reviewbot.entrypoints.tool_reports import read_reports
from reviewbot.review.house import Extras
from reviewbot.review.paths import matches_any
from reviewbot.runtime.config_file import ConfigText

if TYPE_CHECKING:
    from collections.abc import Mapping


def refuse(name: str, why: str) -> NoReturn:
    """Raise UsageError about an input."""
    message = f"the input {name} is wrong: {why}"
    raise UsageError(message, "See the table of inputs in the README.")


def read_config(environ: Mapping[str, str]) -> ConfigText | Path | None:
    """The input ``config``: TOML, or the path of a file that no checkout can have brought along."""
    said = environ.get("INPUT_CONFIG", "").strip()
    if not said:
        return None
    if "=" in said or said.startswith("["):
        return ConfigText("the input config", said)
    file = Path(said)
    workspace = Path(environ.get("GITHUB_WORKSPACE") or ".").resolve()
    if "\n" in said or not file.is_absolute() or file.resolve().is_relative_to(workspace):
        refuse("config", "write TOML, or an absolute path outside of the workspace")
    return file.resolve()


def read_extras(environ: Mapping[str, str]) -> Extras:
    """The inputs ``exclude`` and ``sarif-in``, one entry a line."""
    reports = [_report(environ, name) for name in _lines(environ, "INPUT_SARIF_IN")]
    return Extras(tips=read_reports(reports), exclude=_exclude(environ))


def _lines(environ: Mapping[str, str], variable: str) -> list[str]:
    lines = (line.strip() for line in environ.get(variable, "").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _exclude(environ: Mapping[str, str]) -> tuple[str, ...]:
    patterns = tuple(_lines(environ, "INPUT_EXCLUDE"))
    if len(patterns) > MAX_PATTERNS or any(len(each) > MAX_PATTERN_LENGTH for each in patterns):
        refuse(
            "exclude",
            f"at most {MAX_PATTERNS} patterns of at most {MAX_PATTERN_LENGTH} characters each",
        )
    try:
        matches_any("a", patterns)
    except PolicyError as error:
        refuse("exclude", str(error))
    return patterns


def _report(environ: Mapping[str, str], name: str) -> str:
    """A file of an earlier step; no link of a checkout leads out of the workspace."""
    workspace = Path(environ.get("GITHUB_WORKSPACE") or ".").resolve()
    allowed = [workspace, Path(environ.get("RUNNER_TEMP") or workspace).resolve()]
    file = (workspace / name).resolve()
    if not any(file.is_relative_to(folder) for folder in allowed):
        refuse("sarif-in", "name files in the workspace or in the runner's temporary folder")
    return str(file)
