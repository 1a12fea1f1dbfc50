"""Every vendor's way of taking, refusing, counting and failing."""

from __future__ import annotations

import json

import pytest

from reviewbot.models.config import EndpointConfig
from reviewbot.models.endpoint import Endpoint, Told
from reviewbot.models.faults import Fault, Kind
from reviewbot.models.streaming import StreamingEndpoint
from reviewbot.review.ports import Ending
from tests.contracts.models.scripted import Reply, Scripted, ends, says
from tests.contracts.models.vendors import VENDORS, Selling, Vendor, error
from tests.contracts.models.world import KEY, PROMPT, endpoint

_CAP = 500


def ask(speaker: Endpoint, model: str) -> Told:
    return speaker.ask(model, PROMPT, _CAP, 60.0, 5.0)


def understood(speaker: Endpoint, model: str) -> tuple[Told, int]:
    """The first answer, and how many refusals it took."""
    for lessons in range(9):
        try:
            return ask(speaker, model), lessons
        except Fault as fault:
            if fault.kind is not Kind.UNFIT or fault.attempt.ending is not Ending.REFUSED:
                raise
    pytest.fail("it is never understood")


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)
def test_every_vendor_is_understood(vendor: Vendor) -> None:
    with Selling(vendor).running() as server:
        config = EndpointConfig("house", f"http://{vendor.host}", KEY, proxy=server.proxy)
        speaker = Endpoint(config)
        told, lessons = understood(speaker, vendor.model)
        again = ask(speaker, vendor.model)
        speaker.close()
    assert lessons == vendor.lessons, "a refusal is learned once and remembered"
    assert told.text == again.text == '{"findings":[]}'
    assert told.usage == vendor.usage
    assert told.model == vendor.model
    assert told.reported == (5 * 10**8 if vendor.name == "OpenRouter" else None)
    assert len(server.heard) == vendor.lessons + 2
    caps = {"max_tokens", "max_completion_tokens"} & set(server.heard[-1].body)
    assert [server.heard[-1].body[cap] for cap in caps] == [_CAP], "no answer is without a bound"


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)
def test_every_vendor_is_understood_in_streams(vendor: Vendor) -> None:
    with Selling(vendor).running() as server:
        config = EndpointConfig("house", f"http://{vendor.host}", KEY, proxy=server.proxy)
        speaker = StreamingEndpoint(config)
        told, lessons = understood(speaker, vendor.model)
        again = ask(speaker, vendor.model)
        speaker.close()
    if vendor.name == "Qwen elsewhere":
        assert lessons == 0, "it may think in streams"
    else:  # who takes no streams may say so before it comes to their options
        fewest = vendor.lessons + min(1, vendor.stream_lessons)
        assert fewest <= lessons <= vendor.lessons + vendor.stream_lessons
    assert told.text == again.text == '{"findings":[]}'
    assert told.usage == again.usage == vendor.usage
    assert told.model == vendor.model
    assert told.reported == (5 * 10**8 if vendor.name == "OpenRouter" else None)
    assert len(server.heard) == lessons + 2
    assert (told.first_token_ms > 0) == (not vendor.stream_lessons)


_PAGE = b"<!DOCTYPE html><html><title>Just a moment...</title></html>"
_FILTERED = {"innererror": {"code": "ResponsibleAIPolicyViolation"}, "param": "prompt"}
_BLANKS = Reply(body=b"\n" * 40 + says("{}").body)

