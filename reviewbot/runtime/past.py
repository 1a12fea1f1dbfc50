"""Writes labelled cases of a repository's own past into a folder."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from reviewbot.domain.errors import ForgeError, SettingsError, UsageError
from reviewbot.domain.patch import parse_diff
from reviewbot.github.auth import StaticToken
from reviewbot.github.client import GitHubClient
from reviewbot.github.past import Past
from reviewbot.lab.history import PastCase, is_fix, mended, past_cases, remarked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from reviewbot.domain.diff import Diff
    from reviewbot.domain.past import MergedPull
    from reviewbot.lab.cases import Expected
    from reviewbot.runtime.settings import Settings

_MOST_PULLS = 300  # a request each for its diff


@dataclass(frozen=True, slots=True)
class Built:
    """How many cases were written, and of what."""

    merged: int
    labelled: int
    clean: int
    labels: int


def build_cases(settings: Settings, repository: str, days: int, folder: Path) -> Built:
    """Write ``cases.jsonl`` and the diffs beside it; raises UsageError where *folder* exists.

    There are no more clean cases than labelled ones, the latest ones.
    """
    if not settings.github.token:
        message = "GITHUB_TOKEN is not set"
        raise SettingsError(message, "Set it to a token that may read the repository.")
    if folder.exists():
        message = f"{folder} is there already"
        raise UsageError(message, "Move it away, or run this elsewhere.")
    since = datetime.now(UTC) - timedelta(days=days)
    with closing(
        GitHubClient(settings.github.api_url, StaticToken(settings.github.token))
    ) as client:
        past = Past(client, repository)
        pulls = list(past.merged(since))[:_MOST_PULLS]
        raws = {pull.number: _diff(past, pull.base_sha, pull.head_sha) for pull in pulls}
        diffs = {number: parse_diff(raw) for number, raw in raws.items()}
        remarks = list(past.remarks(since))
        cases = [
            (case, raws[pull.number] if case.commit == pull.head_sha else _then(past, pull, case))
            for pull in pulls
            for case in past_cases(
                pull,
                remarked(pull, remarks),
                mended(diffs[pull.number], _fixes_after(pull, pulls, diffs)),
            )
        ]
    kept = _kept([(case, raw) for case, raw in cases if raw])
    _write(folder, repository, kept)
    labelled = [case for case, _ in kept if case.expected]
    labels = sum(len(case.expected) for case in labelled)
    return Built(len(pulls), len(labelled), len(kept) - len(labelled), labels)


def _fixes_after(
    pull: MergedPull, pulls: Sequence[MergedPull], diffs: Mapping[int, Diff]
) -> list[tuple[MergedPull, Diff]]:
    return [
        (other, diffs[other.number])
        for other in pulls
        if other.merged_at > pull.merged_at and is_fix(other)
    ]


def _then(past: Past, pull: MergedPull, case: PastCase) -> bytes:
    """The diff up to the case's commit; empty where GitHub does not have that commit any more."""
    return _diff(past, pull.base_sha, case.commit)


def _diff(past: Past, base: str, head: str) -> bytes:
    try:
        return past.diff(base, head)
    except ForgeError:
        return b""


def _kept(cases: Sequence[tuple[PastCase, bytes]]) -> list[tuple[PastCase, bytes]]:
    labelled = sum(bool(case.expected) for case, _ in cases)
    clean = [case for case, _ in cases if not case.expected][: max(1, labelled)]
    return [(case, raw) for case, raw in cases if case.expected or case in clean]


def _write(folder: Path, repository: str, cases: Sequence[tuple[PastCase, bytes]]) -> None:
    try:
        folder.mkdir(parents=True)
        lines = []
        for case, raw in cases:
            (folder / case.diff_name).write_bytes(raw)
            row = {
                "repo": repository,
                "number": case.number,
                "diff": case.diff_name,
                "expected": [_label(each) for each in case.expected],
            }
            lines.append(json.dumps(row, ensure_ascii=False))
        (folder / "cases.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        message = f"{folder} cannot be written: {error.strerror}"
        raise UsageError(message, "Run it where you may write.") from error


def _label(label: Expected) -> dict[str, str]:
    lines = f"{label.start_line}-{label.end_line}"
    return {"path": label.path, "lines": lines, "note": label.note}
