"""Finds and reads what the base branches say, with as few requests as the tree allows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote

from pydantic import ValidationError

from reviewbot.domain.errors import NotFound, PolicyError
from reviewbot.domain.phrase import Phrase
from reviewbot.github.errors import Rejected
from reviewbot.github.payload import Payload
from reviewbot.review.ports import GUIDANCE_BYTES, BaseFiles, Document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reviewbot.domain.pull_request import PullRequest
    from reviewbot.github.client import GitHubClient

POLICIES = (".reviewbot.yml", ".github/reviewbot.yml")
GUIDANCE = ("AGENTS.md", "CLAUDE.md", ".github/copilot-instructions.md")
_FOLDER = ".github"
RAW = "application/vnd.github.raw+json"
_MOST_POLICY = 64 * 1024  # bytes
_MOST_GUIDANCE = 256 * 1024
_FILE_MODES = {"100644", "100755"}
_ADVICE = Phrase("Make it a plain file where it stands, or remove it there.")


class Node(Payload):
    """An entry of a git tree."""

    path: str
    mode: str
    type: str
    sha: str
    size: int = 0


class _Tree(Payload):
    tree: tuple[Node, ...]
    truncated: bool = False


@dataclass(frozen=True)
class _Branch:
    """A commit's files, as far as they matter; listings are None where GitHub gives none."""

    client: GitHubClient
    repository: str
    ref: str

    @cached_property
    def root(self) -> Mapping[str, Node] | None:
        """The entries of the root."""
        return _listed(self.client, self.repository, self.ref)

    @cached_property
    def folder(self) -> Mapping[str, Node] | None:
        """The entries of the inner folder, by their whole paths."""
        if self.root is None:
            return None
        folder = self.root.get(_FOLDER)
        if folder is None or folder.type != "tree":
            return {}
        inner = _listed(self.client, self.repository, folder.sha)
        return inner and {f"{_FOLDER}/{name}": node for name, node in inner.items()}

    def policy(self) -> Document | None:
        """The first policy there is; raises PolicyError where it is no plain, small file."""
        for path in POLICIES:
            nodes = self._beside(path)
            if nodes is not None:
                if path not in nodes:
                    continue
                check_plain(nodes[path], path)
            text = self._fetched(path)
            if text is not None:
                return Document(path, policy_text(path, text))
        return None

    def guidance(self) -> tuple[Document, ...]:
        """The guidance documents, each text once, and no more of them than prompts show."""
        texts: dict[str, str] = {}
        seen: set[str] = set()
        for path in GUIDANCE:
            if sum(map(len, texts.values())) >= GUIDANCE_BYTES:
                break
            name = self._guide(path)
            if name and name not in seen and (raw := self._fetched(path)):
                texts[path] = raw[:_MOST_GUIDANCE].decode(errors="replace").strip()
            seen.add(name)
        return tuple(Document(path, text) for path, text in texts.items())

    def _guide(self, path: str) -> str:
        """What its content is known by; empty where it is no plain file of a sane size."""
        root = self.root
        if root is None:  # nobody lists them, and each guess is a request
            return "" if path.startswith(_FOLDER) else path
        if path.startswith(_FOLDER) and POLICIES[0] in root:
            # No policy made the folder be listed, and listing it costs what fetching does.
            return path if _FOLDER in root else ""
        node = (self._beside(path) or {}).get(path)
        sane = node is not None and _is_file(node) and node.size <= _MOST_GUIDANCE
        return node.sha if node is not None and sane else ""

    def _beside(self, path: str) -> Mapping[str, Node] | None:
        return self.folder if path.startswith(_FOLDER) else self.root

    def _fetched(self, path: str) -> bytes | None:
        address = f"/repos/{self.repository}/contents/{path}"
        try:
            return self.client.get_raw(address, RAW, {"ref": self.ref})
        except NotFound:
            return None


def read_base_files(client: GitHubClient, pull: PullRequest) -> BaseFiles:
    """The policies of base and default branch, and the base branch's guidance."""
    base = _Branch(client, pull.repository, pull.base_sha)
    if pull.base_branch == pull.default_branch:
        return BaseFiles(base.policy(), None, base.guidance())
    ruling = _Branch(client, pull.repository, pull.default_branch).policy()
    return BaseFiles(ruling, base.policy(), base.guidance())


def _listed(client: GitHubClient, repository: str, ref: str) -> dict[str, Node] | None:
    try:
        return read_tree(client.get(f"/repos/{repository}/git/trees/{quote(ref, safe='')}"))
    except (NotFound, Rejected):
        return None


def read_tree(found: object) -> dict[str, Node] | None:
    """A folder's entries by name; None where GitHub does not list them all."""
    try:
        tree = _Tree.model_validate(found)
    except ValidationError:
        return None
    return None if tree.truncated else {node.path: node for node in tree.tree}


def _is_file(node: Node) -> bool:
    return node.type == "blob" and node.mode in _FILE_MODES


def check_plain(node: Node, path: str) -> None:
    """Raise PolicyError where a policy is no plain, small file."""
    if not _is_file(node):
        message = Phrase(
            "{path} is no plain file (perhaps a folder, a link or a submodule)", path=path
        )
        raise PolicyError(message, _ADVICE)
    if node.size > _MOST_POLICY:
        message = Phrase("{path} is larger than {size} KiB", path=path, size=_MOST_POLICY // 1024)
        raise PolicyError(message, Phrase("Shorten it; path patterns can replace lists of paths."))


def policy_text(path: str, raw: bytes) -> str:
    """The text of a policy; raises PolicyError where it is none."""
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        message = Phrase("{path} is no UTF-8 text", path=path)
        raise PolicyError(message, Phrase("Save it as UTF-8 where it stands.")) from error