FAILURES = {
    "OpenAI limit": (error(429, "Rate limit", code="rate_limit_exceeded"), Kind.THROTTLED),
    "OpenAI slow down": (error(429, "Slow down", type="slow_down"), Kind.THROTTLED),
    "OpenAI quota": (
        error(429, "You exceeded your current quota", type="insufficient_quota"),
        Kind.OUT_OF_MONEY,
    ),
    "OpenAI credit": (error(429, "No", code="credit_balance_exhausted"), Kind.OUT_OF_MONEY),
    "OpenAI project": (error(429, "No", code="project_spend_limit_exceeded"), Kind.OUT_OF_MONEY),
    "OpenAI overload": (error(503, "The engine is currently overloaded"), Kind.OVERLOADED),
    "DeepSeek balance": (error(402, "Insufficient Balance", code="invalid"), Kind.OUT_OF_MONEY),
    "DeepSeek overload": (error(503, "Service is too busy"), Kind.OVERLOADED),
    "DeepSeek concurrency": (error(429, "Too many concurrent requests"), Kind.THROTTLED),
    "DeepSeek resources": (ends("insufficient_system_resource"), Kind.OVERLOADED),
    "DeepSeek empty": (ends("stop", ""), Kind.GARBLED),
    "Qwen arrears": (error(400, "Access denied", code="Arrearage"), Kind.OUT_OF_MONEY),
    "Qwen limit": (error(429, "Requests rate limit", code="limit_requests"), Kind.THROTTLED),
    "GLM balance": (
        error(429, "余额不足或无可用资源包,请充值。", code="1113"),
        Kind.OUT_OF_MONEY,
    ),
    "GLM balance in English": (error(429, "Your account is in arrears"), Kind.OUT_OF_MONEY),
    "GLM concurrency": (error(429, "High concurrency", code="1302"), Kind.THROTTLED),
    "GLM sensitive": (ends("sensitive"), Kind.REFUSED),
    "GLM network": (ends("network_error"), Kind.OVERLOADED),
    "Kimi quota": (
        error(429, "Your account is suspended", type="exceeded_current_quota_error"),
        Kind.OUT_OF_MONEY,
    ),
    "Kimi limit": (error(429, "Slow", type="rate_limit_reached_error"), Kind.THROTTLED),
    "Kimi filter": (error(400, "It was considered high risk", type="content_filter"), Kind.REFUSED),
    "Kimi elsewhere's key": (error(401, "Invalid Authentication"), Kind.REFUSED),
    "OpenRouter in a 200": (
        Reply(body=json.dumps({"error": {"code": 502, "message": "Provider"}}).encode()),
        Kind.OVERLOADED,
    ),
    "OpenRouter no credit in a 200": (
        Reply(body=json.dumps({"error": {"code": 402, "message": "Credits"}}).encode()),
        Kind.OUT_OF_MONEY,
    ),
    "OpenRouter refuses in a 200": (
        Reply(body=json.dumps({"error": {"code": 403, "message": "Flagged"}}).encode()),
        Kind.REFUSED,
    ),
    "OpenRouter midway": (ends("error", '{"find'), Kind.OVERLOADED),
    "OpenRouter time-out": (error(408, "Timed out", code=408), Kind.OVERLOADED),
    "Azure prompt": (error(400, "Filtered", code="content_filter", **_FILTERED), Kind.REFUSED),
    "Azure answer": (ends("content_filter"), Kind.REFUSED),
    "vLLM context": (
        error(
            400,
            "This model's maximum context length is 4096 tokens. However, you requested"
            " 9000 tokens. Please reduce the length of the messages or max_tokens.",
        ),
        Kind.REFUSED,
    ),
    "Ollama without the model": (
        error(404, 'model "small" not found, try pulling it first', type="not_found_error"),
        Kind.REFUSED,
    ),
    "a page": (Reply(body=_PAGE), Kind.REFUSED),
    "a page that forbids": (Reply(403, _PAGE), Kind.REFUSED),
    "a gateway's page": (Reply(502, _PAGE), Kind.OVERLOADED),
    "nothing to choose": (says(choices=None), Kind.GARBLED),
    "choices that are null": (
        Reply(body=b'{"choices":null,"usage":null,"id":"1","object":"chat.completion"}'),
        Kind.GARBLED,
    ),
    "only blanks": (Reply(body=b"\n" * 40), Kind.UNKNOWN_END),
}


@pytest.mark.parametrize("name", FAILURES)
def test_every_vendors_failures_are_told_apart(name: str) -> None:
    reply, kind = FAILURES[name]
    with Scripted(reply).running() as server:
        speaker = Endpoint(endpoint("house", server.url))
        with pytest.raises(Fault) as caught:
            ask(speaker, "small")
        speaker.close()
    assert caught.value.kind is kind, caught.value.message
    assert len(server.heard) == 1
    billed = caught.value.attempt.usage is not None
    assert (caught.value.attempt.ending is Ending.GARBLED) == billed


def test_blank_lines_before_an_answer_are_no_part_of_it() -> None:
    with Scripted(_BLANKS).running() as server:
        speaker = Endpoint(endpoint("house", server.url))
        assert ask(speaker, "small").text == "{}"
        speaker.close()
