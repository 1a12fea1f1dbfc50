"""What the sandbox GitHub remembers: pull requests and everything said on them."""

from __future__ import annotations

import hashlib
import itertools
import posixpath
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from reviewbot.sandbox.github_diff import DiffEntry, read_diff

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

JsonObject = dict[str, Any]


@dataclass(frozen=True)
class SandboxPull:
    """A pull request to put on the sandbox GitHub.

    *base_modes* gives paths of *base_files* another mode than 100644, such as 120000 for a
    symlink. *default_files* are those of the default branch where it is not the base branch.
    *head_repository* names the fork that a pull request comes from.
    """

    diff: bytes
    number: int = 1
    repository: str = "acme/shop"
    repository_id: int = 1001
    title: str = "Change the shop"
    body: str | None = None
    author_login: str = "alice"
    author_id: int = 7
    author_type: str = "User"
    author_association: str = "CONTRIBUTOR"
    base_files: Mapping[str, str | bytes] = field(default_factory=dict)
    base_modes: Mapping[str, str] = field(default_factory=dict)
    head_files: Mapping[str, str | bytes] = field(default_factory=dict)
    default_files: Mapping[str, str | bytes] = field(default_factory=dict)
    head_sha: str = "a" * 40
    base_sha: str = "b" * 40
    head_branch: str = "topic"
    base_branch: str = "main"
    default_branch: str = "main"
    head_repository: str = ""
    draft: bool = False
    labels: tuple[str, ...] = ()
    private: bool = False
    diff_too_large: bool = False


@dataclass
class PullState:
    """A pull request as it stands, and what was written on it."""

    pull: SandboxPull
    heads: dict[str, dict[str, DiffEntry]] = field(default_factory=dict)
    diffs: dict[str, bytes] = field(default_factory=dict)  # by head
    is_open: bool = True
    merged: bool = False
    ended_at: str = ""
    before: str = ""  # the head before the last push
    reviews: list[JsonObject] = field(default_factory=list)
    review_comments: list[JsonObject] = field(default_factory=list)
    issue_comments: list[JsonObject] = field(default_factory=list)
    reactions: list[JsonObject] = field(default_factory=list)
    resolved: dict[int, JsonObject] = field(default_factory=dict)  # threads, and by whom

    @property
    def entries(self) -> dict[str, DiffEntry]:
        """The files of the current diff."""
        return self.heads[self.pull.head_sha]


@dataclass(frozen=True)
class Collaborator:
    """A user, and the role that they have in every repository; empty is none."""

    login: str
    id: int
    role: str


