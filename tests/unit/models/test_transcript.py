"""A streamed answer is heard in linear time, wherever its pieces end."""

from __future__ import annotations

import json
import time

import pytest

from reviewbot.models.transcript import Transcript


@pytest.mark.parametrize("begin", [b"", b'data: {"choices": [{"delta": {"content": "'])
def test_a_line_of_single_bytes_takes_no_longer_than_its_length(begin: bytes) -> None:
    transcript, begun = Transcript(time.monotonic), time.process_time()
    transcript.hear(begin)
    for _ in range(500_000):
        transcript.hear(b"x")
    transcript.hear(b'"}}]}\n')
    assert time.process_time() - begun < 5
    assert len(transcript.completion().text) == (500_000 if begin else 0)


EVENTS = (
    {"choices": [{"delta": {"content": '{"a":'}}]},
    {"choices": [{"delta": {"content": " 1}"}}]},
    {"choices": [{"delta": {}, "finish_reason": "stop"}]},
    {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}},
)


def _body(indent: int | None, between: str, end: str) -> bytes:
    events = [json.dumps(event, indent=indent).split("\n") for event in EVENTS]
    said = between.join("\n".join(f"data: {line}" for line in event) for event in events)
    return (said + end).encode()


@pytest.mark.parametrize(
    "body",
    [
        _body(None, "\n\n", "\n\ndata: [DONE]\n\n"),
        _body(None, "\n", "\ndata: [DONE]\n"),
        _body(1, "\n\n", "\n\ndata: [DONE]\n\n"),
        _body(1, "\n\n", "\n\n").replace(b"\n", b"\r\n"),
        _body(1, "\n\nevent: message\n", ""),
        _body(None, "\n\n", ""),
    ],
)
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_an_answer_is_heard_however_its_events_are_framed(body: bytes, size: int) -> None:
    transcript = Transcript(time.monotonic)
    for at in range(0, len(body), size):
        transcript.hear(body[at : at + size])
    transcript.stop()
    heard = transcript.completion()
    assert (heard.text, heard.finish) == ('{"a": 1}', "stop")
    assert heard.usage is not None
    assert (heard.usage.input, heard.usage.output) == (3, 2)
    assert transcript.is_whole
    assert not transcript.garbled


def test_half_an_event_at_the_end_is_no_event() -> None:
    transcript = Transcript(time.monotonic)
    transcript.hear(b'data: {"choices": [{"delta": {"content": "a"}}]}\n\ndata: {"choi')
    transcript.stop()
    assert transcript.completion().text == "a"
    assert not transcript.is_whole
    assert not transcript.garbled


def test_an_event_of_many_lines_is_read_once() -> None:
    transcript, begun = Transcript(time.monotonic), time.process_time()
    transcript.hear(b"data: [\n" * 200_000 + b"\n")
    transcript.stop()
    assert transcript.garbled
    assert time.process_time() - begun < 5
