from __future__ import annotations

import gzip
import json
import logging
import socket
import subprocess
import sys
import traceback

import pytest

from reviewbot.domain.money import Usage
from reviewbot.models.dialect import guess
from reviewbot.models.endpoint import Endpoint, Told
from reviewbot.models.faults import Fault, Kind
from reviewbot.review.ports import Ending, Prompt
from tests.contracts.models.scripted import Reply, Scripted, ends, refuses, says
from tests.contracts.models.world import KEY, PROMPT, endpoint
from tests.fakes.ports import deaf_port


def ask(url: str, prompt: Prompt = PROMPT, seconds: float = 60.0) -> Told:
    speaker = Endpoint(endpoint("house", url))
    try:
        return speaker.ask("small", prompt, 50, seconds, 5.0)
    finally:
        speaker.close()


def fault_of(reply: Reply, seconds: float = 60.0) -> Fault:
    with Scripted(reply).running() as server, pytest.raises(Fault) as caught:
        ask(server.url, seconds=seconds)
    assert len(server.heard) == 1, "the SDK asks once"
    said = "".join(traceback.format_exception(caught.value))
    assert KEY not in said
    assert KEY not in repr(caught.value.args)
    return caught.value


def test_an_answer_is_told_with_its_usage_and_the_name_of_who_answered() -> None:
    with Scripted(says("{}")).running() as server:
        told = ask(server.url)
    assert (told.text, told.usage, told.model) == ("{}", Usage(100, 20), "small-2026")
    assert told.latency_ms >= 0


def test_a_request_holds_what_is_needed_and_no_more() -> None:
    with Scripted(says()).running() as server:
        ask(server.url)
    (heard,) = server.heard
    assert heard.path == "/v1/chat/completions"
    assert heard.headers["authorization"] == f"Bearer {KEY}"
    assert not [name for name in heard.headers if name.startswith("x-")]
    assert heard.headers["user-agent"] == "reviewbot"
    assert heard.body["model"] == "small"
    assert heard.body["max_tokens"] == 50
    assert [each["role"] for each in heard.body["messages"]] == ["system", "user"]
    assert heard.body["response_format"]["json_schema"]["schema"] == {"type": "object"}


def test_the_environment_has_no_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "OPENAI_CUSTOM_HEADERS", "Authorization: Bearer other\nHost: other\nX-More: other"
    )
    monkeypatch.setenv("OPENAI_API_KEY", "other")
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "other")
    monkeypatch.setenv("OPENAI_ORG_ID", "other")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/other")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with Scripted(says()).running() as server:
        ask(server.url)
    (heard,) = server.heard
    assert heard.headers["authorization"] == f"Bearer {KEY}"
    assert "other" not in str(heard)


def test_vendors_switches_are_sent_along() -> None:
    dialect = guess("https://api.deepseek.com", "deepseek-v4-flash")
    assert dialect.parameters(PROMPT, 50)["thinking"] == {"type": "disabled"}
    with Scripted(
        refuses(400, "parameter.enable_thinking must be set to false"), says()
    ).running() as server:
        speaker = Endpoint(endpoint("house", server.url))
        with pytest.raises(Fault):
            speaker.ask("small", PROMPT, 50, 60.0, 5.0)
        speaker.ask("small", PROMPT, 50, 60.0, 5.0)
        speaker.close()
    assert server.heard[1].body["enable_thinking"] is False


def test_content_may_come_in_parts() -> None:
    parts = [{"type": "text", "text": "{"}, {"type": "text", "text": "}"}, {"type": "image"}]
    with Scripted(says(parts)).running() as server:
        assert ask(server.url).text == "{}"


def test_an_answer_without_usage_is_an_answer() -> None:
    with Scripted(says(usage=None)).running() as server:
        told = ask(server.url)
    assert told.text
    assert told.usage is None


def test_half_characters_do_not_break_a_request() -> None:
    with Scripted(says()).running() as server:
        ask(server.url, Prompt("s", "x\ud800y", "{}"))
    assert server.heard[0].body["messages"][1]["content"] == "x?y"


