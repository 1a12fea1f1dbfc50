from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.money import Usage
from reviewbot.models.usage import read_cost, read_usage

_UPSTREAM = {"upstream_inference_cost": 0.2}
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
        ({"prompt_tokens": 9, "completion_tokens": 5, "cached_tokens": 4}, Usage(9, 5, 4)),
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


@pytest.mark.parametrize(
    ("raw", "cost"),
    [
        ({"cost": 0.0005}, 5 * 10**8),
        ({"cost": 1}, 10**12),
        ({"cost": 0}, 0),
        ({"cost": 1.00000000000001e-12}, 2),
        (
            {"cost": 0.01, "is_byok": True, "cost_details": _UPSTREAM},
            21 * 10**10,
        ),
        ({"cost": 0.01, "is_byok": True, "cost_details": None}, 10**10),
        ({"cost": 0.01, "cost_details": _UPSTREAM}, 10**10),
        ({"cost": -1}, None),
        ({"cost": float("nan")}, None),
        ({"cost": float("inf")}, None),
        ({"cost": 10**30}, None),
        ({"cost": True}, None),
        ({"cost": "0.25"}, 25 * 10**10),
        ({"cost": "-1"}, None),
        ({"cost": "1e99"}, None),
        ({"cost": "1e9999999999999999999"}, None),
        ({"cost": "1e-999999"}, 1),
        ({"cost": "NaN"}, None),
        ({"cost": "lots"}, None),
        ({"cost": {}}, None),
        ([], None),
        ({}, None),
        (None, None),
    ],
)
def test_what_an_endpoint_says_that_it_billed_is_never_rounded_down(
    raw: object, cost: int | None
) -> None:
    assert read_cost(raw) == cost
