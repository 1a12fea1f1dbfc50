"""Finds and reads what the base branches say, with as few requests as the tree allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, ValidationError

from reviewbot.domain.errors import NotFound, PolicyError
from reviewbot.github.errors import Rejected
from reviewbot.review.ports import BaseFiles, Document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reviewbot.domain.pull_request import PullRequest
    from reviewbot.github.client import GitHubClient

POLICIES = (".reviewbot.yml", ".github/reviewbot.yml")
GUIDANCE = ("AGENTS.md", "CLAUDE.md", ".github/copilot-instructions.md")
_FOLDER = ".github"
_RAW = "application/vnd.github.raw+json"
_MOST_POLICY = 64 * 1024  # bytes
_MOST_GUIDANCE = 256 * 1024
_FILE_MODES = {"100644", "100755"}
_ADVICE = "Make it a plain file on the base branch, or remove it there."


class _Node(BaseModel):
    """An entry of a git tree."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    path: str
    mode: str
    type: str
    sha: str
    size: int = 0


class _Tree(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    tree: tuple[_Node, ...]
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class _Branch:
    """A commit's files, as far as they matter; *nodes* is None where they could not be listed."""

    client: GitHubClient
    repository: str
    ref: str
    nodes: Mapping[str, _Node] | None

    def policy(self) -> Document | None:
        """The first policy there is; raises PolicyError where it is no plain, small file."""
        for path in POLICIES:
            if self.nodes is None:
                text = self._fetched(path)
            elif (node := self.nodes.get(path)) is not None:
                _check(node, path)
                text = self._fetched(path)
            else:
                continue
            if text is not None:
                return Document(path, _policy_text(path, text))
        return None

    def guidance(self) -> tuple[Document, ...]:
        """The guidance documents that are plain files of a sane size."""
        nodes = self.nodes or {}
        wanted = [
            path
            for path in GUIDANCE
            if (node := nodes.get(path)) and _is_file(node) and node.size <= _MOST_GUIDANCE
        ]
        texts = [(path, self._fetched(path)) for path in wanted]
        return tuple(Document(path, text.decode(errors="replace")) for path, text in texts if text)

    def _fetched(self, path: str) -> bytes | None:
        address = f"/repos/{self.repository}/contents/{path}"
        try:
            return self.client.get_raw(address, _RAW, {"ref": self.ref})
        except NotFound:
            return None


def read_base_files(client: GitHubClient, pull: PullRequest) -> BaseFiles:
    """The policies of base and default branch, and the base branch's guidance."""
    base = _branch(client, pull.repository, pull.base_sha)
    default_policy = None
    if pull.base_branch != pull.default_branch:
        default_policy = _branch(client, pull.repository, pull.default_branch).policy()
    return BaseFiles(base.policy(), default_policy, base.guidance())


def _branch(client: GitHubClient, repository: str, ref: str) -> _Branch:
    nodes = _listed(client, repository, ref)
    folder = nodes.get(_FOLDER) if nodes is not None else None
    if nodes is not None and folder is not None and folder.type == "tree":
        inner = _listed(client, repository, folder.sha)
        if inner is None:
            return _Branch(client, repository, ref, None)
        nodes |= {f"{_FOLDER}/{name}": node for name, node in inner.items()}
    return _Branch(client, repository, ref, nodes)


def _listed(client: GitHubClient, repository: str, ref: str) -> dict[str, _Node] | None:
    """A folder's entries by name; None where GitHub does not list them all."""
    try:
        found = client.get(f"/repos/{repository}/git/trees/{quote(ref, safe='')}")
        tree = _Tree.model_validate(found)
    except (NotFound, Rejected, ValidationError):
        return None
    return None if tree.truncated else {node.path: node for node in tree.tree}


def _is_file(node: _Node) -> bool:
    return node.type == "blob" and node.mode in _FILE_MODES


def _check(node: _Node, path: str) -> None:
    if not _is_file(node):
        message = f"{path} is no plain file (perhaps a folder, a link or a submodule)"
        raise PolicyError(message, _ADVICE)
    if node.size > _MOST_POLICY:
        message = f"{path} is larger than {_MOST_POLICY // 1024} KiB"
        raise PolicyError(message, "Shorten it; path patterns can replace lists of paths.")


def _policy_text(path: str, raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        message = f"{path} is no UTF-8 text"
        raise PolicyError(message, "Save it as UTF-8 on the base branch.") from error
