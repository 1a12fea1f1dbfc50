"""Signed deliveries as GitHub sends them."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import uuid
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from reviewbot.sandbox.github_store import JsonObject

TIMEOUT_SECONDS = 10


def send_webhook(
    url: str, event: str, payload: JsonObject, secret: str, delivery_id: str | None = None
) -> int:
    """POST *payload* with GitHub's headers and signature; returns the status."""
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "Accept": "*/*",
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/5a0b1c2",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": delivery_id or str(uuid.uuid4()),
        "X-GitHub-Hook-ID": "471112",
        "X-GitHub-Hook-Installation-Target-ID": "1",
        "X-GitHub-Hook-Installation-Target-Type": "integration",
        "X-Hub-Signature-256": f"sha256={signature}",
    }
    parts = urlsplit(url)
    target = f"{parts.path or '/'}?{parts.query}".rstrip("?")
    connection = http.client.HTTPConnection(
        parts.hostname or "127.0.0.1", parts.port, timeout=TIMEOUT_SECONDS
    )
    try:
        connection.request("POST", target, body, headers)
        response = connection.getresponse()
        response.read()
        return response.status
    finally:
        connection.close()
