"""Bodies of requests as GitHub's OpenAPI description has them, and the check against it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reviewbot.sandbox.github_errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BODY_LIMIT = 65_536
_OUTPUT_LIMIT = 65_535
_MESSAGE_LIMIT = 64 * 1024
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True)
class Text:
    """A string of at most *limit* characters (bytes where *in_bytes*)."""

    limit: int = 0
    in_bytes: bool = False
    choices: tuple[str, ...] = ()
    pattern: re.Pattern[str] | None = None


@dataclass(frozen=True)
class Number:
    """An integer."""


@dataclass(frozen=True)
class Many:
    """A list of at most *limit* values."""

    of: Schema
    limit: int = 0


@dataclass(frozen=True)
class Object:
    """An object with these keys and no others."""

    keys: Mapping[str, Schema]
    required: tuple[str, ...] = ()


@dataclass(frozen=True)
class AnyObject:
    """An object whose values are one kind."""

    of: Schema


Schema = Text | Number | Many | Object | AnyObject

_SIDE = Text(choices=("LEFT", "RIGHT"))
_BODY = Text()  # its limit is judged later, in other words

REVIEW = Object(
    {
        "commit_id": Text(),
        "body": _BODY,
        "event": Text(choices=("APPROVE", "REQUEST_CHANGES", "COMMENT")),
        "comments": Many(
            Object(
                {
                    "path": Text(),
                    "position": Number(),
                    "body": _BODY,
                    "line": Number(),
                    "side": _SIDE,
                    "start_line": Number(),
                    "start_side": _SIDE,
                },
                ("path", "body"),
            )
        ),
    }
)

ISSUE_COMMENT = Object({"body": _BODY}, ("body",))

PULL_UPDATE = Object(
    {
        "title": Text(),
        "body": _BODY,
        "state": Text(choices=("open", "closed")),
        "base": Text(),
    }
)

NEW_LABEL = Object(
    {"name": Text(), "color": Text(), "description": Text(100)},
    ("name",),
)

LABELS = Object({"labels": Many(Text())})

REACTION = Object(
    {
        "content": Text(
            choices=("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")
        )
    },
    ("content",),
)

_ANNOTATION = Object(
    {
        "path": Text(),
        "start_line": Number(),
        "end_line": Number(),
        "start_column": Number(),
        "end_column": Number(),
        "annotation_level": Text(choices=("notice", "warning", "failure")),
        "message": Text(_MESSAGE_LIMIT, in_bytes=True),
        "title": Text(255),
        "raw_details": Text(_MESSAGE_LIMIT, in_bytes=True),
    },
    ("path", "start_line", "end_line", "annotation_level", "message"),
)
_IMAGE = Object({"alt": Text(), "image_url": Text(), "caption": Text()}, ("alt", "image_url"))
_OUTPUT: dict[str, Schema] = {
    "title": Text(),
    "summary": Text(_OUTPUT_LIMIT),
    "text": Text(_OUTPUT_LIMIT),
    "annotations": Many(_ANNOTATION, 50),
    "images": Many(_IMAGE),
}
_ACTION = Object(
    {"label": Text(20), "description": Text(40), "identifier": Text(20)},
    ("label", "description", "identifier"),
)
_RUN: dict[str, Schema] = {
    "name": Text(),
    "details_url": Text(),
    "external_id": Text(),
    "status": Text(choices=("queued", "in_progress", "completed")),
    "started_at": Text(pattern=_TIME),
    "completed_at": Text(pattern=_TIME),
    "conclusion": Text(
        choices=(
            "action_required",
            "cancelled",
            "failure",
            "neutral",
            "success",
            "skipped",
            "timed_out",
        )
    ),
    "actions": Many(_ACTION, 3),
}
NEW_CHECK_RUN = Object(
    _RUN | {"head_sha": Text(), "output": Object(_OUTPUT, ("title", "summary"))},
    ("name", "head_sha"),
)
CHECK_RUN_UPDATE = Object(_RUN | {"output": Object(_OUTPUT, ("summary",))})

ACCESS_TOKEN = Object(
    {
        "repositories": Many(Text(), 500),
        "repository_ids": Many(Number(), 500),
        "permissions": AnyObject(Text(choices=("read", "write", "admin"))),
    }
)


def check_body(value: dict[str, Any], schema: Schema) -> dict[str, Any]:
    """*value* if it fits *schema*; raises the 422 that GitHub answers otherwise."""
    problems = list(_problems(value, schema, ""))
    if problems:
        raise Refused(422, "Invalid request.\n\n" + "\n".join(problems))
    return value


def _problems(value: object, schema: Schema, where: str) -> Iterator[str]:
    match schema:
        case Text():
            yield from _text_problems(value, schema, where)
        case Number():
            if not isinstance(value, int) or isinstance(value, bool):
                yield _wrong(where, value, "is not an integer.")
        case Many():
            yield from _list_problems(value, schema, where)
        case Object():
            yield from _object_problems(value, schema, where)
        case AnyObject(of=kind):
            keys = value if isinstance(value, dict) else ()
            yield from _object_problems(value, Object(dict.fromkeys(keys, kind)), where)


def _text_problems(value: object, schema: Text, where: str) -> Iterator[str]:
    if not isinstance(value, str):
        yield _wrong(where, value, "is not a string.")
        return
    if schema.choices and value not in schema.choices:
        yield _wrong(where, value, f"is not a member of {list(schema.choices)}.")
    if schema.pattern and not schema.pattern.fullmatch(value):
        yield _wrong(where, value, "is not a valid date-time.")
    size = len(value.encode(errors="surrogatepass")) if schema.in_bytes else len(value)
    if schema.limit and size > schema.limit:
        unit = "bytes" if schema.in_bytes else "characters"
        yield f"Only {schema.limit} {unit} are allowed in {where}; {size} were supplied."


def _list_problems(value: object, schema: Many, where: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield _wrong(where, value, "is not an array.")
        return
    if schema.limit and len(value) > schema.limit:
        yield f"No more than {schema.limit} items are allowed; {len(value)} were supplied."
    for index, item in enumerate(value):
        yield from _problems(item, schema.of, f"{where}/{index}")


def _object_problems(value: object, schema: Object, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield _wrong(where, value, "is not an object.")
        return
    yield from (f'"{key}" wasn\'t supplied.' for key in schema.required if key not in value)
    yield from (f'"{key}" is not a permitted key.' for key in value if key not in schema.keys)
    for key, kind in schema.keys.items():
        if key in value:
            yield from _problems(value[key], kind, f"{where}/{key}")


def _wrong(where: str, value: object, problem: str) -> str:
    return f"For '{where.lstrip('/')}', {str(value)[:80]} {problem}"
