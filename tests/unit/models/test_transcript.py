"""A streamed answer is heard in linear time, wherever its pieces end."""

from __future__ import annotations

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
