"""What the sandbox GitHub shows, in the shape of GitHub's REST API."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from reviewbot.sandbox.github_store import JsonObject, Tree, blob_sha

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reviewbot.sandbox.github_access import App
    from reviewbot.sandbox.github_diff import DiffEntry
    from reviewbot.sandbox.github_store import PullState, SandboxPull

_INLINE_BYTES = 1024 * 1024
_PATCH_BYTES = 500_000
_PATCH_LINES = 20_000
NOW = "2026-01-02T03:04:05Z"


def site(url: str) -> str:
    """The address of GitHub's pages, given that of its API."""
    return url.replace("/api/v3", "", 1).replace("/repos/", "/", 1)


def show_user(login: str, number: int, kind: str) -> JsonObject:
    """A user or bot."""
    return {
        "login": login,
        "id": number,
        "node_id": f"U_{number}",
        "type": kind,
        "site_admin": False,
        "html_url": f"https://github.com/{login}",
    }


def show_repository(pull: SandboxPull, url: str, full_name: str = "") -> JsonObject:
    """A repository, or the fork *full_name* of it."""
    full_name = full_name or pull.repository
    owner, _, name = full_name.partition("/")
    fork = full_name != pull.repository
    return {
        "id": pull.repository_id + (500_000 if fork else 0),
        "node_id": f"R_{pull.repository_id}",
        "name": name,
        "full_name": full_name,
        "private": pull.private,
        "visibility": "private" if pull.private else "public",
        "owner": show_user(owner, 99, "Organization"),
        "html_url": f"{site(url)}/{full_name}",
        "url": f"{url}/repos/{full_name}",
        "default_branch": pull.default_branch,
        "fork": fork,
        "archived": False,
        "disabled": False,
    }


def show_pull(state: PullState, url: str) -> JsonObject:
    """A pull request."""
    pull, entries = state.pull, state.entries.values()
    additions = sum(h.additions for e in entries for h in e.hunks)
    deletions = sum(h.deletions for e in entries for h in e.hunks)
    page = f"{site(url)}/{pull.repository}/pull/{pull.number}"
    author = show_user(pull.author_login, pull.author_id, pull.author_type)
    return {
        "id": 500_000 + pull.number,
        "node_id": f"PR_{pull.number}",
        "number": pull.number,
        "url": f"{url}/repos/{pull.repository}/pulls/{pull.number}",
        "html_url": page,
        "diff_url": f"{page}.diff",
        "issue_url": f"{url}/repos/{pull.repository}/issues/{pull.number}",
        "state": "open" if state.is_open else "closed",
        "locked": False,
        "title": pull.title,
        "body": pull.body,
        "user": author,
        "author_association": pull.author_association,
        "draft": pull.draft,
        "merged": state.merged,
        "merged_at": (state.ended_at or NOW) if state.merged else None,
        "labels": [_show_label(name, at) for at, name in enumerate(pull.labels)],
        "head": _show_end(pull, url, is_head=True),
        "base": _show_end(pull, url, is_head=False),
        "created_at": NOW,
        "updated_at": state.ended_at or NOW,
        "commits": len(state.heads),
        "additions": additions,
        "deletions": deletions,
        "changed_files": len(state.entries),
        "comments": len(state.issue_comments),
        "review_comments": len(state.review_comments),
    }


def _show_label(name: str, at: int) -> JsonObject:
    return {"id": 300 + at, "name": name, "color": "ededed", "default": False}


def _show_end(pull: SandboxPull, url: str, *, is_head: bool) -> JsonObject:
    ref = pull.head_branch if is_head else pull.base_branch
    repository = show_repository(pull, url, pull.head_repository if is_head else "")
    owner = repository["owner"]
    return {
        "ref": ref,
        "sha": pull.head_sha if is_head else pull.base_sha,
        "label": f"{owner['login']}:{ref}",
        "user": owner,
        "repo": repository,
    }


