from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import ssl
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any

import github
import httpx2
import jwt
import pytest
from flask import Flask, request
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.sandbox.github import (
    App,
    Fault,
    SandboxGitHub,
    SandboxPull,
    generate_app_key,
)
from reviewbot.sandbox.github_diff import read_diff
from reviewbot.sandbox.serving import Loopback
from tests.fakes.patience import PATIENCE, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEAD, BASE = "a" * 40, "b" * 40
DIFF = b"""\
diff --git a/src/cart.py b/src/cart.py
index 1111111..2222222 100644
--- a/src/cart.py
+++ b/src/cart.py
@@ -1,4 +1,5 @@
 import os
-import sys
+import json
+import re
\x20
 def total(items):
@@ -20,3 +21,3 @@ def total(items):
     a = 1
---- not a header
+++++ not a header either
     b = 2
diff --git a/old name.txt b/new name.txt
similarity index 90%
rename from old name.txt
rename to new name.txt
--- a/old name.txt\t
+++ b/new name.txt\t
@@ -1 +1 @@
-one
\\ No newline at end of file
+two
\\ No newline at end of file
diff --git "a/caf\\303\\251.txt" "b/caf\\303\\251.txt"
new file mode 100644
index 0000000..3333333
--- /dev/null
+++ "b/caf\\303\\251.txt"
@@ -0,0 +1,2 @@
+un
+deux
diff --git a/gone.py b/gone.py
deleted file mode 100644
index 4444444..0000000
--- a/gone.py
+++ /dev/null
@@ -1,2 +0,0 @@
-x = 1
-y = 2
diff --git a/logo.png b/logo.png
index 5555555..6666666 100644
Binary files a/logo.png and b/logo.png differ
"""
BASE_FILES = {
    ".reviewbot.yml": "version: 1\n",
    "AGENTS.md": "Be kind.\n",
    "docs/deep/guide.md": "grüß\n",
    "link.yml": ".reviewbot.yml",
    "lost.yml": "../../etc/passwd",
}
PULL = SandboxPull(
    DIFF,
    base_files=BASE_FILES,
    base_modes={"link.yml": "120000", "lost.yml": "120000"},
    head_files={".reviewbot.yml": "evil: true\n"},
)
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # reading the system's authorities takes long
KEY, PUBLIC = generate_app_key()
APP = App(12345, PUBLIC, installations=frozenset({77}))
PULLS = "/repos/acme/shop/pulls/1"


