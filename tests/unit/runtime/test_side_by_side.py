from __future__ import annotations

import threading
import time

import pytest

from reviewbot.models.dialect import caches_prefixes
from reviewbot.runtime.side_by_side import SideBySide
from tests.fakes.patience import PATIENCE


def begun(calls: int, head_start: float, tasks: int, first_takes: float) -> tuple[float, float]:
    """When the first task ended and when the second began, in seconds from the start.

    The first one ends after so many seconds, or once the second has begun.
    """
    ended, second, both = [0.0], [0.0], threading.Event()
    start = time.monotonic()

    def work(task: int) -> int:
        if task == 1:
            second[0] = time.monotonic() - start
            both.set()
        if task == 0:
            both.wait(first_takes)
            ended[0] = time.monotonic() - start
        return task

    run = SideBySide(calls, head_start)
    assert [result() for _, result in run(work, range(tasks))] == list(range(tasks))
    return ended[0], second[0]


def test_the_first_goes_ahead_where_there_are_more_tasks_than_places() -> None:
    ended, second = begun(2, PATIENCE, tasks=3, first_takes=0.1)
    assert second >= ended


def test_nobody_waits_longer_than_the_head_start() -> None:
    ended, second = begun(2, 0.1, tasks=3, first_takes=PATIENCE)
    assert 0.1 <= second < ended


def test_the_head_start_begins_when_all_is_ready() -> None:
    order: list[str] = []

    def work(task: int) -> None:
        order.append(f"{task} begins")
        if task == 0:
            order.append("0 ends")

    run = SideBySide(2, PATIENCE, lambda: order.append("ready"))
    for _, result in run(work, range(3)):
        result()
    assert order[:3] == ["ready", "0 begins", "0 ends"]


@pytest.mark.parametrize(("head_start", "tasks"), [(PATIENCE, 2), (0.0, 3)])
def test_otherwise_all_begin_at_once(head_start: float, tasks: int) -> None:
    ended, second = begun(2, head_start, tasks, first_takes=PATIENCE)
    assert second <= ended


@pytest.mark.parametrize("tasks", [0, 1])
def test_who_is_alone_waits_for_nobody(tasks: int) -> None:
    assert begun(2, PATIENCE, tasks, first_takes=0.1)[1] == 0.0


def test_an_error_of_the_first_is_told_in_its_turn() -> None:
    def work(task: int) -> int:
        return 1 // task

    run = SideBySide(1, 5.0)(work, range(2))
    _, first = next(run)
    with pytest.raises(ZeroDivisionError):
        first()
    _, second = next(run)
    assert second() == 1
    assert next(run, None) is None
    assert not [each for each in threading.enumerate() if each.name.startswith("question")]


@pytest.mark.parametrize(
    ("base_url", "caches"),
    [
        ("https://api.openai.com/v1", True),
        ("https://us.api.openai.com/v1", True),
        ("https://res.openai.azure.com/openai/v1", True),
        ("https://api.deepseek.com", True),
        ("https://dashscope-intl.aliyuncs.com/compatible-mode/v1", True),
        ("https://notapi.openai.com.example/v1", False),
        ("http://localhost:11434/v1", False),
        ("not an address", False),
    ],
)
def test_only_endpoints_that_are_known_to_cache_are_waited_for(base_url: str, caches: bool) -> None:  # noqa: FBT001 - a table
    assert caches_prefixes(base_url) is caches
