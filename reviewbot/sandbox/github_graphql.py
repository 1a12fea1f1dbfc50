"""GraphQL of the sandbox GitHub: the part of GitHub's schema that is about threads.

The schema is GitHub's own, cut short. What is not in it is refused as GitHub refuses it: with
status 200, and errors.
"""

from __future__ import annotations

import base64
import re
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from flask import Response, jsonify

from reviewbot.sandbox.github_errors import Refused, not_found
from reviewbot.sandbox.github_graphql_schema import SCHEMA
from reviewbot.sandbox.github_hub import read_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from graphql import GraphQLError, GraphQLResolveInfo, GraphQLSchema

    from reviewbot.sandbox.github_access import Caller
    from reviewbot.sandbox.github_hub import Hub
    from reviewbot.sandbox.github_store import JsonObject, PullState

_CONTENTS = {
    "+1": "THUMBS_UP",
    "-1": "THUMBS_DOWN",
    "laugh": "LAUGH",
    "confused": "CONFUSED",
    "heart": "HEART",
    "hooray": "HOORAY",
    "rocket": "ROCKET",
    "eyes": "EYES",
}
_MOST = 100
# Types of errors.
_NOT_FOUND, _FORBIDDEN = "NOT_FOUND", "FORBIDDEN"
_MISSING_PAGINATION_BOUNDARIES = "MISSING_PAGINATION_BOUNDARIES"
_EXCESSIVE_PAGINATION = "EXCESSIVE_PAGINATION"
_UNKNOWN_FIELD = re.compile(r"Cannot query field '(\w+)' on type '(\w+)'")


def post_graphql(hub: Hub) -> Response:
    """POST /graphql; a server without the library has no GraphQL."""
    caller = hub.caller()
    if find_spec("graphql") is None:
        raise not_found()
    body = read_json()
    query, variables = body.get("query"), body.get("variables") or {}
    if not isinstance(query, str) or not isinstance(variables, dict):
        raise Refused(400, "A query attribute must be specified and must be a string.")
    return jsonify(_answer(hub, caller, query, variables))


def _answer(hub: Hub, caller: Caller, query: str, variables: JsonObject) -> JsonObject:
    from graphql import GraphQLSyntaxError, execute_sync, parse, validate

    schema = _schema()
    try:
        document = parse(query)
    except GraphQLSyntaxError as error:
        return {"errors": [_told(error)]}
    if faults := validate(schema, document):
        return {"errors": [_told(fault) for fault in faults]}
    done = execute_sync(schema, document, _Root(hub, caller), variable_values=variables)
    answer: JsonObject = {"data": done.data}
    if done.errors:
        answer["errors"] = [_told(error) for error in done.errors]
    return answer


def _schema() -> GraphQLSchema:
    from graphql import GraphQLObjectType, build_schema

    schema = build_schema(SCHEMA)
    for name in ("User", "Bot"):
        kind = schema.type_map[name]
        if isinstance(kind, GraphQLObjectType):
            kind.is_type_of = lambda value, _info, name=name: value["kind"] == name
    return schema


def _told(error: GraphQLError) -> JsonObject:
    """An error in GitHub's words."""
    extensions = dict(error.extensions or {})
    told: JsonObject = {"message": error.message}
    if kind := extensions.pop("type", None):
        told["type"] = kind
    if match := _UNKNOWN_FIELD.match(error.message):
        told["message"] = f"Field '{match[1]}' doesn't exist on type '{match[2]}'"
        extensions = {"code": "undefinedField", "typeName": match[2], "fieldName": match[1]}
    if error.path:
        told["path"] = error.path
    if error.locations:
        told["locations"] = [{"line": at.line, "column": at.column} for at in error.locations]
    return told | ({"extensions": extensions} if extensions else {})


def _refused(kind: str, message: str) -> GraphQLError:
    from graphql import GraphQLError

    return GraphQLError(message, extensions={"type": kind})


def _page(
    name: str, items: Sequence[Any], first: int | None, last: int | None, after: str | None
) -> JsonObject:
    """One page of a connection; GitHub gives none without a bound, and none that is too large."""
    if first is None and last is None:
        message = f"You must provide a `first` or `last` value to properly paginate the `{name}`"
        raise _refused(_MISSING_PAGINATION_BOUNDARIES, f"{message} connection.")
    size = first if first is not None else last or 0
    if not 0 <= size <= _MOST:
        message = f"Requesting {size} records on the `{name}` connection exceeds the `first` limit"
        raise _refused(_EXCESSIVE_PAGINATION, f"{message} of {_MOST} records.")
    if first is None:
        begin = max(len(items) - size, 0)
    else:
        begin = int(base64.b64decode(after).decode().partition(":")[2]) if after else 0
    end = min(begin + size, len(items))
    return {
        "nodes": list(items[begin:end]),
        "totalCount": len(items),
        "pageInfo": {
            "hasNextPage": end < len(items),
            "hasPreviousPage": begin > 0,
            "startCursor": _cursor(begin),
            "endCursor": _cursor(end) if end > begin else None,
        },
    }


def _cursor(at: int) -> str:
    return base64.b64encode(f"cursor:{at}".encode()).decode()


def _actor(user: JsonObject, *, as_user: bool) -> JsonObject:
    """Names of bots have no ``[bot]`` here; where the schema has users only, they are users."""
    is_bot = user["type"] != "User"
    login = user["login"].removesuffix("[bot]")
    return {
        "id": f"U_{user['id']}",
        "databaseId": user["id"],
        "login": login,
        "resourcePath": f"/apps/{login}" if is_bot else f"/{login}",
        "kind": "Bot" if is_bot and not as_user else "User",
    }


