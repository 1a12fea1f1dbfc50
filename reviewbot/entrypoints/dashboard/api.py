"""The API for scripts: the same figures under the same rights, described by OpenAPI."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, abort, g, jsonify, request
from werkzeug.exceptions import HTTPException

from reviewbot.domain.errors import ForgeError, NotFound
from reviewbot.entrypoints.dashboard import shapes
from reviewbot.entrypoints.dashboard.alerts import read_needs
from reviewbot.entrypoints.dashboard.asking import LARGEST_ID, read_asked
from reviewbot.entrypoints.dashboard.openapi import description
from reviewbot.entrypoints.dashboard.repository import name_of
from reviewbot.entrypoints.dashboard.sign_in import SESSION
from reviewbot.entrypoints.dashboard.span import BadSpan, begin_of, end_of
from reviewbot.entrypoints.door import Refusal
from reviewbot.ledger import insight
from reviewbot.ledger.forecasts import accuracies
from reviewbot.ledger.insight import Group
from reviewbot.ledger.pace import Pace, paces
from reviewbot.ledger.pull_record import CallQuery, calls_between, calls_of, reviews_of
from reviewbot.ledger.worth import Aspect, received, worths

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from flask import Flask
    from flask.typing import ResponseReturnValue

    from reviewbot.entrypoints.dashboard.gate import Gate
    from reviewbot.entrypoints.dashboard.page import Asked, Sources
    from reviewbot.ledger.insight import Line
    from reviewbot.ledger.sight import Sight, Span
    from reviewbot.ledger.worth import Worth

_log = logging.getLogger(__name__)
_MOST = 1_000  # lines of one answer
_USUAL = 100
_CURSOR = re.compile(r"(\d{1,15})-([0-9a-zA-Z-]{1,64})", re.ASCII)


def add_api(app: Flask, gate: Gate, sources: Sources) -> None:
    """Put the API into the application."""
    api = Blueprint("api", __name__, url_prefix="/api/v1")
    for path, answer in (
        ("/costs", _costs),
        ("/repositories", _repositories),
        ("/pulls", _pulls),
        ("/pulls/<int:repository_id>/<int:number>", _pull),
        ("/acceptance", _acceptance),
        ("/calls", _calls),
        ("/forecasts", _forecasts),
        ("/endpoints", _endpoints),
        ("/alerts", _alerts),
        ("/openapi.json", _description),
    ):
        api.add_url_rule(path, answer.__name__, _guarded(gate, sources, answer))
    api.register_error_handler(HTTPException, _refused)
    api.register_error_handler(ForgeError, _github_failed)
    api.after_request(_with_headers)
    app.register_blueprint(api)


@dataclass(frozen=True, slots=True)
class _Call:
    """A request that may be answered."""

    sources: Sources
    asked: Asked

    @property
    def sight(self) -> Sight:
        return self.asked.sight

    @property
    def span(self) -> Span:
        return self.asked.span

    @property
    def names(self) -> Mapping[int, str]:
        with self.sources.database.snapshot() as session:
            return insight.names(session, self.sight)


def _guarded(
    gate: Gate, sources: Sources, answer: Callable[..., Any]
) -> Callable[..., ResponseReturnValue]:
    def guarded(**parts: Any) -> ResponseReturnValue:
        authorization = request.headers.get("Authorization")
        visitor = gate.visitor(authorization, request.cookies.get(SESSION))
        if visitor is None:
            abort(HTTPStatus.UNAUTHORIZED)
        g.visitor = visitor
        try:
            asked = read_asked(sources, visitor.sight, request.args)
            return jsonify(answer(_Call(sources, asked), **parts))
        except BadSpan:
            abort(HTTPStatus.BAD_REQUEST)
        except NotFound:
            abort(HTTPStatus.NOT_FOUND)

    return guarded


def _number(name: str, most: int = LARGEST_ID, otherwise: int | None = None) -> int | None:
    """A whole number from 1 on; anything else is refused."""
    text = request.args.get(name)
    if text is None:
        return otherwise
    if not re.fullmatch(r"[0-9]{1,19}", text) or not 1 <= int(text) <= most:
        abort(HTTPStatus.BAD_REQUEST)
    return int(text)


def _within(call: _Call) -> Sight:
    """The sight, of one repository if one is asked for; a hidden one is not there."""
    repository_id = _number("repository_id")
    if repository_id is not None:
        with call.sources.database.snapshot() as session:
            name_of(session, call.sight, repository_id)
    return call.sight.within(repository_id)


def _costs(call: _Call) -> dict[str, Any]:
    by = request.args.get("by", "repository")
    if by not in set(Group):
        abort(HTTPStatus.BAD_REQUEST)
    group, sight = Group(by), _within(call)
    limit = _number("limit", _MOST, _MOST) or _MOST
    names = call.names
    with call.sources.database.snapshot() as session:
        lines = insight.lines(session, group, call.span, sight, limit)
        if group is Group.REPOSITORY:
            lines = _with_findings(lines, worths(session, Aspect.REPOSITORY, call.span, sight))
    return _dated(call) | {"by": by, "lines": [shapes.line(line, group, names) for line in lines]}


def _with_findings(lines: Sequence[Line], found: Sequence[Worth]) -> list[Line]:
    """Repositories with what was posted in the same time."""
    counts = {each.key: (each.posted, each.accepted) for each in found}
    return [
        replace(line, findings=posted, accepted=accepted)
        for line in lines
        for posted, accepted in [counts.get(line.key, (0, 0))]
    ]


def _dated(call: _Call) -> dict[str, Any]:
    return {"since": f"{call.span.first}", "until": f"{call.span.last}"}


def _repositories(call: _Call) -> dict[str, Any]:
    names, now = call.names, call.sources.now()
    scopes = {f"repo:{n}:{now:%Y-%m}": n for n in names}
    with call.sources.database.snapshot() as session:
        gauges = insight.gauges(session, scopes)
    by_id = {scopes[scope]: gauge for scope, gauge in gauges.items()}
    return {
        "repositories": [
            {"id": n, "name": name, "month": f"{now:%Y-%m}", "budget": shapes.gauge(by_id.get(n))}
            for n, name in sorted(names.items(), key=lambda item: item[1])
        ]
    }


def _pulls(call: _Call) -> dict[str, Any]:
    sight, limit = _within(call), _number("limit", _MOST, _USUAL) or _USUAL
    names = call.names
    with call.sources.database.snapshot() as session:
        lines = insight.lines(session, Group.PULL, call.span, sight, limit)
    return _dated(call) | {"pulls": [shapes.line(line, Group.PULL, names) for line in lines]}


def _pull(call: _Call, repository_id: int, number: int) -> dict[str, Any]:
    """A pull request with its reviews' reports, the newest first."""
    if max(repository_id, number) > LARGEST_ID:
        abort(HTTPStatus.NOT_FOUND)
    with call.sources.database.snapshot() as session:
        name = name_of(session, call.sight, repository_id)
        reviews = reviews_of(session, repository_id, number)
        calls = calls_of(session, (repository_id, number), [review.id for review in reviews])
        life = insight.whole_life(session, repository_id, number)
        if not reviews and not calls and not life.calls:
            abort(HTTPStatus.NOT_FOUND)
        gauges = insight.gauges(session, [f"pr:{repository_id}/{number}"])
        posted = received(session, repository_id, number)
    return {
        "repository_id": repository_id,
        "repository": name,
        "number": number,
        "budget": shapes.gauge(next(iter(gauges.values()), None)),
        "whole_life": shapes.life(life),
        "reviews": [shapes.review(review) for review in reviews],
        "calls": [shapes.call(each) for each in calls],
        "findings": [shapes.received(each) for each in posted],
    }