def test_what_an_endpoint_does_not_take_is_left_out_the_next_time() -> None:
    refusal = refuses(400, "response_format json_schema is not supported")
    with Scripted(refusal, says(), says()).running() as server:
        speaker = Endpoint(endpoint("house", server.url))
        with pytest.raises(Fault) as caught:
            speaker.ask("small", PROMPT, 50, 60.0, 5.0)
        speaker.ask("small", PROMPT, 50, 60.0, 5.0)
        speaker.close()
    assert caught.value.kind is Kind.UNFIT
    assert caught.value.attempt.ending is Ending.REFUSED
    assert server.heard[1].body["response_format"] == {"type": "json_object"}


def test_the_time_of_the_first_answer_is_the_endpoints_alone() -> None:
    """Else the first endpoint of a process would look slow to the routing by latency."""
    script = (
        "import sys, time\n"
        "from reviewbot.models.clock import Clock\n"
        "from reviewbot.models.endpoint import Endpoint\n"
        "from tests.contracts.models.world import PROMPT, endpoint\n"
        "seen = []\n"
        "def monotonic():\n"
        "    seen.append('openai' in sys.modules)\n"
        "    return time.monotonic()\n"
        "clock = Clock(Clock.real().now, monotonic, time.sleep)\n"
        "speaker = Endpoint(endpoint('house', sys.argv[1]), clock)\n"
        "speaker.ask('small', PROMPT, 50, 60.0, 10.0)\n"
        "print(seen)\n"
    )
    with Scripted(says()).running() as server:
        command = [sys.executable, "-c", script, server.url]
        said = subprocess.run(command, capture_output=True, text=True, check=True)
    assert said.stdout == "[True, True]\n"


def test_a_prompt_that_is_too_long_teaches_nothing() -> None:
    fault = fault_of(refuses(400, "maximum context length is 8192 tokens, reduce max_tokens"))
    assert fault.kind is Kind.REFUSED
    assert "too long" in fault.message


@pytest.mark.parametrize(
    ("reply", "kind", "ending"),
    [
        (ends("length", '{"findings":['), Kind.CUT_OFF, Ending.GARBLED),
        (ends("stop"), Kind.GARBLED, Ending.GARBLED),
        (says(None), Kind.GARBLED, Ending.GARBLED),
        (says(choices=[]), Kind.GARBLED, Ending.GARBLED),
        (says(choices=[], usage=None), Kind.GARBLED, Ending.UNKNOWN),
        (ends("content_filter"), Kind.REFUSED, Ending.GARBLED),
        (ends("network_error"), Kind.OVERLOADED, Ending.GARBLED),
        (Reply(body=b"<html>Welcome</html>"), Kind.REFUSED, Ending.UNKNOWN),
        (Reply(body=b"[" * 100_000), Kind.UNKNOWN_END, Ending.UNKNOWN),
        (Reply(body=b'{"choices": [{"mess'), Kind.UNKNOWN_END, Ending.UNKNOWN),
        (Reply(body=b"\x00\xff<html>{]"), Kind.UNKNOWN_END, Ending.UNKNOWN),
        (Reply(body=b""), Kind.UNKNOWN_END, Ending.UNKNOWN),
        (Reply(drop=True), Kind.UNKNOWN_END, Ending.UNKNOWN),
        (refuses(429), Kind.THROTTLED, Ending.REFUSED),
        (refuses(402), Kind.OUT_OF_MONEY, Ending.REFUSED),
        (refuses(500), Kind.OVERLOADED, Ending.REFUSED),
        (refuses(502), Kind.OVERLOADED, Ending.UNKNOWN),
        (refuses(404), Kind.REFUSED, Ending.REFUSED),
    ],
)
def test_every_end_is_told_apart(reply: Reply, kind: Kind, ending: Ending) -> None:
    fault = fault_of(reply)
    assert (fault.kind, fault.attempt.ending) == (kind, ending)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": 429, "message": "slow down"}, Kind.THROTTLED),
        ({"code": 402, "message": "pay"}, Kind.OUT_OF_MONEY),
        ({"code": "strange"}, Kind.OVERLOADED),
        ("only words", Kind.OVERLOADED),
    ],
)
def test_an_error_may_hide_in_a_200(error: object, kind: Kind) -> None:
    assert fault_of(Reply(body=json.dumps({"error": error}).encode())).kind is kind


def test_an_error_in_a_200_that_counted_tokens_is_billed_by_them() -> None:
    fault = fault_of(says(choices=None, error={"code": 503, "message": "broke off"}))
    assert fault.kind is Kind.OVERLOADED
    assert fault.attempt.ending is Ending.GARBLED
    assert fault.attempt.usage == Usage(100, 20)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 429, 500])