def show_file(entry: DiffEntry, pull: SandboxPull, url: str) -> JsonObject:
    """One entry of a pull request's list of files; its id is that of the new content."""
    head_sha = pull.head_sha
    content = Tree(pull.head_files).blob(entry.path)
    additions = sum(hunk.additions for hunk in entry.hunks)
    deletions = sum(hunk.deletions for hunk in entry.hunks)
    shown: JsonObject = {
        "sha": blob_sha(f"{head_sha}:{entry.path}".encode() if content is None else content),
        "filename": entry.path,
        "status": entry.status,
        "additions": additions,
        "deletions": deletions,
        "changes": additions + deletions,
        "blob_url": f"{site(url)}/blob/{head_sha}/{entry.path}",
        "raw_url": f"{site(url)}/raw/{head_sha}/{entry.path}",
        "contents_url": f"{url}/contents/{entry.path}?ref={head_sha}",
    }
    if entry.status in ("renamed", "copied"):
        shown["previous_filename"] = entry.old_path
    patch = entry.patch
    if patch is not None and _fits(patch):
        shown["patch"] = patch
    return shown


def _fits(patch: str) -> bool:
    return len(patch.encode()) <= _PATCH_BYTES and patch.count("\n") < _PATCH_LINES


def show_tree(tree: Tree, folder: str, url: str, *, recursive: bool) -> JsonObject:
    """The files below *folder* (empty, or ending in a slash)."""
    items = list(_tree_items(tree, folder, url, recursive=recursive))
    sha = tree.folder_sha(folder)
    return {"sha": sha, "url": f"{url}/git/trees/{sha}", "tree": items, "truncated": False}


def _tree_items(tree: Tree, folder: str, url: str, *, recursive: bool) -> Iterator[JsonObject]:
    for name in sorted([*tree.files, *tree.folders()]):
        path = name.removeprefix(folder)
        below = name.startswith(folder) and path
        if not below or ("/" in path.rstrip("/") and not recursive):
            continue
        yield _tree_item(tree, name, path.rstrip("/"), url)


def _tree_item(tree: Tree, name: str, path: str, url: str) -> JsonObject:
    if name.endswith("/"):
        sha = tree.folder_sha(name)
        there = f"{url}/git/trees/{sha}"
        return {"path": path, "mode": "040000", "type": "tree", "sha": sha, "url": there}
    content = tree.blob(name) or b""
    return {
        "path": path,
        "mode": tree.modes.get(name, "100644"),
        "type": "blob",
        "size": len(content),
        "sha": blob_sha(content),
        "url": f"{url}/git/blobs/{blob_sha(content)}",
    }


def show_content(tree: Tree, path: str, ref: str, url: str) -> JsonObject | list[JsonObject]:
    """What the contents API shows of a path: a file, a dangling symlink, or a folder's list."""
    if path not in tree.files:
        below = show_tree(tree, f"{path}/" if path else "", url, recursive=False)["tree"]
        names = [f"{path}/{item['path']}".strip("/") for item in below if item["type"] == "blob"]
        return [_content_header(tree, name, ref, url) for name in names]
    landed = tree.follow(path)
    content = tree.blob(landed) or b""
    shown = _content_header(tree, path, ref, url) | {"size": len(content)}
    if tree.modes.get(landed) == "120000":
        return shown | {"type": "symlink", "target": content.decode(errors="replace")}
    if len(content) > _INLINE_BYTES:
        return shown | {"type": "file", "encoding": "none", "content": ""}
    text = base64.encodebytes(content).decode()
    return shown | {"type": "file", "encoding": "base64", "content": text}


def _content_header(tree: Tree, path: str, ref: str, url: str) -> JsonObject:
    content = tree.blob(path) or b""
    sha = blob_sha(content)
    return {
        "type": "symlink" if tree.modes.get(path) == "120000" else "file",
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": sha,
        "size": len(content),
        "url": f"{url}/contents/{path}?ref={ref}",
        "html_url": f"{site(url)}/blob/{ref}/{path}",
        "git_url": f"{url}/git/blobs/{sha}",
        "download_url": f"{site(url)}/raw/{ref}/{path}",
    }


def show_blob(content: bytes) -> JsonObject:
    """A blob of the git API."""
    text = base64.encodebytes(content).decode()
    return {"sha": blob_sha(content), "size": len(content), "encoding": "base64", "content": text}


def show_app(app: App) -> dict[str, Any]:
    """The App itself."""
    owner = show_user("acme", 99, "Organization")
    return {
        "id": app.id,
        "client_id": app.client_id,
        "slug": app.slug,
        "name": app.slug,
        "node_id": f"A_{app.id}",
        "owner": owner,
        "html_url": f"https://github.com/apps/{app.slug}",
        "created_at": NOW,
        "updated_at": NOW,
        "permissions": dict(app.permissions),
        "events": list(app.events),
    }
