"""A pull request with planted defects, for the demo and the tests.

A token that looks real stands in it only once it is loaded: in the stored diff it would
set off every secret scanner.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

_PLACEHOLDER = b"@TOKEN@"
_SUFFIX = ".txt"  # keeps tools from taking the stored files for this project's own


@dataclass(frozen=True, slots=True)
class Scenario:
    """A pull request, and the text files of its base."""

    diff: bytes
    base_files: dict[str, str] = field(repr=False)
    title: str
    repository: str
    number: int


def load_scenario() -> Scenario:
    """The planted pull request."""
    here = resources.files(__package__)
    diff = (here / "pull.diff").read_bytes().replace(_PLACEHOLDER, _token().encode())
    return Scenario(
        diff=diff,
        base_files=dict(_texts(here / "base", "")),
        title="Search orders by status, attachments and a shop-wide average",
        repository="acme/shop",
        number=42,
    )


def _token() -> str:
    """What has a GitHub token's form, and never was one."""
    return "_".join(("ghp", hashlib.sha256(b"opens nothing").hexdigest()[:36]))


def _texts(folder: Traversable, prefix: str) -> Iterator[tuple[str, str]]:
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        path = f"{prefix}{entry.name}"
        if entry.is_dir():
            yield from _texts(entry, f"{path}/")
        elif path.endswith(_SUFFIX):
            yield path.removesuffix(_SUFFIX), entry.read_text(encoding="utf-8")
