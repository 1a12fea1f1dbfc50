"""The web service: webhooks in, health and metrics out."""

from __future__ import annotations

import hmac
import logging
from typing import TYPE_CHECKING

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from reviewbot.domain.errors import LedgerError
from reviewbot.domain.pull_request import Wish
from reviewbot.github.delivery import BadDelivery, read_event, verify_delivery

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from reviewbot.runtime.service import Service

_log = logging.getLogger(__name__)
LARGEST_DELIVERY = 25 * 2**20  # bytes: GitHub sends no more
_LONGEST_ID = 100
_LOOPBACK = {"127.0.0.1", "::1"}
_SAID_BY_PROXIES = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")


def create_app(service: Service, metrics_token: str = "") -> Flask:
    """The WSGI application; *metrics_token* lets others than loopback read /metrics."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_DELIVERY

    @app.post("/webhook")
    def webhook() -> ResponseReturnValue:
        return _deliver(service)

    @app.get("/healthz")
    def healthz() -> ResponseReturnValue:
        return {"status": "up"}

    @app.get("/readyz")
    def readyz() -> ResponseReturnValue:
        service.desk.counts()
        return {"status": "ready"}

    @app.get("/metrics")
    def metrics() -> ResponseReturnValue:
        if not _may_read_metrics(metrics_token):
            return {"error": "metrics need the token of server.metrics_token_env"}, 403
        return Response(service.metrics.text(), mimetype="text/plain; version=0.0.4")

    @app.errorhandler(LedgerError)
    def unavailable(error: LedgerError) -> ResponseReturnValue:
        _log.error("the ledger cannot be used", extra={"kind": type(error).__name__})
        return {"error": "the ledger cannot be used"}, 503

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> ResponseReturnValue:
        return {"error": error.name}, error.code or 500

    return app


def _deliver(service: Service) -> ResponseReturnValue:
    """Verify the raw bytes, then parse, then record; 202 only for what is on the desk."""
    body = request.get_data(cache=False)
    if not verify_delivery(
        service.webhook_secret, body, request.headers.get("X-Hub-Signature-256")
    ):
        service.metrics.deliveries.labels("unsigned").inc()
        return {"error": "the signature does not match"}, 401
    delivery_id = request.headers.get("X-GitHub-Delivery", "")
    if not 0 < len(delivery_id) <= _LONGEST_ID:
        return {"error": "X-GitHub-Delivery is missing"}, 400
    try:
        event = read_event(request.headers.get("X-GitHub-Event", ""), body)
    except BadDelivery as error:
        service.metrics.deliveries.labels("unreadable").inc()
        return {"error": str(error)}, 400
    if not isinstance(event, Wish):
        service.metrics.deliveries.labels("ignored").inc()
        return {"status": "ignored"}
    fresh = service.record(delivery_id, event)
    service.metrics.deliveries.labels("recorded" if fresh else "repeated").inc()
    return {"status": "recorded" if fresh else "known"}, 202


def _may_read_metrics(token: str) -> bool:
    """Loopback may, unless a proxy speaks for others; everybody else needs the token."""
    if token:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode(), token.encode())
    proxied = any(name in request.headers for name in _SAID_BY_PROXIES)
    return request.remote_addr in _LOOPBACK and not proxied
