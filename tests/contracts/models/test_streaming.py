from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.money import Usage
from reviewbot.models.faults import Fault, Kind
from reviewbot.models.streaming import Streamed, StreamingEndpoint
from reviewbot.review.ports import Ending
from reviewbot.sandbox.model import API_KEY, SandboxModel
from reviewbot.sandbox.model_manners import Manners, Pace
from tests.contracts.models.scripted import USAGE, Reply, Scripted, refuses, says
from tests.contracts.models.world import KEY, PROMPT, endpoint
from tests.fakes.ports import deaf_port

if TYPE_CHECKING:
    from collections.abc import Mapping

STREAM = {"Content-Type": "text/event-stream"}
DONE = "data: [DONE]"


def delta(text: str = "", finish: str | None = None, **more: object) -> str:
    choice = {"index": 0, "delta": {"content": text, **more}, "finish_reason": finish}
    return f"data: {json.dumps({'model': 'small-2026', 'choices': [choice]})}"


COUNTED = f"data: {json.dumps({'model': 'small-2026', 'choices': [], 'usage': USAGE})}"


def streams(*lines: str, drip: float = 0.0) -> Reply:
    return Reply(body=("\n\n".join(lines) + "\n\n").encode(), headers=STREAM, drip=drip)


def told_by(reply: Reply, seconds: float = 60.0) -> Streamed:
    with Scripted(reply).running() as server:
        speaker = StreamingEndpoint(endpoint("house", server.url))
        try:
            return speaker.stream("small", PROMPT, 50, seconds, 5.0)
        finally:
            speaker.close()


def fault_of(reply: Reply, seconds: float = 60.0) -> Fault:
    with pytest.raises(Fault) as caught:
        told_by(reply, seconds)
    assert KEY not in str(caught.value)
    return caught.value


def test_a_stream_is_told_with_its_times_and_its_usage() -> None:
    told = told_by(streams(delta("one "), delta("two"), delta("", "stop"), COUNTED, DONE))
    assert (told.pieces, told.usage, told.model) == (2, Usage(100, 20), "small-2026")
    assert 0 < told.first <= told.last <= told.total
    assert not told.thoughts


def test_keep_alives_foreign_fields_and_line_ends_are_passed_over() -> None:
    lines = [": keep-alive", "event: message", delta("one"), "", "id: 7", delta("", "stop"), DONE]
    assert told_by(Reply(body="\r\n\r\n".join(lines).encode(), headers=STREAM)).pieces == 1


def test_the_first_token_may_be_a_thought() -> None:
    told = told_by(streams(delta(reasoning_content="hm"), delta("one", "stop"), DONE))
    assert (told.pieces, told.thoughts) == (2, True)


def test_an_answer_as_long_as_allowed_is_whole() -> None:
    assert told_by(streams(delta("one"), delta("", "length"), COUNTED, DONE)).pieces == 1


def test_events_may_be_cut_anywhere() -> None:
    reply = streams(delta("one"), delta("two", "stop"), COUNTED, DONE, drip=0.0005)
    assert told_by(reply).usage == Usage(100, 20)


def test_a_request_asks_for_plain_text_and_the_count() -> None:
    with Scripted(streams(delta("one", "stop"), DONE)).running() as server:
        StreamingEndpoint(endpoint("house", server.url)).stream("small", PROMPT, 50, 60.0, 5.0)
    (heard,) = server.heard
    assert heard.body["stream"] is True
    assert heard.body["stream_options"] == {"include_usage": True}
    assert "response_format" not in heard.body
    assert heard.headers["authorization"] == f"Bearer {KEY}"


