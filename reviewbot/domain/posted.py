"""What reviewbot said on a pull request earlier."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reviewbot.domain.feedback import Reception
    from reviewbot.domain.finding import Category, Severity, Side


@dataclass(frozen=True, slots=True)
class PostedFinding:
    """A finding that was posted on a line, whatever has become of its comment, or listed.

    *digest* names the text of the line, so that it is found again wherever the line moves.
    *comment_id* and *node_id* are GitHub's, empty where the comment was removed. *reception* is
    None where GitHub does not say what people did with its thread.
    """

    fingerprint: str
    path: str
    side: Side
    category: Category
    severity: Severity
    digest: str
    title: str
    comment_id: str = ""
    is_fixed: bool = False  # its thread says so
    node_id: str = ""
    reception: Reception | None = None
    is_improvement: bool = False  # no defect: suggested on command
    is_listed: bool = False  # it stood in the summary alone, beyond the caps


def digest_of(text: str) -> str:
    """A name for a line of code, whatever its indentation."""
    return hashlib.sha256(" ".join(text.split()).encode(errors="replace")).hexdigest()[:16]