class Client:
    """Speaks to the sandbox with one credential."""

    def __init__(self, hub: SandboxGitHub, token: str, prefix: str = "/api/v3") -> None:
        self._root = hub.url + prefix
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def __call__(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> httpx2.Response:
        with httpx2.Client(trust_env=False, verify=NO_TLS, timeout=PATIENCE) as client:
            return client.request(
                method, self._root + path, json=body, headers=self._headers | headers
            )


@pytest.fixture
def hub() -> Iterator[SandboxGitHub]:
    with SandboxGitHub(app=APP) as hub:
        hub.add_pull(PULL)
        yield hub


@pytest.fixture
def api(hub: SandboxGitHub) -> Client:
    return Client(hub, hub.token)


@pytest.fixture
def bot(hub: SandboxGitHub) -> Client:
    return Client(hub, installation_token(hub))


def app_jwt(hub_time: float | None = None, **claims: object) -> str:
    now = time.time() if hub_time is None else hub_time
    payload = {"iss": "12345", "iat": int(now) - 60, "exp": int(now) + 500} | claims
    return jwt.encode(payload, KEY, algorithm="RS256")


def installation_token(hub: SandboxGitHub, body: object = None, signed: str = "") -> str:
    path = "/app/installations/77/access_tokens"
    answer = Client(hub, signed or app_jwt())("POST", path, body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["token"])


def review(*comments: dict[str, Any], **other: object) -> dict[str, Any]:
    return {"commit_id": HEAD, "event": "COMMENT", "comments": list(comments)} | other


def comment(path: str, line: int, side: str = "RIGHT", **other: object) -> dict[str, Any]:
    return {"path": path, "line": line, "side": side, "body": "hm"} | other


# --- reading -------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["", "/api/v3"])
def test_both_addresses_speak_the_same_api(hub: SandboxGitHub, prefix: str) -> None:
    answer = Client(hub, hub.token, prefix)("GET", PULLS)
    assert answer.json()["head"]["sha"] == HEAD
    assert answer.json()["html_url"] == f"{hub.url}/acme/shop/pull/1"
    assert hub.requests == [("GET", PULLS, 200)]


@pytest.mark.parametrize("kind", ["diff", "v3.diff", "diff+json"])
def test_the_diff_comes_byte_for_byte(api: Client, kind: str) -> None:
    answer = api("GET", PULLS, Accept=f"application/vnd.github.{kind}")
    assert answer.content == DIFF


@pytest.mark.parametrize(
    "pull",
    [
        SandboxPull(DIFF, number=2, diff_too_large=True),
        SandboxPull(DIFF + b"\n" * 20_001, number=2),
        SandboxPull(b"".join(b"diff --git a/%d b/%d\n" % (n, n) for n in range(301)), number=2),
    ],
    ids=["as told", "lines", "files"],
)
def test_too_large_a_diff_is_refused_as_a_whole(
    hub: SandboxGitHub, api: Client, pull: SandboxPull
) -> None:
    hub.add_pull(pull)
    answer = api("GET", "/repos/acme/shop/pulls/2", Accept="application/vnd.github.v3.diff")
    assert answer.status_code == 406
    assert answer.json()["errors"][0]["code"] == "too_large"
    assert api("GET", "/repos/acme/shop/pulls/2/files").status_code == 200


def test_the_list_of_files_names_them_as_github_does(api: Client) -> None:
    files = {file["filename"]: file for file in api("GET", f"{PULLS}/files").json()}
    assert list(files) == ["src/cart.py", "new name.txt", "café.txt", "gone.py", "logo.png"]
    assert [f["status"] for f in files.values()] == [
        "modified",
        "renamed",
        "added",
        "removed",
        "modified",
    ]
    assert files["new name.txt"]["previous_filename"] == "old name.txt"
    assert files["src/cart.py"]["additions"] == 3
    assert files["src/cart.py"]["patch"].startswith("@@ -1,4 +1,5 @@\n import os\n")
    assert "patch" not in files["logo.png"]


def test_lists_come_in_pages_that_are_linked(api: Client) -> None:
    seen, at = [], f"{PULLS}/files?per_page=2"
    links: dict[str | None, dict[str, str]] = {}
    while at:
        answer = api("GET", at)
        links = answer.links
        seen.append([file["filename"] for file in answer.json()])
        at = links.get("next", {}).get("url", "").partition("/api/v3")[2]
    assert [len(page) for page in seen] == [2, 2, 1]
    assert len({name for page in seen for name in page}) == 5
    assert set(links) == {"prev", "first"}


def test_the_base_branchs_tree_and_files_can_be_read(api: Client) -> None:
    tree = api("GET", "/repos/acme/shop/git/trees/main?recursive=1").json()["tree"]
    modes = {item["path"]: item["mode"] for item in tree}
    assert modes["docs/deep/guide.md"] == "100644"
    assert modes["docs/deep"] == "040000"
    assert modes["link.yml"] == "120000"
    content = api("GET", f"/repos/acme/shop/contents/docs/deep/guide.md?ref={BASE}").json()
    assert base64.b64decode(content["content"]).decode() == "grüß\n"
    raw = api(
        "GET",
        "/repos/acme/shop/contents/AGENTS.md?ref=main",
        Accept="application/vnd.github.raw+json",
    )
    assert raw.text == "Be kind.\n"


def test_a_tree_can_be_walked_folder_by_folder(api: Client) -> None:
    top = api("GET", f"/repos/acme/shop/git/trees/{BASE}").json()["tree"]
    assert [item["path"] for item in top if item["type"] == "tree"] == ["docs"]
    docs = next(item["sha"] for item in top if item["path"] == "docs")
    below = api("GET", f"/repos/acme/shop/git/trees/{docs}?recursive=1").json()["tree"]
    guide = next(item for item in below if item["path"] == "deep/guide.md")
    blob = api("GET", f"/repos/acme/shop/git/blobs/{guide['sha']}").json()
    assert base64.b64decode(blob["content"]).decode() == "grüß\n"


def test_contents_follow_a_symlink_only_inside_the_repository(api: Client) -> None:
    link = api("GET", "/repos/acme/shop/contents/link.yml?ref=main").json()
    assert base64.b64decode(link["content"]) == b"version: 1\n"
    lost = api("GET", "/repos/acme/shop/contents/lost.yml?ref=main").json()
    assert (lost["type"], lost["target"]) == ("symlink", "../../etc/passwd")


def test_head_and_base_hold_different_files(api: Client) -> None:
    path = "/repos/acme/shop/contents/.reviewbot.yml"
    raw = {"Accept": "application/vnd.github.raw"}
    assert api("GET", f"{path}?ref={HEAD}", **raw).text == "evil: true\n"
    assert api("GET", f"{path}?ref=main", **raw).text == "version: 1\n"


@pytest.mark.parametrize(
    "path",
    [
        "/repos/acme/other",
        "/repos/acme/shop/pulls/9",
        "/repos/acme/shop/contents/nope?ref=main",
        "/repos/acme/shop/contents/AGENTS.md?ref=nope",
        "/repos/acme/shop/git/trees/nope",
        "/repos/acme/shop/check-runs/1",
        "/repos/acme/shop/pulls/1/reviews/1",
        "/nowhere",
    ],
)
def test_what_is_not_there_is_404_in_githubs_words(api: Client, path: str) -> None:
    answer = api("GET", path)
    assert answer.status_code == 404
    assert set(answer.json()) == {"message", "documentation_url", "status"}
    assert answer.json()["status"] == "404"


def test_pushing_and_closing_show(hub: SandboxGitHub, api: Client) -> None:
    assert api("POST", f"{PULLS}/reviews", review(comment("café.txt", 2))).status_code == 200
    hub.push(1, DIFF, "c" * 40)
    hub.close_pull(1)
    pull = api("GET", PULLS).json()
    assert (pull["state"], pull["head"]["sha"]) == ("closed", "c" * 40)
    outdated = hub.review_comments[0]
    assert (outdated["line"], outdated["original_line"]) == (None, 2)


# --- reviews -------------------------------------------------------------------------------


def test_a_review_is_kept_word_for_word(hub: SandboxGitHub, bot: Client) -> None:
    said = "  <!-- marker --> grüß 🎉\r\n"
    body = review(comment("src/cart.py", 3, start_line=1, start_side="RIGHT", body=said), body=said)
    answer = bot("POST", f"{PULLS}/reviews", body)
    assert answer.status_code == 200, answer.text
    posted = answer.json()
    assert posted["user"]["login"] == "reviewbot[bot]"
    assert (posted["user"]["id"], posted["user"]["type"]) == (4242, "Bot")
    assert (posted["state"], posted["body"]) == ("COMMENTED", said)
    assert posted["html_url"] == f"{hub.url}/acme/shop/pull/1#pullrequestreview-{posted['id']}"
    assert bot("GET", f"{PULLS}/reviews").json() == [posted] == hub.reviews
    kept = bot("GET", f"{PULLS}/comments").json()
    assert kept == hub.review_comments
    assert kept == bot("GET", f"{PULLS}/reviews/{posted['id']}/comments").json()
    assert (kept[0]["start_line"], kept[0]["line"], kept[0]["body"]) == (1, 3, said)
    assert kept[0]["diff_hunk"].endswith("+import re")


@pytest.mark.parametrize(
    "place",
    [
        comment("src/cart.py", 1),
        comment("src/cart.py", 5),
        comment("src/cart.py", 2, "LEFT"),
        comment("src/cart.py", 22),
        comment("src/cart.py", 21, "LEFT"),
        comment("src/cart.py", 23, start_line=21),
        comment("src/cart.py", 2, start_line=2, start_side="LEFT"),
        comment("new name.txt", 1),
        comment("new name.txt", 1, "LEFT"),
        comment("café.txt", 2, start_line=1),
        comment("gone.py", 2, "LEFT", start_line=1, start_side="LEFT"),
    ],
    ids=str,
)
def test_lines_of_a_hunk_take_comments(api: Client, place: dict[str, Any]) -> None:
    answer = api("POST", f"{PULLS}/reviews", review(place))
    assert answer.status_code == 200, answer.text


LINE, PATH = "Line could not be resolved", "Path could not be resolved"
ORDER = "Start line must precede the end line"


@pytest.mark.parametrize(
    ("place", "error"),
    [
        (comment("src/cart.py", 6), LINE),
        (comment("src/cart.py", 20), LINE),
        (comment("src/cart.py", 24), LINE),
        (comment("src/cart.py", 23, "LEFT"), LINE),
        (comment("src/cart.py", 0), LINE),
        (comment("src/cart.py", -1), LINE),
        ({"path": "src/cart.py", "body": "no line"}, LINE),
        (comment("café.txt", 1, "LEFT"), LINE),
        (comment("gone.py", 1), LINE),
        (comment("logo.png", 1), LINE),
        (comment("src/cart.py", 22, start_line=3), LINE),
        (comment("src/cart.py", 3, start_line=3), ORDER),
        (comment("src/cart.py", 2, start_line=3), ORDER),
        (comment("src/cart.py", 2, "LEFT", start_line=3, start_side="RIGHT"), ORDER),
        (comment("old name.txt", 1), PATH),
        (comment("cafe.txt", 1), PATH),
        (comment("./src/cart.py", 1), PATH),
    ],
    ids=str,
)
def test_a_bad_anchor_refuses_the_whole_review(
    hub: SandboxGitHub, api: Client, place: dict[str, Any], error: str
) -> None:
    answer = api("POST", f"{PULLS}/reviews", review(comment("src/cart.py", 1), place))
    assert answer.status_code == 422
    assert answer.json()["message"] == "Unprocessable Entity"
    assert answer.json()["errors"] == [error]
    assert hub.reviews == hub.review_comments == []


@pytest.mark.parametrize(
    "body",
    [
        review(commit_id="d" * 40, body="x"),
        review(),
        review(body=" \n"),
        review(body="x" * 65_537),
        review(comment("src/cart.py", 1, body="x" * 65_537)),
        review(comment("src/cart.py", 1, body="")),
        review(body=7),
        review(body=None),
        review(body="x", event="SHOUT"),
        review(body="x", extra=1),
        review(comment("src/cart.py", 1, subject_type="line")),
        review({"path": "src/cart.py", "line": 1}),
        review(comment("src/cart.py", 1, "right")),
        review(comment("src/cart.py", 1) | {"line": "1"}),
        review(comment("src/cart.py", 1) | {"line": True}),
        review(comment("src/cart.py", 1, start_line=None)),
        review(comment("src/cart.py", 1, start_side="RIGHT")),
        {"commit_id": HEAD, "event": "COMMENT", "comments": {}},
    ],
    ids=lambda body: str(body)[:70],
)
def test_what_the_description_forbids_is_422(
    hub: SandboxGitHub, api: Client, body: dict[str, Any]
) -> None:
    answer = api("POST", f"{PULLS}/reviews", body)
    assert answer.status_code == 422, answer.text
    assert hub.reviews == []


@pytest.mark.parametrize(
    ("body", "message"), [(b"{", "Problems parsing JSON"), (b"[]", "Body should be a JSON object")]
)
def test_what_is_no_json_object_is_400(hub: SandboxGitHub, body: bytes, message: str) -> None:
    with httpx2.Client(trust_env=False, verify=NO_TLS) as client:
        headers = {"Authorization": f"token {hub.token}"}
        answer = client.post(f"{hub.url}{PULLS}/reviews", content=body, headers=headers)
    assert (answer.status_code, answer.json()["message"]) == (400, message)


def test_a_review_of_an_earlier_head_stands_on_that_heads_diff(
    hub: SandboxGitHub, api: Client
) -> None:
    hub.push(1, b"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n", "c" * 40)
    assert api("POST", f"{PULLS}/reviews", review(comment("x", 1))).status_code == 422
    assert api("POST", f"{PULLS}/reviews", review(comment("café.txt", 1))).status_code == 200
    assert hub.review_comments[0]["line"] is None


def test_one_pending_review_for_each_and_unseen_by_others(
    hub: SandboxGitHub, api: Client, bot: Client
) -> None:
    pending = {"commit_id": HEAD, "comments": [comment("café.txt", 1)]}
    assert api("POST", f"{PULLS}/reviews", pending).json()["state"] == "PENDING"
    assert api("POST", f"{PULLS}/reviews", pending).status_code == 422
    assert len(api("GET", f"{PULLS}/reviews").json()) == 1
    assert bot("GET", f"{PULLS}/reviews").json() == []
    assert bot("GET", f"{PULLS}/comments").json() == []
    assert len(hub.reviews) == 1


# --- comments ------------------------------------------------------------------------------


def test_a_comment_is_written_and_edited(hub: SandboxGitHub, api: Client) -> None:
    posted = api("POST", "/repos/acme/shop/issues/1/comments", {"body": " one\r\n"})
    assert posted.status_code == 201
    assert posted.json()["user"]["login"] == "token-owner"
    path = f"/repos/acme/shop/issues/comments/{posted.json()['id']}"
    assert api("PATCH", path, {"body": "two"}).json()["body"] == "two"
    assert [c["body"] for c in hub.issue_comments] == ["two"]
    assert api("GET", path).json() == hub.issue_comments[0]
    assert api("PATCH", path + "0", {"body": "x"}).status_code == 404


@pytest.mark.parametrize(
    "body", [{}, {"body": ""}, {"body": 1}, {"body": "x" * 65_537}, {"body": "x", "y": 1}]
)
def test_a_comment_that_github_refuses(api: Client, body: dict[str, Any]) -> None:
    assert api("POST", "/repos/acme/shop/issues/1/comments", body).status_code == 422


def test_the_longest_comment_is_taken(api: Client) -> None:
    answer = api("POST", "/repos/acme/shop/issues/1/comments", {"body": "ü" * 65_536})
    assert answer.status_code == 201


def test_others_can_speak_too(hub: SandboxGitHub, api: Client) -> None:
    hub.add_issue_comment(1, "<!-- reviewbot -->", "mallory", 666)
    hub.add_review(1, "<!-- reviewbot -->", "mallory", 666)
    assert api("GET", "/repos/acme/shop/issues/1/comments").json()[0]["user"]["id"] == 666
    assert api("GET", f"{PULLS}/reviews").json()[0]["user"]["login"] == "mallory"


# --- check runs ----------------------------------------------------------------------------

RUNS = "/repos/acme/shop/check-runs"


def note(**other: object) -> dict[str, Any]:
    basic = {"path": "a", "start_line": 1, "end_line": 1, "message": "m"}
    return {**basic, "annotation_level": "warning", **other}


def test_a_check_run_grows_and_ends(hub: SandboxGitHub, bot: Client) -> None:
    begun = bot("POST", RUNS, {"name": "review", "head_sha": HEAD, "status": "in_progress"})
    assert begun.status_code == 201, begun.text
    path = f"{RUNS}/{begun.json()['id']}"
    output = {"title": "t", "summary": "s", "annotations": [note()] * 50}
    assert bot("PATCH", path, {"output": output}).status_code == 200
    done = bot("PATCH", path, {"conclusion": "neutral", "output": output}).json()
    assert (done["status"], done["conclusion"]) == ("completed", "neutral")
    assert done["output"]["annotations_count"] == 100
    assert done["completed_at"]
    listed = bot("GET", f"/repos/acme/shop/commits/{HEAD}/check-runs?check_name=review").json()
    assert (listed["total_count"], listed["check_runs"]) == (1, [done])
    assert len(bot("GET", f"{path}/annotations?per_page=100").json()) == 100
    assert len(hub.check_runs[0]["output"]["annotations"]) == 100


@pytest.mark.parametrize(
    "change",
    [
        {"head_sha": "d" * 40},
        {"name": None},
        {"status": "completed"},
        {"status": "done"},
        {"conclusion": "fine"},
        {"conclusion": "stale", "extra": 1},
        {"started_at": "yesterday"},
        {"output": {"title": "t"}},
        {"output": {"title": "t", "summary": "x" * 65_536}},
        {"output": {"title": "t", "summary": "s", "annotations": [note()] * 51}},
        {"output": {"title": "t", "summary": "s", "annotations": [{"path": "a"}]}},
        {"output": {"title": "t", "summary": "s", "annotations": [note(title="x" * 256)]}},
        {"output": {"title": "t", "summary": "s", "annotations": [note(end_line=0)]}},
        {"output": {"title": "t", "summary": "s", "annotations": [note(message="ü" * 32_769)]}},
        {"output": {"title": "t", "summary": "s", "annotations": [note(annotation_level="bad")]}},
        {"output": {"title": "t", "summary": "s", "annotations": [note(end_line=2, end_column=1)]}},
    ],
    ids=lambda change: str(change)[:70],
)
def test_a_check_run_that_github_refuses(
    hub: SandboxGitHub, bot: Client, change: dict[str, Any]
) -> None:
    answer = bot("POST", RUNS, {"name": "review", "head_sha": HEAD} | change)
    assert answer.status_code == 422, answer.text
    assert hub.check_runs == []


def test_a_personal_token_may_not_write_check_runs(api: Client) -> None:
    answer = api("POST", RUNS, {"name": "review", "head_sha": HEAD})
    assert answer.status_code == 403
    assert answer.json()["message"] == "Resource not accessible by personal access token"


def test_a_workflows_token_may_write_check_runs() -> None:
    with SandboxGitHub(pat_may_check=True) as hub:
        hub.add_pull(PULL)
        answer = Client(hub, hub.token)("POST", RUNS, {"name": "review", "head_sha": HEAD})
    assert answer.status_code == 201


# --- who may -------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["", "wrong", "ghs_made_up"])
def test_nobody_in_particular_is_401(hub: SandboxGitHub, token: str) -> None:
    assert Client(hub, token)("GET", PULLS).status_code == 401
    assert Client(hub, token)("POST", f"{PULLS}/reviews", review(body="x")).status_code == 401
    assert hub.reviews == []


def test_the_app_and_its_installation_are_known(hub: SandboxGitHub) -> None:
    app = Client(hub, app_jwt())
    assert app("GET", "/app").json()["slug"] == "reviewbot"
    assert app("GET", "/app/installations/77").json()["app_id"] == 12345
    assert app("GET", "/repos/acme/shop/installation").json()["id"] == 77
    assert app("GET", "/app/installations/78").status_code == 404
    assert app("POST", "/app/installations/78/access_tokens").status_code == 404
    assert app("GET", PULLS).status_code == 401


@pytest.mark.parametrize(("claim", "seconds"), [("exp", -1), ("exp", 700), ("iat", 60)])
def test_a_signature_out_of_its_time_is_401(hub: SandboxGitHub, claim: str, seconds: int) -> None:
    claims = {claim: int(time.time()) + seconds}
    answer = Client(hub, app_jwt(**claims))("POST", "/app/installations/77/access_tokens")
    assert answer.status_code == 401


def test_a_signature_of_another_app_is_401(hub: SandboxGitHub) -> None:
    signed = Client(hub, app_jwt(iss="54321"))
    assert signed("POST", "/app/installations/77/access_tokens").status_code == 401


@pytest.mark.parametrize("forged", ["", "x", "a.b.c", "=.=.="])
def test_a_forged_signature_is_401(hub: SandboxGitHub, forged: str) -> None:
    other, _ = generate_app_key()
    claims = {"iss": "12345", "iat": 0, "exp": int(time.time()) + 60}
    token = forged or jwt.encode(claims, other, algorithm="RS256")
    assert Client(hub, token)("GET", "/app").status_code == 401


def test_an_installation_token_ends_after_an_hour() -> None:
    now = [1_800_000_000.0]
    with SandboxGitHub(app=APP, clock=lambda: now[0]) as hub:
        hub.add_pull(PULL)
        token = installation_token(hub, signed=app_jwt(now[0]))
        assert token.startswith("ghs_")
        now[0] += 3599
        assert Client(hub, token)("GET", PULLS).status_code == 200
        now[0] += 1
        assert Client(hub, token)("GET", PULLS).status_code == 401


def test_an_installation_token_may_be_narrowed_but_not_widened(hub: SandboxGitHub) -> None:
    narrow = Client(hub, installation_token(hub, {"permissions": {"pull_requests": "read"}}))
    answer = narrow("POST", f"{PULLS}/reviews", review(body="x"))
    assert (answer.status_code, answer.json()["message"]) == (
        403,
        "Resource not accessible by integration",
    )
    elsewhere = Client(hub, installation_token(hub, {"repositories": ["other"]}))
    assert elsewhere("GET", PULLS).status_code == 404
    wide = {"permissions": {"contents": "write"}}
    answer = Client(hub, app_jwt())("POST", "/app/installations/77/access_tokens", wide)
    assert answer.status_code == 422


def test_only_people_have_a_user(api: Client, bot: Client) -> None:
    assert api("GET", "/user").json()["login"] == "token-owner"
    assert bot("GET", "/user").status_code == 403
    assert bot("GET", "/users/reviewbot[bot]").json()["id"] == 4242
    assert bot("GET", "/rate_limit").json()["resources"]["core"]["limit"] == 5000


def test_a_client_needs_a_name_and_a_known_version(api: Client) -> None:
    assert api("GET", PULLS, **{"User-Agent": ""}).status_code == 403
    assert api("GET", PULLS, **{"X-GitHub-Api-Version": "1999-01-01"}).status_code == 400


# --- webhooks ------------------------------------------------------------------------------


def test_a_delivery_is_signed_as_github_signs_it(hub: SandboxGitHub) -> None:
    got: list[tuple[dict[str, str], bytes]] = []
    app = Flask("receiver")

    @app.post("/hook")
    def receive() -> tuple[str, int]:
        got.append((dict(request.headers), request.get_data()))
        return "", 202

    hub.push(1, DIFF, "c" * 40)
    with Loopback(app) as receiver:
        status = hub.deliver(f"{receiver.url}/hook", "synchronize", 1, "sécret", 77, "guid-1")
    headers, body = got[0]
    assert status == 202
    assert headers["X-Github-Event"] == "pull_request"
    assert headers["X-Github-Delivery"] == "guid-1"
    assert headers["User-Agent"].startswith("GitHub-Hookshot/")
    mac = hmac.new("sécret".encode(), body, hashlib.sha256).hexdigest()
    assert headers["X-Hub-Signature-256"] == f"sha256={mac}"
    payload = json.loads(body)
    assert (payload["action"], payload["number"]) == ("synchronize", 1)
    assert (payload["before"], payload["after"]) == (HEAD, "c" * 40)
    assert payload["installation"]["id"] == 77
    assert payload["repository"]["full_name"] == "acme/shop"
    assert payload["pull_request"]["head"]["sha"] == "c" * 40


# --- faults and stopping -------------------------------------------------------------------

REVIEWS = r"/repos/.*/pulls/\d+/reviews"


def test_a_fault_hits_one_request(hub: SandboxGitHub, api: Client) -> None:
    hub.faults.append(Fault("POST", REVIEWS, status=502, headers={"Retry-After": "3"}))
    assert api("GET", f"{PULLS}/reviews").status_code == 200
    answer = api("POST", f"{PULLS}/reviews", review(body="x"))
    assert (answer.status_code, answer.headers["Retry-After"]) == (502, "3")
    assert hub.reviews == []
    assert len(hub.faults) == 0
    assert api("POST", f"{PULLS}/reviews", review(body="x")).status_code == 200


@pytest.mark.parametrize(("after", "written"), [(False, 0), (True, 1)])
def test_a_connection_can_be_lost_before_and_after_a_write(
    hub: SandboxGitHub, api: Client, *, after: bool, written: int
) -> None:
    hub.faults.append(Fault("POST", REVIEWS, drop=True, after_write=after))
    with pytest.raises(httpx2.TransportError):
        api("POST", f"{PULLS}/reviews", review(body="x"))
    assert len(hub.reviews) == written
    assert hub.requests[-1] == ("POST", f"{PULLS}/reviews", 0)


def test_a_status_can_hide_a_write_that_was_made(hub: SandboxGitHub, api: Client) -> None:
    hub.faults.append(Fault("POST", REVIEWS, status=504, after_write=True))
    assert api("POST", f"{PULLS}/reviews", review(body="x")).status_code == 504
    assert len(hub.reviews) == 1


def test_a_delay_delays(hub: SandboxGitHub, api: Client) -> None:
    hub.faults.append(Fault("GET", PULLS, delay=0.2))
    began = time.monotonic()
    assert api("GET", PULLS).status_code == 200
    assert time.monotonic() - began >= 0.2


def test_stopping_waits_for_nobody_and_leaves_nothing() -> None:
    before = set(threading.enumerate())
    began = time.monotonic()
    with SandboxGitHub() as hub:
        port = int(hub.url.rpartition(":")[2])
        silent = socket.create_connection(("127.0.0.1", port))
        hub.faults.append(Fault("GET", "/user", delay=600))
        slow = threading.Thread(target=_ask, args=(hub,))
        slow.start()
        wait_for("the request", lambda: len(hub.faults) == 0)
    slow.join(PATIENCE)
    silent.close()
    assert time.monotonic() - began < 2 * PATIENCE
    assert not set(threading.enumerate()) - before
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port)).close()


