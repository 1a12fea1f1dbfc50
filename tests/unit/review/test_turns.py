"""Requests that run side by side come to the ledger in the order of risk."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

from reviewbot.review.turns import Turns


def test_a_turn_comes_when_the_one_before_is_granted_and_not_when_it_is_answered() -> None:
    turns, told, asked, answered = Turns(2), list[str](), Event(), Event()

    def first() -> None:
        with turns.of(0) as turn:
            asked.wait(60)
            told.append("granted")
            turn.granted()
            answered.wait(60)
            told.append("answered")

    def second() -> None:
        asked.set()
        with turns.of(1):
            told.append("next")
            answered.set()

    with ThreadPoolExecutor(2) as pool:
        for each in [pool.submit(first), pool.submit(second)]:
            each.result()
    assert told == ["granted", "next", "answered"]


def test_the_next_waits_for_all_parts_of_what_there_was_too_little_money_for() -> None:
    turns, told, asked = Turns(2), list[str](), Event()

    def first() -> None:
        with turns.of(0) as turn:
            turn.refused()
            turn.granted()
            asked.wait(60)
            told.append("last part")

    def second() -> None:
        asked.set()
        with turns.of(1):
            told.append("next")

    with ThreadPoolExecutor(2) as pool:
        for each in [pool.submit(first), pool.submit(second)]:
            each.result()
    assert told == ["last part", "next"]


def test_a_turn_that_ends_without_a_grant_lets_the_next_begin() -> None:
    turns = Turns(2)
    with turns.of(0):
        pass
    with turns.of(1):
        pass
