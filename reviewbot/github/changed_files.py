"""The diff of a pull request, from the best source that GitHub has for it.

The raw diff up to its limits (300 files, 20,000 lines, 1 MB), else the list of files, and for
files whose lines that leaves out both contents, compared here. A file that cannot be had in
any way is a named gap and costs the others nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from pydantic import Field, ValidationError

from reviewbot.domain.binary import is_binary, is_named_binary
from reviewbot.domain.compare import compared
from reviewbot.domain.diff import Change, Content, Diff, FileDiff, Unreadable
from reviewbot.domain.errors import (
    DiffError,
    Forbidden,
    ForgeUnavailable,
    NotFound,
    ReviewbotError,
)
from reviewbot.domain.held import MOST_HELD, HeldFiles
from reviewbot.domain.patch import change_of, file_from_patch, parse_diff
from reviewbot.domain.phrase import Phrase
from reviewbot.github.errors import Rejected, TooLarge
from reviewbot.github.payload import Payload

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reviewbot.domain.pull_request import PullRequest
    from reviewbot.github.client import GitHubClient, JsonObject

_DIFF = "application/vnd.github.diff"
_RAW = "application/vnd.github.raw+json"
_MOST_FILES = 3000  # in GitHub's list
_MOST_COMPARED = 20  # files whose contents are fetched: two requests each
_MOST_CHANGES = 50_000  # lines of one such file
_MOST_BYTES = 4 * 2**20  # of one content
_MOST_FETCHED = 32 * 2**20  # bytes of all contents
_SILENT = {Change.ADDED, Change.MODIFIED, Change.COPIED}  # must have lines, where they have text
_EMPTY = {"e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"}  # the blob without a byte
_NOT_HAD = (NotFound, Forbidden, Rejected, TooLarge, ForgeUnavailable)


class _File(Payload):
    """An entry of GitHub's list of changed files."""

    filename: str
    status: str
    sha: str | None = Field(None, pattern=r"^[0-9a-f]{40,64}$")
    additions: int = Field(0, ge=0)
    changes: int = 0
    previous_filename: str | None = None
    patch: str | None = None


class _Commit(Payload):
    sha: str = Field(pattern=r"^[0-9a-f]{40,64}$")


class _Comparison(Payload):
    merge_base_commit: _Commit


def read_diff(client: GitHubClient, pull: PullRequest, most_held: int = MOST_HELD) -> Diff:
    """Everything that the pull request changes, within *most_held* bytes of memory."""
    path = f"/repos/{pull.repository}/pulls/{pull.key.number}"
    contents = _Contents(client, pull)
    try:
        diff = parse_diff(client.get_raw(path, _DIFF), most_held)
    except (TooLarge, ForgeUnavailable, DiffError):
        return _from_list(client.pages(f"{path}/files"), contents, most_held)
    return replace(diff, files=tuple(map(contents.proven, diff.files)))


def _from_list(items: Iterable[JsonObject], contents: _Contents, most_held: int) -> Diff:
    files, unreadable = HeldFiles(most_held), list[Unreadable]()
    for item in items:
        entry = _entry(item, contents)
        if isinstance(entry, Unreadable):
            unreadable.append(entry)
        else:
            files.add(entry)
    if len(files) + len(unreadable) >= _MOST_FILES:
        why = Phrase("GitHub lists no more than {files:,} files", files=_MOST_FILES)
        unreadable.append(Unreadable("(further files)", why))
    return Diff(tuple(files), tuple(unreadable))


def _entry(item: JsonObject, contents: _Contents) -> FileDiff | Unreadable:
    try:
        file = _File.model_validate(item)
    except ValidationError:
        return Unreadable("(no name)", Phrase("GitHub's entry cannot be read"))
    entry = file_from_patch(
        file.filename, file.previous_filename, file.status, file.patch, file.changes
    )
    if isinstance(entry, FileDiff) and entry.content is not Content.MISSING:
        if entry.hunks or entry.change not in _SILENT or file.sha in _EMPTY:
            return entry
        # A binary, code that attributes of the head call so, or a change of its mode.
        return contents.proven(replace(entry, content=Content.BINARY), file.sha)
    if isinstance(entry, Unreadable):
        return contents.compared(file) or entry
    return contents.compared(file) or replace(entry, unseen=file.additions)


@dataclass(slots=True)
class _Contents:
    """Fetches files' contents on both sides, within limits that a pull request cannot raise."""

    client: GitHubClient
    pull: PullRequest
    files: int = 0
    fetched: int = 0
    base: str | ReviewbotError = ""  # the commit it is compared with, or why nobody knows it

    def proven(self, file: FileDiff, sha: str | None = None) -> FileDiff:
        """A file that is shown as binary as it is: the head's attributes may call code so.

        *sha* names its new content, where the list of files tells it.
        """
        if file.content is not Content.BINARY or file.change is Change.DELETED:
            return file
        if is_named_binary(file.path) or self.files >= _MOST_COMPARED:
            return file
        self.files += 1
        try:
            new = self._blob(sha) if sha else self._at(file.path, self.pull.head_sha)
            needs_old = not (is_binary(new) or file.change is Change.ADDED)
            old = self._at(file.old_path or file.path, self._base()) if needs_old else b""
        except _NOT_HAD:
            return file
        return compared(file.path, file.old_path, file.change, old, new)

    def compared(self, file: _File) -> FileDiff | None:
        """The entry of *file*, or None where its contents cannot be had."""
        if self.files >= _MOST_COMPARED or file.changes > _MOST_CHANGES or file.sha is None:
            return None
        self.files += 1
        change = change_of(file.status)
        old_path = file.previous_filename or file.filename
        try:
            old = b"" if change is Change.ADDED else self._at(old_path, self._base())
            new = b"" if change is Change.DELETED else self._blob(file.sha)
        except _NOT_HAD:
            return None
        return compared(file.filename, file.previous_filename, change, old, new)

    def _blob(self, sha: str) -> bytes:
        return self._get(f"/repos/{self.pull.repository}/git/blobs/{sha}", {})

    def _at(self, path: str, commit: str) -> bytes:
        where = f"/repos/{self.pull.repository}/contents/{quote(path)}"
        return self._get(where, {"ref": commit})

    def _base(self) -> str:
        """Where the head left the base branch, which may have moved on since."""
        if not self.base:
            try:
                self.base = self._merge_base()
            except _NOT_HAD as error:
                self.base = error  # the next file is not asked for in vain
        if isinstance(self.base, ReviewbotError):
            raise self.base
        return self.base

    def _merge_base(self) -> str:
        span = f"{self.pull.base_sha}...{self.pull.head_sha}"
        path = f"/repos/{self.pull.repository}/compare/{span}"
        # Its list of files stands on the first page only.
        found = self.client.get(path, {"per_page": "1", "page": "2"})
        try:
            return _Comparison.model_validate(found).merge_base_commit.sha
        except ValidationError as error:
            message = f"GET {path}: GitHub's answer is no comparison"
            raise ForgeUnavailable(message) from error

    def _get(self, path: str, params: dict[str, str]) -> bytes:
        if self.fetched > _MOST_FETCHED:
            message = f"GET {path}: enough contents were fetched"
            raise TooLarge(message)
        content = self.client.get_raw(path, _RAW, params)
        self.fetched += len(content)
        if len(content) > _MOST_BYTES:
            message = f"GET {path}: the file is larger than {_MOST_BYTES // 2**20} MiB"
            raise TooLarge(message)
        return content
