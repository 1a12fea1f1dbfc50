"""The companion's routes in the web service."""

from __future__ import annotations

import logging
import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Flask, jsonify, request

from reviewbot.domain.finding import Tier
from reviewbot.domain.money import PICO_PER_USD
from reviewbot.domain.session_refusal import Why
from reviewbot.entrypoints.companion.places import Places
from reviewbot.entrypoints.companion.wire import (
    Offer,
    Unreadable,
    completion_body,
    error_body,
    models_body,
    no_answer_body,
    read_completion_request,
    read_wish,
    session_body,
)
from reviewbot.entrypoints.door import COMPANION, LARGEST_COMPANION, bearer
from reviewbot.runtime.companion import Companion, NoSession
from reviewbot.runtime.companion_calls import NoAnswer, Questions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask.typing import ResponseReturnValue

    from reviewbot.ledger.job_sessions import Session
    from reviewbot.runtime.core import Core
    from reviewbot.runtime.service import Service

_log = logging.getLogger(__name__)
_MOST_CALLS = 2_000  # of one session
# What passes, and how many seconds to wait for it; a restart takes longer than an answer.
_PASSING = {
    Why.BUSY: (HTTPStatus.TOO_MANY_REQUESTS, 2),
    Why.STOPPING: (HTTPStatus.SERVICE_UNAVAILABLE, 10),
}
_BODY = "body"
_NO_SESSION = "nobody in particular"  # buys a session: they share places


def add_companion(app: Flask, service: Service) -> None:
    """Put the companion into the application, where ``companion.url`` is configured."""
    core = service.core
    section = core.settings.values.companion
    if section.url is None:
        return
    handlers = _Handlers(service, Places(section.calls))

    @app.post(f"{COMPANION}session")
    def session() -> ResponseReturnValue:
        return handlers.sell()

    @app.get(f"{COMPANION}v1/models")
    def models() -> ResponseReturnValue:
        return handlers.list_models()

    @app.post(f"{COMPANION}v1/chat/completions")
    def completions() -> ResponseReturnValue:
        return handlers.complete()


class _Handlers:
    """What each route does: every request has its place, and an end that is counted."""

    def __init__(self, service: Service, places: Places) -> None:
        self._core, self._metrics = service.core, service.metrics
        self._stopping, self._places = service.stopping, places
        self._companion = Companion(self._core, self._metrics.companion.sessions)
        self._questions = Questions(self._core)

    def sell(self) -> ResponseReturnValue:
        """A session for a job's token."""
        if self._stopping.is_set():
            return _later(Why.STOPPING)
        token = bearer(request.headers.get)
        if token is None:
            return _refused(HTTPStatus.UNAUTHORIZED, Why.TOKEN_MISSING)
        try:
            wish = read_wish(_body())
        except Unreadable as error:
            return _refused(HTTPStatus.BAD_REQUEST, Why.REQUEST_UNREADABLE, error.parameter)
        with self._places.place(_NO_SESSION) as is_free:
            if not is_free:
                return _later(Why.BUSY)
            try:
                opened = self._companion.open_session(token, wish.number, wish.max_cost)
            except NoSession as refused:
                return _refused(_status(refused.why), refused.why)
        return jsonify(session_body(opened)), HTTPStatus.CREATED

    def list_models(self) -> ResponseReturnValue:
        """What a session may ask, and at which prices."""
        session = self._session()
        if session is None:
            return _refused(HTTPStatus.UNAUTHORIZED, "session-over")
        return jsonify(models_body(offers_of(self._core)))

    def complete(self) -> ResponseReturnValue:
        """An answer to a session's question; one that is under way is answered to the end."""
        if self._stopping.is_set():
            return self._put_off(Why.STOPPING)
        session = self._session()
        if session is None:
            return self._ended("session-over", HTTPStatus.UNAUTHORIZED)
        if session.calls > _MOST_CALLS:
            return self._ended("session-used-up", HTTPStatus.FORBIDDEN)
        if session.is_halted:
            return self._ended("spending-stopped", HTTPStatus.FORBIDDEN)
        with self._places.place(session.id) as is_free:
            return self._answered(session) if is_free else self._put_off(Why.BUSY)

    def _answered(self, session: Session) -> ResponseReturnValue:
        name = uuid.uuid4().hex[:16]
        offers = {each.id: each for each in offers_of(self._core)}
        try:
            asked = read_completion_request(_body(), offers)
            told = self._questions.ask(session.terms, asked)
        except Unreadable as error:
            return self._ended("request-unreadable", HTTPStatus.BAD_REQUEST, error.parameter)
        except NoAnswer as error:
            _log.info("no answer", extra={"code": error.code, "id": name}, exc_info=error)
            self._metrics.companion.requests.labels(error.code).inc()
            return jsonify(no_answer_body(error, name)), error.status
        self._metrics.companion.requests.labels("answered").inc()
        if told.bill.is_counted:
            self._metrics.spent.inc(told.bill.cost / PICO_PER_USD)
        self._metrics.companion.redactions.inc(told.redactions)
        return jsonify(completion_body(told, name))

    def _session(self) -> Session | None:
        token = bearer(request.headers.get)
        return None if token is None else self._companion.sessions.enter(token)

    def _ended(self, code: str, status: int, parameter: str | None = None) -> ResponseReturnValue:
        self._metrics.companion.requests.labels(code).inc()
        return _refused(status, code, parameter)

    def _put_off(self, why: Why) -> ResponseReturnValue:
        self._metrics.companion.requests.labels(why.value).inc()
        return _later(why)


def offers_of(core: Core) -> Sequence[Offer]:
    """The tiers and their models that have a price now."""
    found = []
    for tier in (Tier.CHEAP, Tier.STRONG):
        names, price = core.model.models(tier), core.model.price(tier)
        if names and price is not None:
            found.append(Offer(tier.value, tier, names[0], price, is_tier=True))
            found += [Offer(name, tier, name, price, is_tier=False) for name in names]
    return found


def _body() -> bytes:
    """The body, which the listener has bounded already; other WSGI servers have not."""
    if (request.content_length or 0) > LARGEST_COMPANION:
        raise Unreadable(_BODY)
    return request.get_data(cache=False)


def _status(why: Why) -> int:
    if why.is_passing:
        return HTTPStatus.SERVICE_UNAVAILABLE
    return HTTPStatus.UNAUTHORIZED if why.is_of_token else HTTPStatus.FORBIDDEN


_SAYS: dict[str, str] = {
    Why.TOKEN_MISSING: "no token was shown",
    "session-over": "the session is over, or never was",
    "session-used-up": "the session has asked too often",
    "spending-stopped": "spending is stopped there, or the App suspended in the repository",
    Why.REQUEST_UNREADABLE: "this is no request of reviewbot",
    Why.BUSY: "it is busy; ask again soon",
    Why.STOPPING: "it is stopping; ask again soon",
}


def _refused(status: int, code: str, parameter: str | None = None) -> ResponseReturnValue:
    name = uuid.uuid4().hex[:16]
    _log.info("refused", extra={"code": code, "id": name})
    body: dict[str, Any] = error_body(code, _SAYS.get(code, "there is no session"), name, parameter)
    return jsonify(body), status


def _later(why: Why) -> ResponseReturnValue:
    status, seconds = _PASSING[why]
    body = error_body(why, _SAYS[why], uuid.uuid4().hex[:16])
    return jsonify(body), status, {"Retry-After": str(seconds)}
