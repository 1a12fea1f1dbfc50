"""Commands in comments: who may give them, what they do, and that each is carried out once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reviewbot.sandbox.github import Fault
from reviewbot.sandbox.model import STRONG_MODEL
from tests.journeys.driver import defect, reviewed, wait_for
from tests.journeys.fleet import Fleet
from tests.journeys.people import (
    ALICE,
    MALLORY,
    MARIA,
    answered,
    answers,
    eyes,
    first_finding,
    invite,
    replied,
    replies,
    write,
)

if TYPE_CHECKING:
    from tests.journeys.driver import Driver, Pull

_FILES = {"src/orders.py": defect()}
_MORE = {"src/orders.py": defect(), "src/stock.py": defect("stock")}
_GATED = {".reviewbot.yml": "fail_on: high"}


@pytest.fixture(autouse=True)
def _people(bot: Driver) -> None:
    invite(bot)


def _checks(pull: Pull, conclusion: str) -> list[str]:
    done = [each for each in pull.checks(pull.head) if each["conclusion"] == conclusion]
    return [each["output"]["title"] for each in done]


# --- who may command -------------------------------------------------------------------------


def test_who_may_not_write_is_refused_politely_and_once(bot: Driver) -> None:
    pull = bot.open(_FILES)
    first = write(bot, pull, "/reviewbot review", MALLORY)
    wait_for("a refusal", lambda: answers(pull))
    write(bot, pull, "/reviewbot cost", MALLORY)
    answered(bot, pull, "/reviewbot help", MARIA)
    refusal, told = answers(pull)
    assert "only from people with write access" in refusal
    assert "| command |" in told
    assert eyes(bot, first) == 0
    assert pull.checks() == []


def test_a_name_that_changed_hands_has_no_rights(bot: Driver) -> None:
    pull = bot.open(_FILES)
    comment = bot.github.add_issue_comment(
        pull.number, "/reviewbot help", MARIA.login, MARIA.id + 1, pull.repository
    )
    pull.tell(comment)
    wait_for("a refusal", lambda: answers(pull))
    assert "only from people" in answers(pull)[0]


def test_bots_and_old_comments_command_nothing(bot: Driver) -> None:
    pull = bot.open(_FILES)
    comment = bot.github.add_issue_comment(
        pull.number, "/reviewbot help", MARIA.login, MARIA.id, pull.repository
    )
    robot = {**comment, "user": {**comment["user"], "type": "Bot"}}
    assert pull.tell(comment, action="edited").status == 204
    assert pull.tell(comment, action="deleted").status == 204
    assert pull.tell(robot).status == 204
    assert pull.tell({**comment, "body": "> /reviewbot help"}).status == 204
    assert pull.tell(comment, issue={"number": pull.number}).status == 204
    assert pull.requests == []


def test_a_command_is_seen_at_once_and_answered_where_it_stands(bot: Driver) -> None:
    pull = bot.open(_FILES)
    pull.deliver("opened")
    pull.wait_for_check()
    comment = write(bot, pull, "Thanks!\n\n@reviewbot help")
    wait_for("an answer", lambda: answers(pull))
    assert eyes(bot, comment) == 1
    assert "`/reviewbot approve-cost`" in answers(pull)[0]
    assert "in a thread" in replied(bot, pull, "/reviewbot help")


def test_what_is_no_command_gets_help_with_the_nearest(bot: Driver) -> None:
    told = answered(bot, bot.open(_FILES), "/reviewbot reveiw")
    assert "Did you mean `/reviewbot review`?" in told


def test_a_comment_that_is_delivered_twice_is_carried_out_once(bot: Driver) -> None:
    pull = bot.open(_FILES)
    comment = write(bot, pull, "/reviewbot help")
    wait_for("an answer", lambda: answers(pull))
    assert '"known"' in pull.tell(comment).text
    answered(bot, pull, "/reviewbot config")
    assert len(answers(pull)) == 2


# --- reviews ---------------------------------------------------------------------------------


def test_review_looks_again_and_pays_for_nothing_twice(bot: Driver) -> None:
    pull = reviewed(bot)
    before = len(bot.model.calls)
    assert "will be reviewed" in answered(bot, pull, "/reviewbot review")
    wait_for("a second check", lambda: len(_checks(pull, "success")) == 2)
    assert len(bot.model.calls) == before
    assert len(pull.reviews) == 1


def test_a_draft_is_reviewed_only_in_full(bot: Driver) -> None:
    pull = bot.open(_FILES, draft=True)
    assert "it is a draft" in answered(bot, pull, "/reviewbot review")
    assert pull.wait_for_check()["conclusion"] == "skipped"
    answered(bot, pull, "/reviewbot review full")
    wait_for("a review", lambda: _checks(pull, "success"))
    assert len(pull.reviews) == 1


@pytest.mark.parametrize(("policy", "conclusion"), [({}, "neutral"), (_GATED, "action_required")])
def test_a_paused_pull_request_is_left_alone_until_somebody_resumes(
    bot: Driver, policy: dict[str, str], conclusion: str
) -> None:
    pull = bot.open(_FILES, base_files=policy)
    answered(bot, pull, "/reviewbot pause")
    pull.deliver("opened")
    check = pull.wait_for_check()
    assert (check["conclusion"], pull.reviews) == (conclusion, [])
    assert "maria paused its reviews" in check["output"]["title"]
    answered(bot, pull, "/reviewbot resume")
    wait_for("a review", lambda: pull.reviews)


# --- findings --------------------------------------------------------------------------------


def test_an_ignored_finding_stays_listed_and_no_longer_counts(bot: Driver) -> None:
    pull = bot.open(_FILES, base_files=_GATED)
    pull.deliver("opened")
    assert pull.wait_for_check()["conclusion"] == "failure"
    assert "is silenced" in replied(bot, pull, "/reviewbot ignore")
    wait_for("a check that passes", lambda: _checks(pull, "success"))
    assert "silenced by maria" in pull.summaries[0]["body"]
    pull.push(_MORE)
    pull.deliver("synchronize")
    assert pull.wait_for_check()["conclusion"] == "failure"
    assert "1 critical" in pull.checks(pull.head)[-1]["output"]["title"]


def test_authors_cannot_silence_what_is_grave_in_their_own_pull_request(bot: Driver) -> None:
    pull = bot.open(_FILES, base_files=_GATED)
    pull.deliver("opened")
    pull.wait_for_check()
    assert "not the author" in replied(bot, pull, "/reviewbot ignore", ALICE)
    answered(bot, pull, "/reviewbot review", ALICE)
    wait_for("another check", lambda: len(_checks(pull, "failure")) == 2)


def test_ignore_needs_a_finding_s_thread_and_a_rule_that_it_cites(bot: Driver) -> None:
    pull = reviewed(bot)
    assert "reply there" in answered(bot, pull, "/reviewbot ignore")
    assert "cites no rule" in replied(bot, pull, "/reviewbot ignore rule")


def test_resolve_says_in_every_thread_that_it_is_answered(bot: Driver) -> None:
    pull = bot.open(_MORE)
    pull.deliver("opened")
    pull.wait_for_check()
    told = answered(bot, pull, "/reviewbot resolve")
    assert "2 threads say now" in told
    assert ["marked this thread" in each for each in replies(bot, pull)] == [True, True]


# --- money and policy ------------------------------------------------------------------------


def test_cost_says_what_the_ledger_says(bot: Driver) -> None:
    pull = reviewed(bot)
    told = answered(bot, pull, "/reviewbot cost")
    assert "first reading" in told
    assert "second look" in told
    assert "of $1.00" in told


def test_config_shows_the_policy_that_holds(bot: Driver) -> None:
    pull = bot.open(_FILES, base_files={".reviewbot.yml": "language: de\nfail_on: high"})
    told = answered(bot, pull, "/reviewbot config")
    assert "```yaml\n" in told
    assert "language: de  # repository" in told
    assert "fail_on: high  # repository" in told
    assert "max_comments: 10\n" in told


def test_a_broken_policy_is_named_in_the_answer(bot: Driver) -> None:
    pull = bot.open(_FILES, base_files={".reviewbot.yml": "languag: de"})
    assert "cannot be used" in answered(bot, pull, "/reviewbot config")


def test_what_is_dear_waits_for_an_approval_of_that_very_commit(bot: Driver) -> None:
    policy = {".reviewbot.yml": "budget: {approve_above: 0.000001}"}
    pull = bot.open({"src/dear.py": defect()}, base_files=policy)
    pull.deliver("opened")
    check = pull.wait_for_check()
    assert check["conclusion"] == "action_required"
    command = f"/reviewbot approve-cost {pull.head[:10]}"
    assert command in check["output"]["summary"]
    assert bot.model.times("src/dear.py") == 0

    pull.push({"src/dear.py": defect("again")})
    pull.deliver("synchronize")
    pull.wait_for_check()
    assert "no longer the head" in answered(bot, pull, command)
    assert "is approved" in answered(bot, pull, f"/reviewbot approve-cost {pull.head[:10]}")
    wait_for("a review", lambda: _checks(pull, "success"))
    assert len(pull.reviews) == 1


def test_nothing_is_approved_that_does_not_wait(bot: Driver) -> None:
    assert "waited for approval" in answered(bot, reviewed(bot), "/reviewbot approve-cost")


# --- questions -------------------------------------------------------------------------------


def test_a_question_is_answered_by_the_strong_tier_and_entered_in_the_ledger(bot: Driver) -> None:
    pull = bot.open({"src/asked.py": defect()})
    told = answered(bot, pull, "/reviewbot ask What is wrong with this?\nPlease be brief.")
    assert "`src/asked.py`" in told
    assert f"strong tier · {STRONG_MODEL}" in told
    assert bot.model.times("src/asked.py", STRONG_MODEL) == 1
    assert "answers to questions | 1 |" in answered(bot, pull, "/reviewbot cost")


def test_explain_speaks_of_the_thread_it_is_asked_in(bot: Driver) -> None:
    pull = bot.open({"src/one.py": defect("one"), "src/two.py": defect("two")})
    pull.deliver("opened")
    pull.wait_for_check()
    path = first_finding(bot, pull)["path"]
    told = replied(bot, pull, "/reviewbot explain")
    assert told.startswith(f"From `{path}`: ")
    assert "reply there" in answered(bot, pull, "/reviewbot explain")


# --- while all are busy ----------------------------------------------------------------------


def test_commands_wait_for_no_review(own_bot: Driver) -> None:
    invite(own_bot)
    fleet = Fleet(own_bot)
    pulls = [own_bot.open({f"src/slow_{n}.py": defect()}) for n in range(3)]
    own_bot.model.hold(*(f"src/slow_{n}.py" for n in range(3)))
    for pull in pulls:
        pull.deliver("opened")
    for number in range(len(fleet.workers)):
        own_bot.model.wait_until_asked(f"src/slow_{number}.py")
    assert "are paused" in answered(own_bot, pulls[2], "/reviewbot pause")
    own_bot.model.let_go(*(f"src/slow_{n}.py" for n in range(3)))
    assert pulls[0].wait_for_check()["conclusion"] == "success"


# --- whatever crashes ------------------------------------------------------------------------


def test_a_command_whose_answer_was_posted_before_a_kill_is_answered_and_paid_once(
    own_bot: Driver,
) -> None:
    invite(own_bot)
    fleet = Fleet(own_bot)
    pull = own_bot.open({"src/killed.py": defect()})
    path = f"/repos/{pull.repository}/issues/{pull.number}/comments"
    own_bot.github.faults.append(Fault("POST", path, drop=True, after_write=True))
    write(own_bot, pull, "/reviewbot ask Why?")
    wait_for("an answer that nobody knows of", lambda: answers(pull))
    for worker in fleet.workers[:]:
        worker.kill()
        fleet.replace(worker)
    told = answered(own_bot, pull, "/reviewbot cost")
    assert "answers to questions | 1 |" in told
    assert len(answers(pull)) == 2
    assert own_bot.model.times("src/killed.py", STRONG_MODEL) == 1


def test_a_command_that_was_answered_with_202_outlives_a_kill(local_bot: Driver) -> None:
    invite(local_bot)
    first = local_bot.serve(LIMITS__LEASE_SECONDS="1")
    pull = local_bot.open(_FILES)
    gate = f"/repos/{pull.repository}/collaborators/maria/permission"
    local_bot.github.faults.append(Fault("GET", gate, delay=3))
    write(local_bot, pull, "/reviewbot help")
    first.kill()
    local_bot.serve(LIMITS__LEASE_SECONDS="1")
    wait_for("an answer", lambda: answers(pull))
