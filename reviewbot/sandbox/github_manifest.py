"""The manifest flow: a page with a button, a redirect with a code, the code for a key."""

from __future__ import annotations

import ipaddress
import json
import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from flask import Response, jsonify, redirect, request
from markupsafe import Markup, escape

from reviewbot.sandbox.github_access import App, generate_app_key
from reviewbot.sandbox.github_errors import invalid, not_found
from reviewbot.sandbox.github_views import NOW, show_user

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as PlainResponse

    from reviewbot.sandbox.github_hub import Hub

_LONGEST_NAME = 34
_KEYS = {
    *("name", "url", "hook_attributes", "redirect_url", "callback_urls", "setup_url"),
    *("description", "public", "default_events", "default_permissions"),
}
# What an event needs at least one of.
_EVENT_NEEDS = {
    "issue_comment": ("issues", "pull_requests"),
    "merge_group": ("merge_queues",),
    "pull_request": ("pull_requests",),
    "pull_request_review_comment": ("pull_requests",),
}
_PAGE = Markup(
    """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Create GitHub App</title></head>
<body><h1>Create GitHub App for {owner}</h1>
<form method="post" action="/settings/apps/manifest">
<input type="hidden" name="ticket" value="{ticket}">
<label>GitHub App name <input name="name" value="{name}"></label>
<button>Create GitHub App</button>
</form></body></html>"""
)
_INSTALLED = Markup(
    """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Install {slug}</title></head>
<body><h1>Install {slug}</h1></body></html>"""
)


def show_manifest(hub: Hub, owner: str = "") -> Response:
    """The page on which the owner names the App and agrees; strict about the manifest."""
    manifest = _read_manifest(request.form.get("manifest", ""))
    ticket = hub.registrations.wait(manifest, request.args.get("state", ""))
    page = _PAGE.format(owner=owner or "your account", ticket=ticket, name=manifest["name"])
    return Response(page, mimetype="text/html")


def create_app(hub: Hub) -> PlainResponse:
    """What the page's button does: back to where the manifest says, with a code."""
    created = hub.registrations.create(request.form.get("ticket", ""), hub.access.clock())
    if created is None:
        raise not_found()
    manifest, state, code = created
    manifest["name"] = request.form.get("name") or manifest["name"]
    query = urlencode({"code": code, "state": state})
    return redirect(f"{manifest['redirect_url']}?{query}")


def convert(hub: Hub, code: str) -> tuple[Response, int]:
    """POST app-manifests/{code}/conversions: the only answer that ever holds the key."""
    manifest = hub.registrations.convert(code, hub.access.clock())
    if manifest is None:
        raise not_found()
    pem, public_key = generate_app_key()
    slug = "-".join(str(manifest["name"]).lower().split())
    hub.hook_url = manifest["hook_attributes"]["url"]
    app = hub.access.app = App(secrets.randbelow(900_000) + 100_000, public_key, slug=slug)
    answer = {
        "id": app.id,
        "slug": slug,
        "node_id": f"A_{app.id}",
        "client_id": app.client_id,
        "client_secret": secrets.token_hex(20),
        "webhook_secret": secrets.token_hex(20),
        "pem": pem,
        "name": manifest["name"],
        "owner": show_user("acme", 99, "Organization"),
        "external_url": manifest["url"],
        "html_url": f"{hub.url}/apps/{slug}",
        "permissions": manifest.get("default_permissions", {}),
        "events": manifest.get("default_events", []),
        "created_at": NOW,
        "updated_at": NOW,
    }
    return jsonify(answer), 201


def install(hub: Hub, slug: str) -> Response:
    """The page on which an App's repositories are chosen."""
    if hub.access.app is None or hub.access.app.slug != slug:
        raise not_found()
    return Response(_INSTALLED.format(slug=escape(slug)), mimetype="text/html")


def _read_manifest(text: str) -> dict[str, Any]:
    try:
        manifest = json.loads(text)
    except ValueError:
        manifest = None
    if not isinstance(manifest, dict):
        invalid("Integration", "manifest", "invalid", "manifest is no JSON object")
    for key in manifest:
        if key not in _KEYS:
            invalid("Integration", key, "invalid", "is not a permitted key")
    if not 0 < len(manifest.get("name", "")) <= _LONGEST_NAME:
        invalid("Integration", "name", "invalid")
    _demand_address("url", manifest.get("url"))
    _demand_address("redirect_url", manifest.get("redirect_url"))
    hook = manifest.get("hook_attributes", {}).get("url")
    _demand_address("hook_attributes", hook)
    if _is_local(urlsplit(hook).hostname or ""):
        message = "is not supported because it isn't reachable over the public Internet"
        invalid("Integration", "hook_attributes", "invalid", f"url {message}")
    _demand_permissions(manifest)
    found: dict[str, Any] = manifest
    return found


def _demand_permissions(manifest: dict[str, Any]) -> None:
    permissions = manifest.get("default_permissions", {})
    for event in manifest.get("default_events", []):
        needs = _EVENT_NEEDS.get(event, ())
        if not any(name in permissions for name in needs):
            invalid("Integration", "default_events", "invalid", f"{event} needs a permission")


def _demand_address(key: str, value: object) -> None:
    if not isinstance(value, str) or urlsplit(value).scheme not in ("http", "https"):
        invalid("Integration", key, "invalid", "is no address")


def _is_local(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost"
