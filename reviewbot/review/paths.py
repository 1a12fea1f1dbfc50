"""Matches paths against a policy's patterns, in linear time."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

import re2
from pathspec import GitIgnoreSpec

from reviewbot.domain.errors import PolicyError
from reviewbot.domain.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Iterable


def verdict(path: str, patterns: Iterable[str]) -> bool | None:
    """Whether the last pattern that speaks of *path* lists it or, with ``!``, takes it out.

    None where no pattern speaks of it. Raises PolicyError for a pattern that is none.
    """
    patterns = tuple(patterns)
    return _compiled(patterns).check_file(path).include if patterns else None


def matches_any(path: str, patterns: Iterable[str]) -> bool:
    """Whether gitignore-style *patterns* list *path*; a later ``!pattern`` takes it out again."""
    return verdict(path, patterns) is True


@lru_cache(maxsize=256)
def _compiled(patterns: tuple[str, ...]) -> GitIgnoreSpec:
    try:
        return GitIgnoreSpec.from_lines(patterns, backend="re2")
    except (ValueError, re.error, re2.error) as error:
        message = Phrase(
            "one of the patterns {patterns} is no gitignore pattern",
            patterns=repr(", ".join(patterns)[:200]),
        )
        raise PolicyError(message, Phrase("Write it as in a .gitignore file.")) from error
