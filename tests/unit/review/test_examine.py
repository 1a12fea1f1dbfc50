"""One tier's reading: what is known is taken, the rest asked, and no failure costs the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewbot.domain.finding import Tier
from reviewbot.domain.money import PicoUsd
from reviewbot.domain.outcome import Coverage
from reviewbot.review.conduct import prepare
from reviewbot.review.ports import Answer, Attempt, Ending
from reviewbot.review.prompt import tasks
from tests.fakes.ledger import Entry
from tests.unit.review.examples import NOTHING, REQUEST, World, diff, entry, world

if TYPE_CHECKING:
    from reviewbot.review.ports import Question
    from reviewbot.review.prompt import Task


def store(here: World, task: Task, text: str) -> None:
    """An answer of an earlier review in the ledger."""
    here.reviewed()
    paid = here.ledger.entries[0]
    answer = Answer(task.key, text, "small", PicoUsd(5), 10, "earlier")
    here.ledger.entries[:] = [Entry(paid.charge, Attempt(Ending.ANSWERED), (answer,), PicoUsd(5))]


def test_a_stored_answer_that_cannot_be_read_is_asked_for_again() -> None:
    here = world()
    (task,) = _prepared(here)
    store(here, task, "spoilt")
    here.model.asked.clear()

    report = here.reviewed()

    assert report.receipt.count(Coverage.READ) == 1
    assert len(here.model.asked) == 1


def test_a_stored_answer_is_taken_without_a_question() -> None:
    here = world()
    (task,) = _prepared(here)
    store(here, task, NOTHING)
    here.model.asked.clear()

    report = here.reviewed()

    assert report.receipt.reasons(Coverage.KNOWN) == [("cheap tier small", 1)]
    assert not here.model.asked
    assert report.bill.saved == 5


def test_one_bad_answer_costs_its_own_request_alone() -> None:
    bulk = [entry(f"m{n}.py", *(f"value = {n}{m}" for m in range(800))) for n in range(3)]

    def say(question: Question) -> str:
        return "no JSON" if "m1.py" in question.label else NOTHING

    here = world(diff(*bulk), say)
    here.model.tiers = {Tier.CHEAP: ("small",)}

    receipt = here.reviewed().receipt

    failed = [e.segment.path for e in receipt.entries if e.coverage is Coverage.FAILED]
    assert "m1.py" in failed
    assert receipt.count(Coverage.READ) == len(bulk) - len(failed) > 0


def _prepared(here: World) -> list[Task]:
    ready = prepare(REQUEST, here.ports, here.house)
    return tasks(ready.plan.chunks, ready.brief(Tier.CHEAP))
