"""The web service: webhooks in, health and metrics out.

Who is refused learns a code and an id; the logs say more under that id.
"""

from __future__ import annotations

import hmac
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from reviewbot.domain.errors import LedgerError
from reviewbot.entrypoints.door import LARGEST_DELIVERY, WEBHOOK, Refusal, refusal
from reviewbot.github.delivery import verify_delivery
from reviewbot.github.events import BadDelivery, read_event
from reviewbot.runtime.intake import Taken

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

    from reviewbot.runtime.service import Service

_log = logging.getLogger(__name__)
_LOOPBACK = {"127.0.0.1", "::1"}
# Any of them says that somebody else stands behind the one who asks.
_PROXY_HEADERS = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip")


def create_app(service: Service, metrics_token: str = "") -> Flask:
    """The WSGI application; *metrics_token* lets others than loopback read /metrics."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_DELIVERY

    @app.post(WEBHOOK)
    def webhook() -> ResponseReturnValue:
        return _deliver(service)

    @app.get("/healthz")
    def healthz() -> ResponseReturnValue:
        return {"status": "up"}

    @app.get("/readyz")
    def readyz() -> ResponseReturnValue:
        if service.stopping.is_set():
            return {"status": "stopping"}, HTTPStatus.SERVICE_UNAVAILABLE
        stopped = service.switch.stopped() is not None
        return {"status": "ready", "spending": "stopped" if stopped else "allowed"}

    @app.get("/metrics")
    def metrics() -> ResponseReturnValue:
        if not _may_read_metrics(metrics_token):
            return _refused(Refusal(HTTPStatus.FORBIDDEN, "metrics-need-a-token"))
        return Response(service.metrics.text(), mimetype="text/plain; version=0.0.4")

    _tell_no_exceptions(app)
    return app


def _tell_no_exceptions(app: Flask) -> None:
    """Whatever goes wrong, its text stays here."""

    @app.errorhandler(LedgerError)
    def unavailable(error: LedgerError) -> ResponseReturnValue:
        return _refused(Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "ledger-unavailable"), error)

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> ResponseReturnValue:
        status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
        return _refused(Refusal(status, error.name.casefold().replace(" ", "-")))

    @app.errorhandler(Exception)
    def bug(error: Exception) -> ResponseReturnValue:
        return _refused(Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "internal-error"), error)


def _refused(why: Refusal, error: Exception | None = None) -> ResponseReturnValue:
    """The answer for a refusal; what lies behind it is logged under its id."""
    level = logging.INFO if error is None else logging.ERROR
    about = {"code": why.code, "id": why.id}
    _log.log(level, "refused", extra=about, exc_info=error)
    return Response(why.body, status=why.status, mimetype="application/json")


def _deliver(service: Service) -> ResponseReturnValue:
    """Look at the headers, verify the raw bytes, then parse, then record.

    202 is answered only for what is written down, 204 where there is nothing to do.
    """
    deliveries = service.metrics.deliveries
    # The listener has asked this already; other WSGI servers have not.
    if why := refusal(request.method, request.path, request.headers.get):
        deliveries.labels("refused").inc()
        return _refused(why)
    delivery = verify_delivery(
        service.webhook_secrets,
        request.headers.get("X-Hub-Signature-256"),
        request.get_data(cache=False),
    )
    if delivery is None:
        deliveries.labels("unsigned").inc()
        return _refused(Refusal(HTTPStatus.UNAUTHORIZED, "signature-mismatch"))
    try:
        event = read_event(request.headers["X-GitHub-Event"], delivery)
    except BadDelivery as error:
        deliveries.labels("unreadable").inc()
        _log.warning("unreadable delivery", extra={"why": str(error)})
        return _refused(_unreadable())
    taken = service.take(request.headers["X-GitHub-Delivery"], event)
    deliveries.labels(taken.value).inc()
    match taken:
        case Taken.RECORDED | Taken.KNOWN:
            return {"status": "recorded" if taken is Taken.RECORDED else "known"}, 202
        case Taken.PONG:
            return {"status": "pong"}
        case Taken.IGNORED | Taken.UNKNOWN:
            return Response(status=HTTPStatus.NO_CONTENT)


def _unreadable() -> Refusal:
    """GitHub sends a form where the webhook's settings do not say JSON."""
    if request.mimetype == "application/x-www-form-urlencoded":
        return Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "content-type-not-json")
    return Refusal(HTTPStatus.BAD_REQUEST, "unreadable-delivery")


def _may_read_metrics(token: str) -> bool:
    """Loopback may, unless a proxy speaks for others; everybody else needs the token."""
    if token:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode(), token.encode())
    proxied = any(name in request.headers for name in _PROXY_HEADERS)
    return request.remote_addr in _LOOPBACK and not proxied
