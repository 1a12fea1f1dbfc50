"""Registering an App from a manifest: what it asks for, and what GitHub hands out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pydantic import Field, ValidationError

from reviewbot.domain.errors import ForgeUnavailable
from reviewbot.github.identity import ALL_EVENTS, ALL_PERMISSIONS
from reviewbot.github.payload import Payload

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reviewbot.github.client import GitHubClient

_LONGEST_NAME = 34
_CODE = re.compile(r"[A-Za-z0-9_-]{1,200}")


class RegisteredApp(Payload):
    """An App that GitHub has just registered, with its secrets."""

    id: int = Field(strict=True, gt=0)
    slug: str = Field(pattern=r"^[A-Za-z0-9_-]{1,100}$")
    html_url: str
    pem: str = Field(repr=False, min_length=1)
    webhook_secret: str = Field(repr=False, min_length=1)


def manifest(name: str, public_url: str, redirect_url: str) -> Mapping[str, Any]:
    """An App with the least permissions, whose deliveries come to *public_url*."""
    return {
        "name": name[:_LONGEST_NAME],
        "url": public_url,
        "hook_attributes": {"url": f"{public_url}/webhook", "active": True},
        "redirect_url": redirect_url,
        "public": False,
        "default_permissions": dict(ALL_PERMISSIONS),
        "default_events": list(ALL_EVENTS),
    }


def is_code(text: str) -> bool:
    """Whether *text* can be what GitHub's redirect carries."""
    return _CODE.fullmatch(text) is not None


def convert(client: GitHubClient, code: str) -> RegisteredApp:
    """Change the redirect's code for the App, which works once; raises what the client raises."""
    answer = client.post(f"/app-manifests/{code}/conversions", {})
    try:
        return RegisteredApp.model_validate(answer)
    except ValidationError:
        # Not chained: the error's text holds the secrets.
        message = "GitHub's answer is no registered App"
        raise ForgeUnavailable(message, "Check that github.api_url is GitHub's API.") from None
