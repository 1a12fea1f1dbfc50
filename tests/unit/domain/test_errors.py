"""Errors say what happened and what to do, on both sides of a process."""

from __future__ import annotations

import pickle

import pytest

from reviewbot.domain import errors

# Adapters keep a few private kinds of their own, which never leave them.
KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type)]
ODD = {
    errors.RateLimited: errors.RateLimited("wait", 3.5, "wait a bit"),
    errors.BudgetExhausted: errors.BudgetExhausted("no money", "month", "raise it"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_survives_pickling(kind: type[errors.ReviewbotError]) -> None:
    error = ODD.get(kind) or kind("it broke", "mend it")

    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes

    assert type(copy) is kind
    assert vars(copy) == vars(error)
    assert str(copy) == error.message


def test_every_error_is_drawn_in_the_tree() -> None:
    drawn = errors.__doc__ or ""

    assert all(kind.__name__ in drawn for kind in KINDS)
