"""Decides whether a suggestion may be committed with one click."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reviewbot.domain.finding import Side
from reviewbot.review.wording import is_plain

if TYPE_CHECKING:
    from reviewbot.domain.outcome import Judged

MOST_LINES = 20
# Files that run with more rights than the change itself: CI, builds, locks.
_PRIVILEGED = re.compile(
    r"(^|/)(\.github|\.circleci|\.gitlab|\.buildkite|\.husky|\.woodpecker)/|(^|/)\.gitlab-ci\.yml$"
    r"|(^|/)\.?(travis|drone|appveyor|azure-pipelines|bitbucket-pipelines|pre-commit-config)\.ya?ml$"
    r"|(^|/)(GNUmakefile|Makefile|Dockerfile|Jenkinsfile|Rakefile|Gemfile|Pipfile|CMakeLists\.txt"
    r"|setup\.(py|cfg)|conftest\.py|noxfile\.py|tox\.ini|meson\.build|BUILD|WORKSPACE)"
    r"([._-][^/]*)?$"
    r"|(^|/)(package\.json|pyproject\.toml|Cargo\.toml|composer\.json|build\.(gradle|rs)|pom\.xml"
    r"|\.npmrc|\.yarnrc|\.gitmodules|\.gitattributes|docker-compose|[^/]*requirements[^/]*\.txt)"
    r"|\.(lock|sh|bash|ps1|bat|cmd|gradle|kts|mk|cmake|bzl|csproj|tf)$|-lock\.(json|yaml)$"
    r"|(^|/)npm-shrinkwrap\.json$|(^|/)go\.(mod|sum|work)$",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"[a-z][a-z0-9+.-]{1,20}://[^\s'\"`<>)]*|[\"'`]//[^\s'\"`<>)]+|\bwww\.[^\s'\"`<>)]+"
    r"|\b\d{1,3}(?:\.\d{1,3}){3}\b",
    re.IGNORECASE,
)
_PROCESS = re.compile(
    r"\b(?:eval|exec(?:[lv]p?e?|Sync|File|FileSync)?|posix_spawn\w*|spawn(?:[lv]p?e?|Sync)?|system"
    r"|fork|popen|Popen|subprocess|child_process|Runtime\.getRuntime|ProcessBuilder|shell_exec|passthru|proc_open|__import__"
    r"|importlib|curl|wget|Invoke-Expression|iex)\b"
)
_PLACEHOLDER = re.compile(
    r"\[redacted|(?:^|[#/*])\s*(?:\.\.\.|…)|TODO|FIXME|<your[a-z_ -]*>|rest of|existing code",
    re.IGNORECASE | re.MULTILINE,
)


def committable(judged: Judged) -> tuple[str, ...] | None:
    """The replacement of exactly the anchored lines, or None where that is not proven safe."""
    suggestion, anchor = judged.finding.suggestion, judged.anchor
    if suggestion is None or anchor is None or anchor.side is Side.LEFT:
        return None
    lines = _indented(tuple(suggestion.rstrip("\n").split("\n")), judged.code)
    if not _replaces(lines, judged) or _PRIVILEGED.search(anchor.path):
        return None
    return lines if _is_harmless("\n".join(lines), "\n".join(judged.code)) else None


def _indented(lines: tuple[str, ...], code: tuple[str, ...]) -> tuple[str, ...]:
    """Models drop the common indentation; give it back where the first line tells it."""
    first = next((line for line in code if line.strip()), "")
    lost = first[: len(first) - len(first.lstrip())]
    flush = lines[0] == lines[0].lstrip() and bool(lost)
    return tuple(f"{lost}{line}" if line.strip() else line for line in lines) if flush else lines


def _replaces(lines: tuple[str, ...], judged: Judged) -> bool:
    """Whether it is a change, of a size that a person can judge, of the range the model meant."""
    finding = judged.finding
    meant = finding.end_line - finding.start_line + 1
    quoted = len(finding.quote.strip("\n").split("\n"))
    # Only quoted lines are proven: the ends of a range around one line are the model's count.
    same_range = meant == quoted == len(judged.code)
    return same_range and lines != judged.code and len(lines) <= MOST_LINES


def _is_harmless(new: str, old: str) -> bool:
    if not is_plain(new) or "\r" in old or "\ufffd" in new or _PLACEHOLDER.search(new):
        return False
    known = set(_ADDRESS.findall(old)) | set(_PROCESS.findall(old))
    return all(found in known for found in _ADDRESS.findall(new) + _PROCESS.findall(new))
