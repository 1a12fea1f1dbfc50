from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.money import Usage
from reviewbot.models.usage import read_usage

names = st.sampled_from(
    [
        "prompt_tokens",
        "completion_tokens",
        "prompt_cache_hit_tokens",
        "prompt_tokens_details",
        "completion_tokens_details",
        "cached_tokens",
        "reasoning_tokens",
    ]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=4),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("raw", "usage"),
    [
        ({"prompt_tokens": 9, "completion_tokens": 0}, Usage(9, 0)),
        (
            {
                "prompt_tokens": 9,
                "completion_tokens": 5,
                "prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 2},
                "completion_tokens_details": {"reasoning_tokens": 3},
            },
            Usage(9, 5, 4, 2, 3),
        ),
        (
            {"prompt_tokens": 9, "completion_tokens": 5, "prompt_cache_hit_tokens": 4},
            Usage(9, 5, 4),
        ),
        (
            {"prompt_tokens": 9, "completion_tokens": 5, "prompt_tokens_details": None},
            Usage(9, 5),
        ),
        ({"prompt_tokens": 0, "completion_tokens": 0}, None),
        ({"prompt_tokens": -1, "completion_tokens": 5}, None),
        ({"prompt_tokens": 9.5, "completion_tokens": 5}, None),
        ({"prompt_tokens": True, "completion_tokens": 5}, None),
        ({"prompt_tokens": 10**12, "completion_tokens": 5}, None),
        ({"prompt_tokens": 9, "completion_tokens": 5, "prompt_cache_hit_tokens": 10}, None),
        ({"completion_tokens": 5}, None),
        (None, None),
        ("9", None),
    ],
)
def test_what_cannot_be_true_is_no_usage(raw: object, usage: Usage | None) -> None:
    assert read_usage(raw) == usage


@given(values)
def test_nothing_that_an_endpoint_says_breaks_the_bill(raw: object) -> None:
    usage = read_usage(raw)
    if usage is not None:
        assert 0 <= usage.cached + usage.cache_write <= usage.input
        assert 0 <= usage.reasoning <= usage.output
