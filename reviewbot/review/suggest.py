"""Decides whether a suggestion may be committed with one click."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reviewbot.domain.finding import Side
from reviewbot.review.wording import is_plain

if TYPE_CHECKING:
    from collections.abc import Sequence

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

# What models put before code: fences, a diff's signs and headers, the prompt's numbers.
_MARK = re.compile(r"(\s{0,8}(?:```|~~~)|[-+](?![-+\d])|@@ |\s{0,8}\d{1,9} [-+ ] )")


def committable(judged: Judged) -> tuple[str, ...] | None:
    """The replacement of exactly the anchored lines, or None where that is not proven safe."""
    suggestion, anchor = judged.finding.suggestion, judged.anchor
    if suggestion is None or anchor is None or anchor.side is Side.LEFT:
        return None
    written = tuple(suggestion.removesuffix("\n").split("\n"))
    if not _names_the_range(judged) or _PRIVILEGED.search(anchor.path):
        return None
    if not _is_quoted_as_indented(judged):
        return None
    if not _marks(written) <= _marks([line.lstrip() for line in judged.code]):
        return None
    lines = _indented(written, judged.code)
    if lines is None or not _replaces(lines, judged.code):
        return None
    old = "\n".join(judged.code)
    return lines if _is_shown_whole(old) and _is_harmless("\n".join(lines), old) else None


def _names_the_range(judged: Judged) -> bool:
    """Whether the anchored lines are those that the model would replace.

    Only quoted lines are proven: the ends of a range around one line are the model's count.
    """
    finding = judged.finding
    meant = finding.end_line - finding.start_line + 1
    quoted = finding.quote.strip("\n").count("\n") + 1
    return meant == quoted == len(judged.code)


# --- indentation -----------------------------------------------------------------------------


def _is_quoted_as_indented(judged: Judged) -> bool:
    """Whether the quote has the code's indentation, or none.

    A context line's blank sign before both quote and suggestion would shift the code.
    """
    quoted = next((line for line in judged.finding.quote.split("\n") if line.strip()), "")
    shown = next((line for line in judged.code if line.strip()), "")
    return _indentation(quoted) in {"", _indentation(shown)}


def _indented(lines: tuple[str, ...], code: tuple[str, ...]) -> tuple[str, ...] | None:
    """Models drop indentation, of all lines or of the first; None where that cannot be told."""
    lost = _indentation(next((line for line in code if line.strip()), ""))
    if not lost or not lines[0].strip() or _indentation(lines[0]):
        return lines
    rest = [line for line in lines[1:] if line.strip()]
    if all(line.startswith(lost) for line in rest) and rest:
        # Their indentation may be whole: a line that stays as it was tells.
        whole = any(line in code for line in rest)
        if whole == any(f"{lost}{line}" in code for line in rest):
            return None
        if whole:
            return (f"{lost}{lines[0]}", *lines[1:])
    return tuple(f"{lost}{line}" if line.strip() else line for line in lines)


def _indentation(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _mixes(lines: tuple[str, ...], code: tuple[str, ...]) -> bool:
    """Whether lines would be indented by tabs among spaces, or the other way round."""
    there, here = ({_indentation(line)[:1] for line in side} - {""} for side in (code, lines))
    return bool(there and here - there)


# --- the replacement -------------------------------------------------------------------------


def _marks(lines: Sequence[str]) -> set[str]:
    """What stands before lines that is a model's more often than a file's."""
    return {match[1].strip() for line in lines if (match := _MARK.match(line))}


def _replaces(lines: tuple[str, ...], code: tuple[str, ...]) -> bool:
    """Whether it is a change that can be seen, of a size that a person can judge."""
    same = [line.rstrip() for line in lines] == [line.rstrip() for line in code]
    return not same and len(lines) <= MOST_LINES and not _mixes(lines, code)


def _is_shown_whole(code: str) -> bool:
    """Whether the prompt shows the lines as they are, so that a replacement loses nothing."""
    return all(line.splitlines() == [line] for line in code.split("\n") if line)


def _is_harmless(new: str, old: str) -> bool:
    if not is_plain(new) or "\ufffd" in new + old or _PLACEHOLDER.search(new):
        return False
    known = set(_ADDRESS.findall(old)) | set(_PROCESS.findall(old))
    return all(found in known for found in _ADDRESS.findall(new) + _PROCESS.findall(new))