class Store:
    """Every pull request and check run; callers hold *lock* while they read or write."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.pulls: list[PullState] = []
        self.check_runs: list[JsonObject] = []
        self.collaborators: dict[str, Collaborator] = {}  # by login in lower case
        self.queued: dict[str, set[str]] = {}  # commits of merge queues, by repository
        self.labels: dict[str, dict[str, JsonObject]] = {}  # by repository and name, in lower case
        self._ids = itertools.count(9001)

    def next_id(self) -> int:
        """An id that nothing else has."""
        return next(self._ids)

    def add(self, pull: SandboxPull) -> None:
        """Open a pull request; a number is taken once in a repository."""
        with self.lock:
            if self.find(pull.repository, pull.number):
                message = f"{pull.repository}#{pull.number} is there already"
                raise ValueError(message)
            heads = {pull.head_sha: read_diff(pull.diff)}
            self.pulls.append(PullState(pull, heads, {pull.head_sha: pull.diff}))

    def push(self, number: int, diff: bytes, head_sha: str, repository: str = "") -> None:
        """Move a pull request's head; comments on lines become outdated as on GitHub."""
        with self.lock:
            state = self.get(number, repository)
            state.before = state.pull.head_sha
            state.pull = replace(state.pull, diff=diff, head_sha=head_sha)
            state.heads[head_sha] = read_diff(diff)
            state.diffs[head_sha] = diff
            for comment in state.review_comments:
                comment.update(line=None, start_line=None, position=None)

    def change(self, number: int, repository: str = "", **values: Any) -> None:
        """Change what its author or a maintainer may: draft, labels, title or base_branch."""
        with self.lock:
            state = self.get(number, repository)
            state.pull = replace(state.pull, **values)

    def close(
        self, number: int, repository: str = "", *, merged: bool = False, at: str = ""
    ) -> None:
        """Close or merge a pull request; *at* is when, in GitHub's format."""
        with self.lock:
            state = self.get(number, repository)
            state.is_open, state.merged, state.ended_at = False, merged, at

    def find(self, repository: str, number: int) -> PullState | None:
        """The pull request of that number; names of repositories know no case."""
        return next((s for s in self.of(repository) if s.pull.number == number), None)

    def get(self, number: int, repository: str = "") -> PullState:
        """The pull request of that number in *repository*, or in the first one without it."""
        repository = repository or (self.pulls[0].pull.repository if self.pulls else "")
        state = self.find(repository, number)
        if state is None:
            message = f"there is no {repository}#{number}"
            raise KeyError(message)
        return state

    def on_line(self, comment_id: int) -> tuple[PullState, JsonObject]:
        """A comment on a line, and the pull request that it stands on."""
        for state in self.pulls:
            for comment in state.review_comments:
                if comment["id"] == comment_id:
                    return state, comment
        message = f"there is no comment {comment_id}"
        raise KeyError(message)

    def may_write(self, login: str) -> bool:
        """Whether somebody may write to every repository."""
        person = self.collaborators.get(login.lower())
        return person is not None and person.role in ("admin", "maintain", "write")

    def of(self, repository: str) -> list[PullState]:
        """The pull requests of a repository; none means that there is no such repository."""
        name = repository.lower()
        return [state for state in self.pulls if state.pull.repository.lower() == name]

    def name_of(self, repository_id: int) -> str | None:
        """The name that a repository has now."""
        named = (s.pull for s in self.pulls if s.pull.repository_id == repository_id)
        return next((pull.repository for pull in named), None)

    def tree(self, repository: str, ref: str) -> Tree | None:
        """The files at a branch, tag-like name or commit."""
        ref = ref.removeprefix("refs/").removeprefix("heads/")
        for state in self.of(repository):
            pull = state.pull
            wanted = pull.default_branch if ref in ("", "HEAD") else ref
            if wanted in (pull.base_branch, pull.base_sha):
                return Tree(pull.base_files, pull.base_modes)
            if wanted == pull.default_branch:
                return Tree(pull.default_files)
            if ref in (pull.head_sha, pull.head_branch, f"pull/{pull.number}/head"):
                return Tree(pull.head_files)
        return None

    def trees(self, repository: str) -> Iterator[Tree]:
        """Every tree of a repository."""
        for state in self.of(repository):
            pull = state.pull
            yield Tree(pull.base_files, pull.base_modes)
            yield from (Tree(pull.default_files), Tree(pull.head_files))

    def commits(self, repository: str) -> set[str]:
        """Every commit that a check run may stand on."""
        states = self.of(repository)
        own = {sha for s in states for sha in (*s.heads, s.pull.base_sha)}
        return own | self.queued.get(repository.lower(), set())


@dataclass(frozen=True)
class Tree:
    """The files at one commit."""

    files: Mapping[str, str | bytes]
    modes: Mapping[str, str] = field(default_factory=dict)

    def blob(self, path: str) -> bytes | None:
        """A file's bytes."""
        text = self.files.get(path)
        return text.encode() if isinstance(text, str) else text

    def follow(self, path: str) -> str:
        """Where GitHub's contents API lands: on a symlink's target, if that is a file here."""
        if self.modes.get(path) != "120000":
            return path
        target = (self.blob(path) or b"").decode(errors="replace")
        there = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
        return there if there in self.files else path

    def folder_sha(self, folder: str) -> str:
        """An id of the files below *folder* (empty, or ending in a slash)."""
        below = sorted(path for path in self.files if path.startswith(folder))
        listing = "".join(f"{path}\0{blob_sha(self.blob(path) or b'')}\n" for path in below)
        return hashlib.sha1(f"{folder}\0{listing}".encode(), usedforsecurity=False).hexdigest()

    def folders(self) -> list[str]:
        """Every folder, each ending in a slash."""
        parts = [path.split("/")[:-1] for path in self.files]
        return sorted({"/".join(p[: n + 1]) + "/" for p in parts for n in range(len(p))})


def blob_sha(content: bytes) -> str:
    """Git's name for a file's content."""
    header = b"blob %d\0" % len(content)
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()