def _acceptance(call: _Call) -> dict[str, Any]:
    """What people made of findings that were posted in that time."""
    by = request.args.get("by", "model")
    if by not in set(Aspect):
        abort(HTTPStatus.BAD_REQUEST)
    aspect, sight, names = Aspect(by), _within(call), call.names
    with call.sources.database.snapshot() as session:
        found = worths(session, aspect, call.span, sight)
    lines = [shapes.worth(each, aspect, names) for each in found]
    return _dated(call) | {"by": by, "lines": lines}


def _calls(call: _Call) -> dict[str, Any]:
    """One page of calls by time; *after* is the ``next`` of the page before."""
    limit = _number("limit", _MOST, _USUAL) or _USUAL
    query = CallQuery(
        sight=_within(call),
        begin=begin_of(call.span.first),
        end=end_of(call.span.last),
        after=_cursor(request.args.get("after")),
        number=_number("number") or 0,
        most=limit,
    )
    with call.sources.database.snapshot() as session:
        found = calls_between(session, query)
    last = found[-1] if len(found) == limit else None
    return _dated(call) | {
        "calls": [shapes.call(each) for each in found],
        "next": f"{last.reserved_at}-{last.id}" if last else None,
    }


def _cursor(text: str | None) -> tuple[int, str]:
    if text is None:
        return 0, ""
    match = _CURSOR.fullmatch(text)
    if match is None:
        abort(HTTPStatus.BAD_REQUEST)
    return int(match[1]), match[2]


def _forecasts(call: _Call) -> dict[str, Any]:
    """How good forecasts of reviews were, in all and by repository."""
    sight, names = _within(call), call.names
    with call.sources.database.snapshot() as session:
        whole, *each = accuracies(session, call.span, sight)
    return _dated(call) | {
        "total": shapes.accuracy(whole, names),
        "lines": [shapes.accuracy(line, names) for line in each],
    }


def _endpoints(call: _Call) -> dict[str, Any]:
    """How many calls endpoints answered, and how soon."""
    sight = _within(call)
    with call.sources.database.snapshot() as session:
        lines = insight.lines(session, Group.ENDPOINT, call.span, sight)
        pace = paces(session, call.span, sight)
    return _dated(call) | {
        "sla_percent": call.sources.sla,
        "lines": [shapes.endpoint(line, pace.get(line.key[0], Pace())) for line in lines],
    }


def _alerts(call: _Call) -> dict[str, Any]:
    needs = read_needs(call.sources, call.asked)
    return _dated(call) | {
        "limits": [shapes.limit(each) for each in needs.raised],
        "starved": [shapes.starving(each) for each in needs.hungry],
        "quarantined": [{"endpoint": endpoint, "why": why} for endpoint, why in needs.accused],
        "dead": [shapes.dead(each) for each in needs.dead],
    }


def _description(call: _Call) -> dict[str, Any]:
    del call
    return description()


def _with_headers(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Vary"] = "Authorization, Cookie"
    return response


def _refused(error: HTTPException) -> ResponseReturnValue:
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    return _told(Refusal(status, error.name.casefold().replace(" ", "-")))


def _github_failed(error: ForgeError) -> ResponseReturnValue:
    """GitHub alone knows who may see what, so nobody sees anything until it answers."""
    del error
    return _told(Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "github-unavailable"))


def _told(why: Refusal) -> ResponseReturnValue:
    _log.info("refused", extra={"code": why.code, "id": why.id})
    headers = {"WWW-Authenticate": "Bearer"} if why.status == HTTPStatus.UNAUTHORIZED else {}
    return Response(why.body, why.status, headers, mimetype="application/json")
