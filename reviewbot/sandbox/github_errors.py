"""Refusals in GitHub's words."""

from __future__ import annotations

from typing import Any, NoReturn

DOCUMENTATION = "https://docs.github.com/rest"


class Refused(Exception):
    """A request that GitHub would refuse; *errors* are strings or objects, as GitHub has both."""

    def __init__(
        self, status: int, message: str, errors: list[str] | list[dict[str, Any]] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {
            "message": message,
            "documentation_url": DOCUMENTATION,
            "status": str(status),
        }
        if errors:
            self.body["errors"] = errors


def not_found() -> Refused:
    """What is missing and what may not be seen look the same."""
    return Refused(404, "Not Found")


def unprocessable(*errors: str) -> NoReturn:
    """Refuse as the review endpoint does: plain strings, naming no comment."""
    raise Refused(422, "Unprocessable Entity", list(errors))


def invalid(resource: str, field: str, code: str, message: str = "") -> NoReturn:
    """Refuse a value as every other endpoint does: objects."""
    error = {"resource": resource, "field": field, "code": code}
    raise Refused(422, "Validation Failed", [error | ({"message": message} if message else {})])
