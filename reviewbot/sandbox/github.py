"""A small strict GitHub on loopback: it refuses what GitHub refuses, and remembers the rest."""

from __future__ import annotations

import copy
import json
import threading
import time
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response as PlainResponse

from reviewbot.sandbox.github_access import Access, App, Caller, generate_app_key
from reviewbot.sandbox.github_deliveries import Delivery
from reviewbot.sandbox.github_errors import Refused
from reviewbot.sandbox.github_faults import Fault, Faults
from reviewbot.sandbox.github_hub import Hub, Visit
from reviewbot.sandbox.github_labels import store_label
from reviewbot.sandbox.github_people import People, Person
from reviewbot.sandbox.github_routes import create_application
from reviewbot.sandbox.github_store import Collaborator, SandboxPull, Store
from reviewbot.sandbox.github_threads import ThreadDeeds
from reviewbot.sandbox.github_views import show_pull, show_repository, show_user
from reviewbot.sandbox.github_writing import (
    show_line_comment,
    store_issue_comment,
    store_reply,
    store_review,
)
from reviewbot.sandbox.serving import Loopback, Served, drop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

    from flask import Flask

    from reviewbot.sandbox.github_store import JsonObject

__all__ = ["App", "Delivery", "Fault", "Person", "SandboxGitHub", "SandboxPull", "generate_app_key"]

_PREFIX, _GRAPHQL = "/api/v3", "/api/graphql"


