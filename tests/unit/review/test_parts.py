"""Packs that a model cannot answer: how often they are asked for, at the most."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.domain.errors import BadAnswer, BudgetExhausted, CutOff
from reviewbot.domain.money import PicoUsd
from reviewbot.review.parts import in_parts
from reviewbot.review.plan import Chunk
from reviewbot.review.ports import Answer
from reviewbot.review.prompt import Task

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random


class Model:
    """Garbles what holds a poisoned chunk; cuts off what is about more than *longest* chunks."""

    def __init__(self, poisoned: set[int], longest: int = 10**6) -> None:
        self.poisoned, self.longest = poisoned, longest
        self.asked: list[list[int]] = []
        self.asked_at_length: list[list[int]] = []

    def ask(self, part: Sequence[Task]) -> list[Answer]:
        numbers = [int(task.key) for task in part]
        self.asked.append(numbers)
        if len(part) > self.longest:
            message = "the answer was longer than allowed"
            raise CutOff(message)
        if self.poisoned & set(numbers):
            message = "the answer is no JSON"
            raise BadAnswer(message)
        return [Answer(task.key, "{}", "small", PicoUsd(1), 1, "review-1") for task in part]

    def ask_at_length(self, part: Sequence[Task]) -> list[Answer]:
        self.asked_at_length.append([int(task.key) for task in part])
        self.longest = max(1, self.longest)
        return self.ask(part)


def tasks(count: int) -> list[Task]:
    return [Task(Chunk(f"{n}.py", (), 1, 0.0, ()), str(n), "") for n in range(count)]


def answered(ended: Sequence[tuple[Sequence[Task], object]]) -> list[int]:
    return sorted(int(task.key) for part, end in ended if isinstance(end, list) for task in part)


@pytest.mark.parametrize(("count", "asked"), [(1, 1), (2, 3), (4, 5), (8, 7), (16, 9), (31, 11)])
def test_a_model_that_garbles_everything_is_soon_left_alone(count: int, asked: int) -> None:
    model = Model(set(range(count)))
    ended = in_parts(tasks(count), model.ask, model.ask_at_length)
    assert len(model.asked) == asked
    assert answered(ended) == []


@given(st.integers(1, 40), st.data())
def test_the_one_chunk_to_blame_is_found_and_all_others_are_read(
    count: int, data: st.DataObject
) -> None:
    poisoned = data.draw(st.integers(0, count - 1))
    model = Model({poisoned})
    ended = in_parts(tasks(count), model.ask, model.ask_at_length)
    assert answered(ended) == [n for n in range(count) if n != poisoned]
    assert len(model.asked) <= 1 + 2 * math.ceil(math.log2(count)) if count > 1 else 1


@given(st.integers(1, 40), st.sets(st.integers(0, 39)), st.integers(1, 40))
def test_every_chunk_ends_once(count: int, poisoned: set[int], longest: int) -> None:
    model = Model(poisoned, longest)
    ended = in_parts(tasks(count), model.ask, model.ask_at_length)
    ends = [int(task.key) for part, _ in ended for task in part]
    assert sorted(ends) == list(range(count))
    assert len(model.asked) <= 2 * count - 1


class Purse:
    """Grants requests of so many tokens in all, answers them, and counts whom it was asked for."""

    def __init__(self, tokens: int) -> None:
        self.left, self.asked = tokens, 0

    def ask(self, part: Sequence[Task]) -> list[Answer]:
        self.asked += 1
        tokens = sum(task.chunk.tokens for task in part)
        if tokens > self.left:
            message = "the budget is used up"
            raise BudgetExhausted(message, "review")
        self.left -= tokens
        return [Answer(task.key, "{}", "small", PicoUsd(1), 1, "review-1") for task in part]


@given(st.lists(st.integers(1, 9), min_size=1, max_size=40), st.integers(0, 200), st.randoms())
def test_money_that_is_short_goes_to_the_most_dangerous_chunks(
    sizes: list[int], money: int, chance: Random
) -> None:
    ranked = [
        Task(Chunk(f"{n}.py", (), size, 1 - n / 100, ()), str(n), "")
        for n, size in enumerate(sizes)
    ]
    mixed = [*ranked[:1], *chance.sample(ranked[1:], len(ranked) - 1)]
    purse = Purse(money)
    ended = in_parts(mixed, purse.ask, purse.ask)

    ends = sorted(int(task.key) for part, _ in ended for task in part)
    assert ends == list(range(len(sizes)))
    read = answered(ended)
    left = money
    for number in read:
        left -= sizes[number]
    unread = sorted(set(ends) - set(read))
    assert all(sizes[number] > left for number in unread), "what fits is read"
    assert all(sum(sizes[: number + 1]) > money for number in unread), "the riskiest comes first"
    assert purse.asked <= 2 * len(sizes) - 1


def test_where_all_is_stopped_nothing_smaller_is_tried() -> None:
    purse = Purse(3)
    [(part, end)] = in_parts(tasks(8), purse.ask, purse.ask, lambda: True)
    assert (len(part), purse.asked) == (8, 1)
    assert isinstance(end, BudgetExhausted)


@given(st.integers(1, 40), st.integers(1, 40))
def test_what_was_cut_off_is_halved_until_it_fits(count: int, longest: int) -> None:
    model = Model(set(), longest)
    assert answered(in_parts(tasks(count), model.ask, model.ask_at_length)) == list(range(count))
    assert not model.asked_at_length


def test_a_single_chunk_that_was_cut_off_is_asked_about_at_length() -> None:
    model = Model(set(), longest=0)
    assert answered(in_parts(tasks(1), model.ask, model.ask_at_length)) == [0]
    assert (len(model.asked), model.asked_at_length) == (2, [[0]])