def test_an_endpoint_that_takes_no_options_is_asked_without() -> None:
    replies = (
        refuses(400, "Unrecognized request argument supplied: stream_options"),
        streams(delta("one", "stop"), DONE),
    )
    with Scripted(*replies).running() as server:
        speaker = StreamingEndpoint(endpoint("house", server.url))
        with pytest.raises(Fault) as caught:
            speaker.stream("small", PROMPT, 50, 60.0, 5.0)
        assert caught.value.kind is Kind.UNFIT
        assert speaker.stream("small", PROMPT, 50, 60.0, 5.0).usage is None
    assert "stream_options" not in server.heard[1].body


ERROR = {"error": {"message": "busy", "code": 503}}


@pytest.mark.parametrize(
    ("reply", "kind", "code", "ending"),
    [
        (says(), Kind.REFUSED, "no-stream", Ending.GARBLED),
        (Reply(body=b"<html>"), Kind.REFUSED, "no-json", Ending.UNKNOWN),
        (Reply(body=json.dumps(ERROR).encode()), Kind.OVERLOADED, "http-503", Ending.REFUSED),
        (
            streams(delta("one"), f"data: {json.dumps(ERROR)}"),
            Kind.OVERLOADED,
            "http-503",
            Ending.UNKNOWN,  # some of it may be billed
        ),
        (streams(delta("one"), delta("two")), Kind.UNKNOWN_END, "broken", Ending.UNKNOWN),
        (streams(delta("one"), "data: {", DONE), Kind.GARBLED, "bad-event", Ending.UNKNOWN),
        (streams(delta("", "stop"), COUNTED, DONE), Kind.GARBLED, "empty", Ending.GARBLED),
        (streams(delta("", "length"), COUNTED, DONE), Kind.CUT_OFF, "cut-off", Ending.GARBLED),
        (streams(delta("a", "content_filter"), DONE), Kind.REFUSED, "declined", Ending.UNKNOWN),
        (streams(DONE), Kind.GARBLED, "empty", Ending.UNKNOWN),
        (refuses(429, "wait"), Kind.THROTTLED, "http-429", Ending.REFUSED),
        (refuses(402), Kind.OUT_OF_MONEY, "out-of-money", Ending.REFUSED),
        (Reply(drop=True), Kind.UNKNOWN_END, "broken", Ending.UNKNOWN),
    ],
)
def test_what_is_no_stream_is_told_apart(
    reply: Reply, kind: Kind, code: str, ending: Ending
) -> None:
    fault = fault_of(reply)
    assert (fault.kind, fault.attempt.error, fault.attempt.ending) == (kind, code, ending)


def test_drip_feeding_does_not_stretch_the_deadline() -> None:
    begun = time.monotonic()
    fault = fault_of(streams(*[delta("one")] * 50, drip=0.01), seconds=0.3)
    assert fault.attempt.error == "timeout"
    assert time.monotonic() - begun < 30, "in full it would take longer"


def test_a_stream_without_end_is_cut() -> None:
    fault = fault_of(streams(*[delta("x" * 1000)] * 2500))
    assert fault.attempt.error == "too-large"


def test_an_endpoint_that_is_away_is_told_as_such() -> None:
    with deaf_port() as port:
        away = StreamingEndpoint(endpoint("house", f"http://127.0.0.1:{port}/v1"))
        with pytest.raises(Fault) as caught:
            away.stream("small", PROMPT, 50, 60.0, 5.0)
    assert caught.value.attempt.error == "no-connection"


def test_the_sandbox_streams_at_its_pace() -> None:
    manners: Mapping[str, Manners] = {"paced": Manners(pace=Pace(first=0.1, speed=100, tokens=21))}
    with SandboxModel(manners=manners) as server:
        config = endpoint("sandbox", server.base_url)
        speaker = StreamingEndpoint(type(config)(config.name, config.base_url, API_KEY))
        told = speaker.stream("paced", PROMPT, 50, 60.0, 5.0)
        speaker.close()
    assert told.usage is not None
    assert (told.pieces, told.usage.output) == (21, 21)
    assert told.first >= 0.1
    assert told.last >= 0.3
    assert server.totals("paced").completion_tokens == 21