class SandboxGitHub(Served):
    """GitHub's REST API below ``url`` and ``url + "/api/v3"``, alive inside a ``with``.

    GraphQL is where it is beside each of them: ``/graphql`` and ``/api/graphql``.

    *token* is a personal token; with *pat_may_check* it may write check runs, as a
    workflow's GITHUB_TOKEN may. *app* is the registered GitHub App, if there is one.
    *clock* tells the time that tokens expire by.
    """

    def __init__(
        self,
        *,
        token: str = "sandbox-token",  # noqa: S107 - opens nothing but the sandbox
        app: App | None = None,
        pat_may_check: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.token = token
        self.faults = Faults()
        self._store = Store()
        people = People(clock)
        access = Access(token, app, clock, person=lambda given: _person(people, given))
        self._hub = Hub(self._store, access, pat_may_check, people)
        self.threads = ThreadDeeds(self._hub)
        self._gate = _Gate(create_application(self._hub), self.faults)
        self._server = Loopback(self._gate)
        self.url = self._hub.url = self._server.url

    def _let_go(self) -> None:
        self._gate.stopping.set()

    # what happens on GitHub by other hands

    def add_pull(self, pull: SandboxPull) -> None:
        """Open a pull request, and its repository with the first one."""
        self._store.add(pull)

    def add_person(self, person: Person) -> None:
        """Let somebody have an account, or change what they may read."""
        with self._store.lock:
            self._hub.people.known[person.login] = person

    def register_callback(self, callback: str) -> None:
        """Write into the App's registration where people who signed in are sent back to."""
        access = self._hub.access
        with self._store.lock:
            if access.app is not None:
                access.app = replace(access.app, callback=callback)

    def push(self, number: int, diff: bytes, head_sha: str, repository: str = "") -> None:
        """Move a pull request's head."""
        self._store.push(number, diff, head_sha, repository)

    def change_pull(self, number: int, repository: str = "", **values: Any) -> None:
        """Change fields of the ``SandboxPull``: draft, labels, title, body or base_branch."""
        self._store.change(number, repository, **values)

    def close_pull(
        self, number: int, repository: str = "", *, merged: bool = False, at: str = ""
    ) -> None:
        """Close or merge a pull request; *at* is when, in GitHub's format."""
        self._store.close(number, repository, merged=merged, at=at)

    def add_collaborator(self, login: str, user_id: int, role: str = "") -> None:
        """Let somebody have an account, and a role in every repository, such as maintain."""
        with self._store.lock:
            self._store.collaborators[login.lower()] = Collaborator(login, user_id, role)

    def add_label(self, name: str, repository: str) -> None:
        """Let somebody with the right to do so create a label."""
        with self._store.lock:
            store_label(self._store, repository, {"name": name})

    def add_issue_comment(
        self,
        number: int,
        body: str,
        login: str = "mallory",
        user_id: int = 666,
        repository: str = "",
    ) -> JsonObject:
        """Let somebody else comment on a pull request."""
        with self._store.lock:
            state = self._store.get(number, repository)
            guest = self._guest(number, login, user_id, repository)
            return copy.deepcopy(store_issue_comment(guest, state, body))

    def add_reply(self, comment_id: int, body: str, login: str, user_id: int) -> JsonObject:
        """Let somebody else reply in the thread that a comment on a line begins."""
        with self._store.lock:
            state, first = self._store.on_line(comment_id)
            pull = state.pull
            guest = self._guest(pull.number, login, user_id, pull.repository)
            return copy.deepcopy(store_reply(guest, state, first, body))

    def add_review(
        self, number: int, body: str, login: str = "mallory", user_id: int = 666
    ) -> JsonObject:
        """Let somebody else review a pull request."""
        with self._store.lock:
            said = {"body": body, "event": "COMMENT"}
            guest = self._guest(number, login, user_id)
            return copy.deepcopy(store_review(guest, self._store.get(number), said))

    def add_remark(
        self, number: int, path: str, line: int, body: str, login: str = "maria", user_id: int = 8
    ) -> JsonObject:
        """Let somebody else comment on a line of a pull request's new file."""
        with self._store.lock:
            state, guest = self._store.get(number), self._guest(number, login, user_id)
            review = store_review(guest, state, {"event": "COMMENT"})
            said = {"path": path, "line": line, "body": body}
            remark = show_line_comment(guest, review, said, state.entries[path])
            state.review_comments.append(remark)
            return copy.deepcopy(remark)

    def _guest(self, number: int, login: str, user_id: int, repository: str = "") -> Visit:
        caller = Caller({"login": login, "id": user_id, "type": "User"})
        return Visit(self._hub, caller, self._store.get(number, repository).pull.repository)

    def payload(
        self, action: str, number: int, installation_id: int = 0, repository: str = ""
    ) -> JsonObject:
        """The payload of a ``pull_request`` event as things stand."""
        with self._store.lock:
            state = self._store.get(number, repository)
            pull = show_pull(state, self._hub.api)
            shown = show_repository(state.pull, self._hub.api)
            before = state.before
        payload = {
            "action": action,
            "number": number,
            "pull_request": pull,
            "repository": shown,
            "sender": pull["user"],
        }
        if installation_id:
            payload["installation"] = {"id": installation_id, "node_id": f"I_{installation_id}"}
        if action == "synchronize":
            payload |= {"before": before, "after": pull["head"]["sha"]}
        if action in ("labeled", "unlabeled") and pull["labels"]:
            payload["label"] = pull["labels"][-1]
        return payload

    def comment_payload(
        self, comment: JsonObject, number: int, installation_id: int, repository: str
    ) -> tuple[str, JsonObject]:
        """The event about a new comment, and its payload."""
        told = self.payload("created", number, installation_id, repository)
        pull = told.pop("pull_request")
        del told["number"]
        told |= {"comment": {**comment, "performed_via_github_app": None}}
        told["sender"] = comment["user"]
        if "pull_request_url" in comment:
            return "pull_request_review_comment", told | {"pull_request": pull}
        shared = {key: pull[key] for key in ("number", "title", "state", "user", "labels")}
        issue = {**shared, "pull_request": {"url": pull["url"], "html_url": pull["html_url"]}}
        return "issue_comment", told | {"issue": issue}

    def suspend(self, installation_id: int) -> None:
        """Suspend an installation: its tokens open nothing."""
        with self._store.lock:
            self._hub.access.suspended.add(installation_id)

    def unsuspend(self, installation_id: int) -> None:
        """Let a suspended installation work again."""
        with self._store.lock:
            self._hub.access.suspended.discard(installation_id)

    def queue(self, number: int, head_sha: str, repository: str = "") -> JsonObject:
        """Put a pull request into the merge queue as a commit; its ``merge_group`` payload."""
        with self._store.lock:
            pull = self._store.get(number, repository).pull
            self._store.queued.setdefault(pull.repository.lower(), set()).add(head_sha)
            ref = f"gh-readonly-queue/{pull.base_branch}/pr-{number}-{pull.base_sha}"
            return {
                "action": "checks_requested",
                "merge_group": {
                    "head_sha": head_sha,
                    "head_ref": f"refs/heads/{ref}",
                    "base_sha": pull.base_sha,
                    "base_ref": f"refs/heads/{pull.base_branch}",
                    "head_commit": {"id": head_sha, "tree_id": pull.base_sha},
                },
                "repository": show_repository(pull, self._hub.api),
                "sender": show_user("github-merge-queue[bot]", 118344674, "Bot"),
            }

    def deliver(
        self,
        url: str,
        action: str,
        number: int,
        secret: str,
        installation_id: int = 0,
        delivery_id: str | None = None,
    ) -> int:
        """Send a signed ``pull_request`` webhook to *url*; returns the status."""
        payload = self.payload(action, number, installation_id)
        delivery = Delivery(url, "pull_request", payload, secret, delivery_id or str(uuid.uuid4()))
        self._hub.hook_url = url
        return self._hub.deliveries.send(delivery, self._hub.now())

    def note_delivery(self, delivery: Delivery, status: int) -> None:
        """Enter an attempt of an earlier time into the log of deliveries."""
        with self._store.lock:
            self._hub.hook_url = delivery.url
            self._hub.deliveries.note(delivery, status, self._hub.now())

    def set_content_type(self, name: str) -> None:
        """Set the webhook's content type, ``json`` or ``form``."""
        self._hub.hook_type = name

    @property
    def deliveries(self) -> list[JsonObject]:
        """The log of deliveries, oldest first."""
        with self._store.lock:
            return [dict(entry) for entry, _ in self._hub.deliveries.attempts]

    # what was written and asked

    @property
    def reviews(self) -> list[JsonObject]:
        """Every review, in the order in which they were written."""
        return self._copied(s.reviews for s in self._store.pulls)

    @property
    def review_comments(self) -> list[JsonObject]:
        """Every comment on a line."""
        return self._copied(s.review_comments for s in self._store.pulls)

    @property
    def issue_comments(self) -> list[JsonObject]:
        """Every comment below a pull request."""
        return self._copied(s.issue_comments for s in self._store.pulls)

    @property
    def reactions(self) -> list[JsonObject]:
        """Every reaction to a comment, with the comment's id."""
        return self._copied(s.reactions for s in self._store.pulls)

    @property
    def check_runs(self) -> list[JsonObject]:
        """Every check run, with its annotations in its output."""
        return self._copied([self._store.check_runs])

    @property
    def requests(self) -> list[tuple[str, str, int]]:
        """Method, path and status of every request that came in; 0 where it was cut."""
        return self._gate.seen()

    def _copied(self, lists: Iterable[list[JsonObject]]) -> list[JsonObject]:
        with self._store.lock:
            return sorted(
                (copy.deepcopy(item) for items in lists for item in items),
                key=lambda item: int(item["id"]),
            )


def _person(people: People, token: str) -> Caller | None:
    person = people.holder(token)
    if person is None:
        return None
    return Caller(person.user, None, frozenset(person.repositories), is_person=True)


class _Gate:
    """Stands before the application: makes one API of two addresses, and things go wrong."""

    def __init__(self, application: Flask, faults: Faults) -> None:
        self.stopping = threading.Event()
        self._application = application
        self._faults = faults
        self._lock = threading.Lock()
        self._seen: list[tuple[str, str, int]] = []

    def seen(self) -> list[tuple[str, str, int]]:
        with self._lock:
            return list(self._seen)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path: str = environ["PATH_INFO"]
        if path.startswith(f"{_PREFIX}/"):
            path = path.removeprefix(_PREFIX)
            environ |= {"PATH_INFO": path, "SCRIPT_NAME": _PREFIX}
        elif path == _GRAPHQL:
            path = "/graphql"
            environ |= {"PATH_INFO": path, "SCRIPT_NAME": "/api"}
        fault = self._faults.take(environ["REQUEST_METHOD"], path)
        response = self._respond(environ, fault)
        status = 0 if response is None else response.status_code
        with self._lock:
            self._seen.append((environ["REQUEST_METHOD"], path, status))
        if response is None:
            drop(environ)
        return response(environ, start_response)

    def _respond(self, environ: WSGIEnvironment, fault: Fault | None) -> PlainResponse | None:
        """The answer, None if the connection is to be cut."""
        if fault is not None and fault.delay:
            self.stopping.wait(fault.delay)
        if fault is None or not fault.replaces_answer:
            return PlainResponse.from_app(self._application, environ, buffered=True)
        if fault.after_write:
            PlainResponse.from_app(self._application, environ, buffered=True)
        return None if fault.drop else _answer_of(fault)


def _answer_of(fault: Fault) -> PlainResponse:
    body = json.dumps(Refused(fault.status, fault.message).body)
    return PlainResponse(body, fault.status, dict(fault.headers), content_type="application/json")