class _Root:
    """What queries and mutations begin with; methods are named as GitHub's fields are."""

    def __init__(self, hub: Hub, caller: Caller) -> None:
        self._hub, self._caller = hub, caller

    def repository(
        self, _info: GraphQLResolveInfo[Any], owner: str, name: str, **_more: object
    ) -> JsonObject:
        """The repository, where the caller sees it."""
        states = self._hub.store.of(f"{owner}/{name}")
        pull = states[0].pull if states else None
        if pull is None or not self._caller.sees(pull.repository, pull.repository_id):
            message = f"Could not resolve to a Repository with the name '{owner}/{name}'."
            raise _refused(_NOT_FOUND, message)
        return {
            "id": f"R_{pull.repository_id}",
            "databaseId": pull.repository_id,
            "nameWithOwner": pull.repository,
            "pullRequest": lambda _info, number: self._pull(pull.repository, number),
        }

    def _pull(self, repository: str, number: int) -> JsonObject:
        state = self._hub.store.find(repository, number)
        if state is None:
            message = f"Could not resolve to a PullRequest with the number of {number}."
            raise _refused(_NOT_FOUND, message)
        threads = [self._thread(state, first) for first in _firsts(state)]
        return {
            "id": f"PR_{number}",
            "number": number,
            "reviewThreads": _connection("reviewThreads", lambda _asked: threads),
        }

    def _thread(self, state: PullState, first: JsonObject) -> JsonObject:
        by = state.resolved.get(first["id"])
        inside = [c for c in state.review_comments if first["id"] in _of_thread(c)]
        comments = [_comment(state, comment) for comment in inside]
        return {
            "id": thread_id(first),
            "isResolved": by is not None,
            "isCollapsed": by is not None,
            "isOutdated": first["line"] is None,
            "path": first["path"],
            "resolvedBy": by and _actor(by, as_user=True),
            "viewerCanResolve": by is None and self._may_resolve,
            "viewerCanUnresolve": by is not None and self._may_resolve,
            "comments": _connection("comments", lambda _asked: comments),
        }

    @property
    def _may_resolve(self) -> bool:
        """An App's token needs the right to write to the code; a person's is a person."""
        granted = self._caller.permissions
        return granted is None or all(
            granted.get(name) in ("write", "admin") for name in ("contents", "pull_requests")
        )

    def resolveReviewThread(  # noqa: N802 - GitHub's name
        self,
        _info: GraphQLResolveInfo[Any],
        input: JsonObject,  # noqa: A002 - as above
    ) -> JsonObject:
        """Resolve a thread; a second time changes nothing."""
        state, first = self._found(input["threadId"])
        state.resolved.setdefault(first["id"], dict(self._caller.user))
        return {**input, "thread": self._thread(state, first)}

    def unresolveReviewThread(  # noqa: N802 - GitHub's name
        self,
        _info: GraphQLResolveInfo[Any],
        input: JsonObject,  # noqa: A002 - as above
    ) -> JsonObject:
        """Open a thread again."""
        state, first = self._found(input["threadId"])
        state.resolved.pop(first["id"], None)
        return {**input, "thread": self._thread(state, first)}

    def _found(self, wanted: str) -> tuple[PullState, JsonObject]:
        for state in self._hub.store.pulls:
            if not self._caller.sees(state.pull.repository, state.pull.repository_id):
                continue
            for first in _firsts(state):
                if thread_id(first) == wanted:
                    if not self._may_resolve:
                        raise _refused(_FORBIDDEN, "Resource not accessible by integration")
                    return state, first
        message = f"Could not resolve to a node with the global id of '{wanted}'."
        raise _refused(_NOT_FOUND, message)


def thread_id(first: JsonObject) -> str:
    """GitHub's name of the thread that a comment begins."""
    return f"PRRT_{first['id']}"


def _firsts(state: PullState) -> Iterator[JsonObject]:
    """The comments that begin threads, without those of pending reviews."""
    pending = {review["id"] for review in state.reviews if review["state"] == "PENDING"}
    for comment in state.review_comments:
        if not comment.get("in_reply_to_id") and comment["pull_request_review_id"] not in pending:
            yield comment


def _of_thread(comment: JsonObject) -> tuple[Any, Any]:
    return comment["id"], comment.get("in_reply_to_id")


def _comment(state: PullState, comment: JsonObject) -> JsonObject:
    reactions = [
        {
            "id": f"REA_{each['id']}",
            "databaseId": each["id"],
            "content": _CONTENTS[each["content"]],
            "user": _actor(each["user"], as_user=True),
        }
        for each in state.reactions
        if each["comment_id"] == comment["id"]
    ]
    return {
        "id": comment["node_id"],
        "databaseId": comment["id"],
        "fullDatabaseId": str(comment["id"]),
        "author": _actor(comment["user"], as_user=False),
        "body": comment["body"],
        "reactions": _connection(
            "reactions",
            lambda asked: [
                each for each in reactions if asked.get("content") in (None, each["content"])
            ],
        ),
    }


def _connection(
    name: str, items: Callable[[JsonObject], Sequence[JsonObject]]
) -> Callable[..., JsonObject]:
    def resolve(_info: GraphQLResolveInfo[Any], **asked: Any) -> JsonObject:
        bounds = (asked.get("first"), asked.get("last"), asked.get("after"))
        return _page(name, items(asked), *bounds)

    return resolve
