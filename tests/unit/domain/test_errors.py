"""Errors say what happened and what to do, on both sides of a process."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest

from reviewbot.domain import errors

if TYPE_CHECKING:
    from collections.abc import Iterator


def tree(kind: type[errors.ReviewbotError]) -> Iterator[type[errors.ReviewbotError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from tree(child)


ODD = {
    errors.RateLimited: errors.RateLimited("wait", 3.5, "wait a bit"),
    errors.BudgetExhausted: errors.BudgetExhausted("no money", "month", "raise it"),
}


@pytest.mark.parametrize("kind", list(tree(errors.ReviewbotError)))
def test_an_error_survives_pickling(kind: type[errors.ReviewbotError]) -> None:
    error = ODD.get(kind) or kind("it broke", "mend it")

    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes

    assert type(copy) is kind
    assert vars(copy) == vars(error)
    assert str(copy) == error.message


def test_every_error_is_drawn_in_the_tree() -> None:
    drawn = errors.__doc__ or ""

    assert all(kind.__name__ in drawn for kind in tree(errors.ReviewbotError))