def test_no_text_holds_the_key_that_an_endpoint_echoes(status: int) -> None:
    fault = fault_of(refuses(status, f"the key {KEY} is wrong"))
    assert KEY not in fault.message


def test_no_text_holds_a_key_that_cannot_be_sent(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    key = "secret-\n-€-key"
    speaker = Endpoint(endpoint("house", "http://127.0.0.1:9/v1"))
    object.__setattr__(speaker.config, "api_key", key)
    with pytest.raises(Fault) as caught:
        speaker.ask("small", PROMPT, 50, 60.0, 5.0)
    speaker.close()
    assert caught.value.attempt.ending is Ending.REFUSED
    said = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert "secret" not in said


def test_a_drip_fed_answer_meets_the_total_deadline() -> None:
    fault = fault_of(Reply(body=says().body, drip=0.5), seconds=0.4)
    assert fault.kind is Kind.UNKNOWN_END
    assert fault.attempt.ending is Ending.UNKNOWN
    assert fault.attempt.error == "timeout"
    assert 400 <= fault.attempt.latency_ms < 30_000, "in full it would take longer"


def test_a_silent_endpoint_meets_the_total_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(Fault) as caught:
        ask(f"http://127.0.0.1:{silent.getsockname()[1]}/v1", seconds=0.3)
    assert caught.value.attempt.error == "timeout"
    assert caught.value.attempt.ending is Ending.UNKNOWN


def test_an_answer_of_five_mebibytes_is_refused() -> None:
    fault = fault_of(Reply(body=b" " * (5 * 1024 * 1024)))
    assert fault.attempt.error == "too-large"
    assert fault.attempt.ending is Ending.UNKNOWN


def test_a_small_answer_that_unpacks_to_a_large_one_is_refused() -> None:
    packed = gzip.compress(b" " * (64 * 1024 * 1024))
    assert len(packed) < 100_000
    fault = fault_of(Reply(body=packed, headers={"Content-Encoding": "gzip"}))
    assert fault.attempt.error == "too-large"


@pytest.mark.parametrize("encoding", ["br", "gzip"])
def test_an_answer_that_cannot_be_unpacked_is_refused(encoding: str) -> None:
    fault = fault_of(Reply(body=b"not packed", headers={"Content-Encoding": encoding}))
    assert (fault.kind, fault.attempt.ending) == (Kind.GARBLED, Ending.UNKNOWN)


def test_a_packed_answer_is_read() -> None:
    packed = Reply(body=gzip.compress(says("{}").body), headers={"Content-Encoding": "gzip"})
    with Scripted(packed).running() as server:
        assert ask(server.url).text == "{}"


def test_a_redirect_is_not_followed() -> None:
    with Scripted(says()).running() as elsewhere:
        fault = fault_of(Reply(307, headers={"Location": f"{elsewhere.url}/chat/completions"}))
    assert fault.kind is Kind.REFUSED
    assert elsewhere.heard == []


def test_where_nobody_listens_nothing_was_sent() -> None:
    with deaf_port() as port, pytest.raises(Fault) as caught:
        ask(f"http://127.0.0.1:{port}/v1")
    assert caught.value.kind is Kind.OVERLOADED
    assert caught.value.attempt.ending is Ending.REFUSED


def test_an_endpoint_without_a_key_can_be_asked() -> None:
    with Scripted(says()).running() as server:
        speaker = Endpoint(endpoint("house", server.url))
        object.__setattr__(speaker.config, "api_key", "")
        assert speaker.ask("small", PROMPT, 50, 60.0, 5.0).text
        speaker.close()


@pytest.mark.parametrize("reply", [says(), refuses(404)])
def test_a_probe_is_content_with_any_endpoint_that_answers(reply: Reply) -> None:
    with Scripted(reply).running() as server:
        speaker = Endpoint(endpoint("house", server.url))
        speaker.probe()
        speaker.close()
    assert [(each.method, each.path) for each in server.heard] == [("GET", "/v1/models")]


@pytest.mark.parametrize(
    "reply", [refuses(401), refuses(500), Reply(307), Reply(body=b"<html></html>")]
)
def test_a_probe_tells_what_is_wrong(reply: Reply) -> None:
    with Scripted(reply).running() as server:
        speaker = Endpoint(endpoint("house", server.url))
        with pytest.raises(Fault, match="house"):
            speaker.probe()
        speaker.close()
