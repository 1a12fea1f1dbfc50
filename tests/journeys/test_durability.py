"""Whatever is killed: one review, one summary, one check, and nothing asked or paid twice."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from reviewbot.sandbox.github import Fault
from reviewbot.sandbox.model import CHEAP_MODEL
from tests.journeys.driver import ask, defect, long_file, reviewed, wait_for
from tests.journeys.fleet import Fleet

if TYPE_CHECKING:
    from tests.journeys.driver import Driver, Pull

_FIRST, _SECOND, _THIRD = "src/first.py", "src/second.py", "src/third.py"
_FILES = {
    _FIRST: [*defect(), *long_file("first")],  # the riskiest, so it is asked about first
    _SECOND: long_file("second"),
    _THIRD: long_file("third"),
}


def _is_whole(pull: Pull) -> bool:
    """One of each, and the check speaks of a finished review."""
    assert pull.wait_for_check()["conclusion"] == "success"
    return (len(pull.reviews), len(pull.summaries), len(pull.checks())) == (1, 1, 1)


def _asked(bot: Driver) -> list[int]:
    """How often the cheap model was asked about each file."""
    return [bot.model.times(path, CHEAP_MODEL) for path in _FILES]


def test_what_was_answered_with_202_outlives_a_kill(own_bot: Driver) -> None:
    first = own_bot.serve(LIMITS__DEBOUNCE_SECONDS="2", LIMITS__LEASE_SECONDS="6")
    pull = own_bot.open({_FIRST: defect()})
    assert pull.deliver("opened").status == 202
    first.kill()
    own_bot.serve()
    assert _is_whole(pull)


def test_answers_that_were_stored_before_a_kill_are_neither_asked_nor_paid_again(
    own_bot: Driver,
) -> None:
    fleet = Fleet(own_bot, LIMITS__CHEAP_SECONDS="8")  # what was in flight is presumed after them
    pull = own_bot.open(_FILES)
    own_bot.model.hold(_FIRST, _SECOND)
    pull.deliver("opened")
    for path in (_FIRST, _SECOND):
        own_bot.model.wait_until_asked(path)
        killed = fleet.at_work(pull)
        killed.kill()
        own_bot.model.let_go(path)
        fleet.replace(killed)
    assert _is_whole(pull)
    assert _asked(own_bot) == [2, 2, 1]

    def presumed() -> Decimal:
        [line] = [each for each in own_bot.costs("--by", "tier") if each["name"] == "cheap"]
        assert line["calls"] == 5
        return Decimal(line["presumed_usd"])

    wait_for("what was in flight among what is presumed", presumed)


def test_kills_after_each_write_leave_one_of_each(own_bot: Driver) -> None:
    fleet = Fleet(own_bot)
    pull = own_bot.open(_FILES)
    here = f"/repos/{pull.repository}"
    writes = (
        (f"{here}/check-runs", pull.checks),
        (f"{here}/pulls/{pull.number}/reviews", lambda: pull.reviews),
        (f"{here}/issues/{pull.number}/comments", lambda: pull.summaries),
    )
    for path, _ in writes:
        # It stands, but whoever wrote it never hears so.
        own_bot.github.faults.append(Fault("POST", path, drop=True, after_write=True))
    pull.deliver("opened")
    for path, written in writes:
        wait_for(f"a write to {path}", written)
        killed = fleet.at_work(pull)
        killed.kill()
        fleet.replace(killed)
    assert _is_whole(pull)
    assert _asked(own_bot) == [1, 1, 1]


def test_a_stopped_worker_hands_its_work_back_with_all_that_was_answered(own_bot: Driver) -> None:
    fleet = Fleet(own_bot)
    pull = own_bot.open(_FILES)
    own_bot.model.hold(_SECOND)
    pull.deliver("opened")
    own_bot.model.wait_until_asked(_SECOND)
    stopped = fleet.at_work(pull)
    stopped.ask_to_stop()
    wait_for("a word about stopping", lambda: stopped.events("stopping"))
    own_bot.model.let_go(_SECOND)
    assert stopped.wait() == 0
    assert [each["outcome"] for each in stopped.events("ended")] == ["superseded"]
    # Another worker may have taken over before the stopped one was quite gone.
    assert own_bot.is_shared or own_bot.model.times(_THIRD) == 0
    fleet.replace(stopped)
    assert _is_whole(pull)
    assert _asked(own_bot) == [1, 1, 1]
    assert {each["presumed_usd"] for each in own_bot.costs()} == {"0"}


def test_work_that_kills_its_worker_again_and_again_is_given_up_until_asked_for_anew(
    own_bot: Driver,
) -> None:
    fleet = Fleet(own_bot, LIMITS__REVIEW_ATTEMPTS="2")
    pull = own_bot.open({_FIRST: defect()})
    own_bot.model.hold(_FIRST)
    pull.deliver("opened")
    for attempt in (1, 2):
        own_bot.model.wait_until_asked(_FIRST, attempt)
        killed = fleet.at_work(pull)
        killed.kill()
        fleet.replace(killed)
    check = pull.wait_for_check()
    assert check["conclusion"] == "neutral"
    assert "again and again" in check["output"]["title"]
    assert 'reviewbot_desk{state="dead"} 1.0' in ask(own_bot.url, "/metrics").text

    own_bot.model.let_go(_FIRST)
    pull.deliver("reopened")
    wait_for("a review", lambda: [c for c in pull.checks() if c["conclusion"] == "success"])
    assert (len(pull.reviews), len(pull.summaries)) == (1, 1)
    assert 'reviewbot_desk{state="dead"} 0.0' in ask(own_bot.url, "/metrics").text


_LEASE_SECONDS = 4
_LEASE = {"LIMITS__LEASE_SECONDS": str(_LEASE_SECONDS)}


def test_two_workers_never_review_the_same_pull_request_at_the_same_time(
    shared_bot: Driver,
) -> None:
    bot, fleet = shared_bot, Fleet(shared_bot, LIMITS__CHEAP_SECONDS="60", **_LEASE)
    contested = bot.open({_FIRST: defect()})
    bot.model.hold(_FIRST)
    contested.deliver("opened")
    bot.model.wait_until_asked(_FIRST)
    busy = fleet.at_work(contested)
    begin = bot.taken_until(contested)
    # Meanwhile the other worker has every reason to look at the desk.
    others: list[Pull] = []
    while bot.taken_until(contested) < begin + _LEASE_SECONDS:
        contested.deliver("synchronize")
        others.append(reviewed(bot))
    [idle] = [each for each in fleet.workers if each is not busy]
    assert others
    assert all(idle.claimed(each) for each in others)
    assert not idle.claimed(contested)
    bot.model.let_go(_FIRST)
    wait_for("an empty desk", lambda: not bot.desk.waiting())
    assert contested.wait_for_check()["conclusion"] == "success"
    assert (len(contested.reviews), len(contested.summaries)) == (1, 1)
    assert bot.model.times(_FIRST, CHEAP_MODEL) == 1
