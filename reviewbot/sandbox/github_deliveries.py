"""The log of an App's deliveries: what was sent, how it ended, and sending it again."""

from __future__ import annotations

import itertools
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Response, jsonify, request

from reviewbot.sandbox.github_errors import Refused, not_found
from reviewbot.sandbox.github_webhook import send_webhook

if TYPE_CHECKING:
    from reviewbot.sandbox.github_hub import Hub
    from reviewbot.sandbox.github_store import JsonObject

LOST = 502  # what GitHub notes where nobody answered


@dataclass(frozen=True)
class Delivery:
    """What was to be delivered where."""

    url: str
    event: str
    payload: JsonObject
    secret: str = field(repr=False)
    guid: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass
class Deliveries:
    """Every attempt, oldest first."""

    attempts: list[tuple[JsonObject, Delivery]] = field(default_factory=list)
    _ids: Any = field(default_factory=lambda: itertools.count(12_345_001))

    def send(self, delivery: Delivery, now: str) -> int:
        """Attempt a delivery; returns the status, `LOST` where nobody answered."""
        try:
            status = send_webhook(
                delivery.url, delivery.event, delivery.payload, delivery.secret, delivery.guid
            )
        except OSError:
            status = LOST
        self.note(delivery, status, now)
        return status

    def note(self, delivery: Delivery, status: int, now: str) -> None:
        """Enter an attempt that ended so."""
        again = any(each.guid == delivery.guid for _, each in self.attempts)
        payload = delivery.payload
        entry = {
            "id": next(self._ids),
            "guid": delivery.guid,
            "delivered_at": now,
            "redelivery": again,
            "duration": 0.1,
            "status": "OK" if status in range(200, 300) else f"Invalid HTTP Response: {status}",
            "status_code": status,
            "event": delivery.event,
            "action": payload.get("action"),
            "installation_id": payload.get("installation", {}).get("id"),
            "repository_id": payload.get("repository", {}).get("id"),
            "throttled_at": None,
        }
        self.attempts.append((entry, delivery))


def list_deliveries(hub: Hub) -> Response:
    """GET app/hook/deliveries: newest first, cut by a cursor."""
    _signed(hub)
    size = min(max(int(request.args.get("per_page", 30)), 1), 100)
    cursor = request.args.get("cursor", "")
    entries = [entry for entry, _ in reversed(hub.deliveries.attempts)]
    if request.args.get("status") == "failure":
        entries = [entry for entry in entries if entry["status"] != "OK"]
    if cursor:
        entries = [entry for entry in entries if f"v1_{entry['id']}" < cursor]
    response = jsonify(entries[:size])
    if entries[size:]:
        last = {**request.args.to_dict(), "cursor": f"v1_{entries[size - 1]['id']}"}
        response.headers["Link"] = f'<{request.base_url}?{urlencode(last)}>; rel="next"'
    return response


def redeliver(hub: Hub, delivery_id: int) -> tuple[Response, int]:
    """POST app/hook/deliveries/{id}/attempts."""
    _signed(hub)
    for entry, delivery in list(hub.deliveries.attempts):
        if entry["id"] == delivery_id:
            hub.deliveries.send(delivery, hub.now())
            return jsonify({}), 202
    raise not_found()


def show_hook(hub: Hub) -> Response:
    """GET app/hook/config."""
    _signed(hub)
    if not hub.hook_url:
        raise Refused(404, "Not Found")
    config = {"content_type": hub.hook_type, "insecure_ssl": "0", "secret": "********"}
    return jsonify(config | {"url": hub.hook_url})


def _signed(hub: Hub) -> None:
    hub.access.signed_app(request.headers.get("Authorization"))