def _ask(hub: SandboxGitHub) -> None:
    try:
        Client(hub, hub.token)("GET", "/user")
    except httpx2.TransportError:
        return


def test_many_clients_at_once_lose_nothing(hub: SandboxGitHub, api: Client) -> None:
    path = "/repos/acme/shop/issues/1/comments"
    threads = [
        threading.Thread(target=api, args=("POST", path, {"body": str(n)})) for n in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {c["body"] for c in hub.issue_comments} == {str(n) for n in range(20)}
    assert len({c["id"] for c in hub.issue_comments}) == 20


# --- the usual client ----------------------------------------------------------------------


def test_pygithub_finds_its_way(hub: SandboxGitHub) -> None:
    auth = github.Auth.AppAuth(12345, KEY).get_installation_auth(77)
    with github.Github(
        auth=auth,
        base_url=f"{hub.url}/api/v3",
        seconds_between_requests=0,
        seconds_between_writes=0,
    ) as client:
        repository = client.get_repo("acme/shop")
        pull = repository.get_pull(1)
        assert len(list(pull.get_files())) == 5
        posted = pull.create_review(
            repository.get_commit(HEAD),
            "hello",
            "COMMENT",
            [{"path": "café.txt", "line": 1, "side": "RIGHT", "body": "hm"}],
        )
        assert posted.user.login == "reviewbot[bot]"
        pull.create_issue_comment("one").edit("two")
        run = repository.create_check_run("review", HEAD, status="in_progress")
        run.edit(conclusion="success", output={"title": "t", "summary": "s"})
        assert repository.get_git_tree("main", recursive=True).tree
        with pytest.raises(github.UnknownObjectException):
            repository.get_contents("nope", "main")
    assert [c["body"] for c in hub.issue_comments] == ["two"]
    assert hub.check_runs[0]["conclusion"] == "success"


# --- the judge's own reading of diffs ------------------------------------------------------

LINES = st.lists(st.sampled_from(["a", "--- x", "+++ y", "@@ -1 +1 @@", ""]), max_size=12)


@settings(max_examples=25, deadline=None)
@given(old=LINES, new=LINES)
def test_the_judge_reads_what_git_writes(
    tmp_path_factory: pytest.TempPathFactory, old: list[str], new: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("diff")
    (folder / "old").write_text("".join(f"{line}\n" for line in old))
    (folder / "new").write_text("".join(f"{line}\n" for line in new))
    entries = read_diff(_git_diff(folder))
    if old == new:
        assert entries == {}
        return
    entry = next(iter(entries.values()))
    for hunk in entry.hunks:
        for side, lines in (("LEFT", old), ("RIGHT", new)):
            for number, place in hunk.places[side].items():
                assert hunk.raw[place][1:].decode() == lines[number - 1]
    assert sum(h.additions - h.deletions for h in entry.hunks) == len(new) - len(old)


def _git_diff(folder: Path) -> bytes:
    command = ["git", "diff", "--no-index", "--unified=1", "old", "new"]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).stdout


def test_a_file_that_becomes_a_symlink_is_one_entry() -> None:
    diff = (
        b"diff --git a/x b/x\ndeleted file mode 100644\n--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n"
        b"diff --git a/x b/x\nnew file mode 120000\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+y\n"
    )
    assert len(read_diff(diff)["x"].hunks) == 2
