"""Reviews over streams: the same answers, faults and bills, and the time of the first token."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from prometheus_client import generate_latest

from reviewbot.domain.money import Usage
from reviewbot.models.clock import Clock
from reviewbot.models.config import Patience
from reviewbot.models.faults import Fault, Kind
from reviewbot.models.router import Router
from reviewbot.models.streaming import StreamingEndpoint
from reviewbot.review.ports import Ending
from reviewbot.runtime.metrics import Metrics
from tests.contracts.models.scripted import Reply, Scripted, ends, refuses, says
from tests.contracts.models.test_streaming import COUNTED, DONE, ERROR, STREAM, delta, streams
from tests.contracts.models.whole import new_files, whole
from tests.contracts.models.world import KEY, PROMPT, config, endpoint, purse, question
from tests.fakes.ledger import FakeLedger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reviewbot.models.endpoint import Told

LONG = 30.0  # seconds; all of these answers would take longer
NOTHING = '{"findings":[],"risk":0.1,"summary":"fine"}'
FINE = streams(delta('{"a"'), delta(": 1}"), delta("", "stop"), COUNTED, DONE)


@contextmanager
def speaking(
    *replies: Reply, first_token: float = 60.0
) -> Iterator[tuple[StreamingEndpoint, Scripted]]:
    with Scripted(*replies).running() as server:
        speaker = StreamingEndpoint(endpoint("house", server.url), first_token=first_token)
        try:
            yield speaker, server
        finally:
            speaker.close()


def ask(speaker: StreamingEndpoint, seconds: float = 60.0) -> Told:
    return speaker.ask("small", PROMPT, 50, seconds, 5.0)


def fault_of(*replies: Reply, seconds: float = 60.0, first_token: float = 60.0) -> Fault:
    with speaking(*replies, first_token=first_token) as (speaker, _):
        with pytest.raises(Fault) as caught:
            ask(speaker, seconds)
        assert KEY not in str(caught.value)
        return caught.value


def test_an_answer_is_put_together_of_its_events() -> None:
    with speaking(FINE) as (speaker, server):
        told = ask(speaker)
    assert (told.text, told.usage, told.model) == ('{"a": 1}', Usage(100, 20), "small-2026")
    assert 0 < told.first_token_ms <= told.latency_ms
    body = server.heard[0].body
    assert body["stream"] is True
    assert body["stream_options"] == {"include_usage": True}
    assert body["response_format"]["type"] == "json_schema"


def test_thoughts_are_no_part_of_the_answer() -> None:
    thinking = streams(delta(reasoning_content="hm"), delta("{}", "stop"), COUNTED, DONE)
    with speaking(thinking) as (speaker, _):
        assert ask(speaker).text == "{}"


def test_an_endpoint_that_answers_in_one_piece_is_asked_for_that_from_then_on() -> None:
    with speaking(says("{}")) as (speaker, server):
        told = ask(speaker)
        ask(speaker)
    assert (told.text, told.usage, told.first_token_ms) == ("{}", Usage(100, 20), 0)
    assert server.heard[0].body["stream"] is True
    assert "stream" not in server.heard[1].body


@pytest.mark.parametrize(
    ("message", "left_out"),
    [
        ("Unrecognized request argument supplied: stream_options", {"stream_options"}),
        ("streaming is not supported by this model", {"stream", "stream_options"}),
    ],
)
def test_what_is_refused_of_a_stream_is_learned_once(message: str, left_out: set[str]) -> None:
    with speaking(refuses(400, message), says("{}")) as (speaker, server):
        with pytest.raises(Fault) as caught:
            ask(speaker)
        ask(speaker)
    assert caught.value.kind is Kind.UNFIT
    assert caught.value.attempt.ending is Ending.REFUSED
    assert left_out.isdisjoint(server.heard[1].body)


def test_without_a_count_the_answer_is_good_and_its_cost_unknown() -> None:
    with speaking(streams(delta("{}", "stop"), DONE)) as (speaker, _):
        assert ask(speaker).usage is None


def test_a_count_along_the_way_says_nothing_about_an_answer_that_broke_off() -> None:
    along = json.loads(delta("{").removeprefix("data: ")) | {
        "usage": {"prompt_tokens": 9, "completion_tokens": 1}
    }
    fault = fault_of(streams(f"data: {json.dumps(along)}"))
    assert (fault.kind, fault.attempt.ending, fault.attempt.usage) == (
        Kind.UNKNOWN_END,
        Ending.UNKNOWN,
        None,
    )


def test_what_comes_after_the_end_is_not_waited_for() -> None:
    lingering = streams(delta("{}", "stop"), COUNTED, DONE, *[": more"] * 20_000, drip=0.002)
    with speaking(lingering) as (speaker, _):
        begun = time.monotonic()
        assert ask(speaker).usage == Usage(100, 20)
        assert time.monotonic() - begun < LONG


@pytest.mark.parametrize(
    ("reply", "kind", "code", "ending"),
    [
        (
            streams(delta("{"), delta("", "length"), COUNTED, DONE),
            Kind.CUT_OFF,
            "cut-off",
            Ending.GARBLED,
        ),
        (streams(delta("", "stop"), COUNTED, DONE), Kind.GARBLED, "empty", Ending.GARBLED),
        (streams(delta("{"), delta("}")), Kind.UNKNOWN_END, "broken", Ending.UNKNOWN),
        (streams(delta("{"), "data: {", DONE), Kind.GARBLED, "bad-event", Ending.UNKNOWN),
        (streams(f"data: {json.dumps(ERROR)}"), Kind.OVERLOADED, "http-503", Ending.REFUSED),
        (
            streams(delta("{"), f"data: {json.dumps(ERROR)}"),
            Kind.OVERLOADED,
            "http-503",
            Ending.UNKNOWN,
        ),
        (streams(delta("a", "content_filter"), DONE), Kind.REFUSED, "declined", Ending.UNKNOWN),
        (
            streams(delta("", "insufficient_system_resource"), COUNTED, DONE),
            Kind.OVERLOADED,
            "broke-off",
            Ending.GARBLED,
        ),
        (
            streams(delta("", "stop", refusal="I will not"), DONE),
            Kind.REFUSED,
            "declined",
            Ending.UNKNOWN,
        ),
        (Reply(body=json.dumps(ERROR).encode()), Kind.OVERLOADED, "http-503", Ending.REFUSED),
        (Reply(body=b"<html>"), Kind.REFUSED, "no-json", Ending.UNKNOWN),
        (ends("length", "{"), Kind.CUT_OFF, "cut-off", Ending.GARBLED),
        (refuses(429, "wait"), Kind.THROTTLED, "http-429", Ending.REFUSED),
        (refuses(402), Kind.OUT_OF_MONEY, "out-of-money", Ending.REFUSED),
        (Reply(drop=True), Kind.UNKNOWN_END, "broken", Ending.UNKNOWN),
        (streams(*[delta("x" * 1000)] * 2500), Kind.GARBLED, "too-large", Ending.UNKNOWN),
    ],
)
def test_faults_are_told_apart_as_in_whole_answers(
    reply: Reply, kind: Kind, code: str, ending: Ending
) -> None:
    fault = fault_of(reply)
    assert (fault.kind, fault.attempt.error, fault.attempt.ending) == (kind, code, ending)


def test_keep_alives_are_no_first_token() -> None:
    begun = time.monotonic()
    fault = fault_of(streams(*[": keep-alive"] * 500, drip=0.01), first_token=0.3)
    assert (fault.kind, fault.attempt.error) == (Kind.UNKNOWN_END, "timeout")
    assert fault.attempt.ending is Ending.UNKNOWN
    assert time.monotonic() - begun < LONG


def test_drip_feeding_does_not_stretch_the_deadline() -> None:
    begun = time.monotonic()
    fault = fault_of(streams(*[delta("one")] * 50, drip=0.01), seconds=0.5)
    assert fault.attempt.error == "timeout"
    assert time.monotonic() - begun < LONG


def test_the_first_token_is_in_ledger_and_metrics() -> None:
    with Scripted(FINE).running() as server:
        known = config(replace(endpoint("one", server.url), stream=True))
        ledger = FakeLedger()
        router = Router(known, ledger, Clock.real())
        metrics = Metrics()
        router.subscribe(metrics.models.call)
        router.ask(question(), purse())
        router.close()
    (entry,) = ledger.entries
    assert 0 < entry.attempt.first_token_ms <= entry.attempt.latency_ms
    said = generate_latest(metrics.registry).decode()
    assert 'reviewbot_model_first_token_seconds_count{endpoint="one",region=""} 1.0' in said


def test_only_endpoints_that_are_configured_so_are_asked_for_streams(tmp_path: Path) -> None:
    streamed = streams(delta(NOTHING, "stop"), COUNTED, DONE)
    for stream, reply in ((True, streamed), (False, says(NOTHING))):
        with Scripted(reply).running() as server:
            known = config(replace(endpoint("one", server.url), stream=stream), patience=Patience())
            folder = tmp_path / str(stream)
            folder.mkdir()
            with whole(folder, known) as here:
                report = here.review(new_files({"a.py": "value = 1"}))
                assert report.receipt.complete
                assert (here.sums("first_token_ms") > 0) is stream
        assert [heard.body.get("stream", False) for heard in server.heard] == [stream]


def test_an_answer_after_blank_lines_is_read() -> None:
    with speaking(Reply(body=b"\n" * 40 + FINE.body, headers=STREAM)) as (speaker, _):
        assert ask(speaker).text == '{"a": 1}'
