from __future__ import annotations

import pytest

from reviewbot.models.dialect import Dialect, Shape, guess
from reviewbot.models.dialects import Dialects
from reviewbot.models.faults import Refusal
from reviewbot.review.ports import Prompt

PROMPT = Prompt("s", "u", "{}")


def refusal(message: str, status: int = 400, parameter: str = "") -> Refusal:
    return Refusal(status, "", message, parameter)


@pytest.mark.parametrize(
    ("url", "model", "holds"),
    [
        ("https://api.openai.com/v1", "gpt-4o", {"max_completion_tokens": 9, "temperature": 0.0}),
        ("https://api.openai.com/v1", "gpt-6-luna", {"reasoning_effort": "none"}),
        ("https://api.openai.com/v1", "o4-mini", {"reasoning_effort": "low"}),
        ("https://x.openai.azure.com/openai/v1/", "gpt-5.4-mini", {"reasoning_effort": "none"}),
        ("https://api.deepseek.com", "deepseek-v4-flash", {"thinking": {"type": "disabled"}}),
        ("https://dashscope-intl.aliyuncs.com/x", "qwen3-32b", {"enable_thinking": False}),
        ("https://api.z.ai/api/paas/v4", "glm-5", {"response_format": {"type": "json_object"}}),
        ("http://localhost:11434/v1", "any", {"max_tokens": 9, "temperature": 0.0}),
    ],
)
def test_vendors_are_spoken_to_in_their_way(url: str, model: str, holds: dict[str, object]) -> None:
    parameters = guess(url, model).parameters(PROMPT, 9)
    assert holds.items() <= parameters.items()


def test_a_host_that_only_looks_like_a_vendor_is_none() -> None:
    assert guess("https://evilapi.openai.com.example", "gpt-4o") == Dialect()
    assert guess("https://notapi.z.ai.example", "glm-5") == Dialect()


def test_some_models_take_no_temperature() -> None:
    assert "temperature" not in guess("https://api.moonshot.ai/v1", "k").parameters(PROMPT, 9)
    assert "temperature" not in guess("https://api.openai.com/v1", "o3").parameters(PROMPT, 9)


@pytest.mark.parametrize(
    ("said", "changed"),
    [
        (refusal("unknown field", parameter="response_format"), {"shape": Shape.OBJECT}),
        (refusal("no structured output here"), {"shape": Shape.OBJECT}),
        (refusal("use max_completion_tokens", 422), {"cap": "max_completion_tokens"}),
        (refusal("x", parameter="temperature"), {"temperature": None}),
        (refusal("temperature", 501), {"temperature": None}),
        (refusal("the grammar backend has no json_schema", 500), {"shape": Shape.OBJECT}),
        (refusal("unknown field"), {"shape": Shape.OBJECT}),
        (refusal("Unsupported parameter"), {"shape": Shape.OBJECT}),
        (refusal("Extra inputs are not permitted", 422), {"shape": Shape.OBJECT}),
        (refusal("Unrecognized request arguments"), {"shape": Shape.OBJECT}),
    ],
)
def test_a_refusal_teaches_one_thing(said: Refusal, changed: dict[str, object]) -> None:
    better = Dialect().without(said)
    assert better is not None
    for name, value in changed.items():
        assert getattr(better, name) == value


@pytest.mark.parametrize(
    "said", [refusal("temperature", 401), refusal("temperature", 500), refusal("no such model")]
)
def test_other_refusals_teach_nothing(said: Refusal) -> None:
    assert Dialect().without(said) is None


def test_lessons_come_to_an_end() -> None:
    dialect: Dialect | None = guess("https://api.openai.com/v1", "gpt-6-luna")
    said = refusal("response_format reasoning_effort max_tokens temperature")
    lessons = -1
    while dialect is not None:
        dialect, lessons = dialect.without(said), lessons + 1
    assert lessons == 5


def test_what_one_thread_learned_helps_another() -> None:
    dialects = Dialects("http://localhost/v1")
    spoken = dialects.of("m")
    said = refusal("response_format")
    first = dialects.learn("m", spoken, said)
    assert dialects.learn("m", spoken, said) == first == dialects.of("m")
    assert dialects.of("other") == spoken
