"""What people and GitHub do after the first review: buttons, closing, queues, suspensions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.journeys.driver import ask, defect, long_file, wait_for

if TYPE_CHECKING:
    from tests.journeys.driver import Driver, Pull

_FILES = {"src/orders.py": defect()}
_GOLDEN = sorted((Path(__file__).parents[1] / "golden/deliveries").glob("*.json"))
_BUTTON = {"requested_action": {"identifier": "review-again"}}
_GATE = {".reviewbot.yml": "fail_on: info"}


def _settled(bot: Driver) -> None:
    """Everything that was delivered before has been worked on."""
    wait_for("an empty desk", lambda: not bot.desk.waiting())


def _opened(bot: Driver, **fields: Any) -> Pull:
    pull = bot.open(_FILES, **fields)
    pull.deliver("opened")
    pull.wait_for_check()
    return pull


def _concluded(pull: Pull, count: int) -> list[str]:
    """The conclusions of its check runs, once there are so many that have one."""

    def ended() -> list[str]:
        said = [each["conclusion"] for each in pull.checks() if each["conclusion"]]
        return said if len(said) >= count else []

    return wait_for(f"{count} check runs with conclusions", ended)


# --- published examples ----------------------------------------------------------------------


@pytest.mark.parametrize("path", _GOLDEN, ids=[path.stem for path in _GOLDEN])
def test_githubs_own_examples_are_all_understood(bot: Driver, path: Path) -> None:
    payload = json.loads(path.read_text(encoding="utf-8"))
    answer = bot.deliver(path.stem.partition(".")[0], payload)
    assert answer.status in {200, 202, 204}


def test_what_nobody_reads_is_counted(bot: Driver) -> None:
    for event in ("workflow_run", "projects_v2_item"):
        assert bot.deliver(event, {"action": "completed"}).status == 204
    assert bot.deliver("ping", {"zen": "Speak like a human."}).status == 200
    text = ask(bot.url, "/metrics").text
    assert 'reviewbot_deliveries_total{outcome="unknown"}' in text
    assert 'reviewbot_deliveries_total{outcome="ping"}' in text


# --- buttons ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("action", "more"), [("rerequested", {}), ("requested_action", _BUTTON)])
def test_a_button_asks_for_another_look_that_costs_nothing(
    bot: Driver, action: str, more: dict[str, Any]
) -> None:
    pull = _opened(bot)
    asked = len(bot.model.calls)
    bot.github.add_collaborator("alice", 5, "write")
    [run] = pull.checks()
    assert [each["label"] for each in run["actions"]] == ["Review again"]
    assert pull.ask_again("alice", action, **more).status == 202
    assert _concluded(pull, 2) == ["success", "success"]
    assert (len(bot.model.calls), len(pull.summaries)) == (asked, 1)


def test_somebody_with_write_access_has_a_draft_read_by_a_button(bot: Driver) -> None:
    pull = _opened(bot, draft=True)
    bot.github.add_collaborator("carol", 5, "maintain")
    pull.ask_again("carol")
    wait_for("a review", lambda: pull.reviews)


def test_who_may_not_write_asks_in_vain(bot: Driver) -> None:
    pull = _opened(bot, draft=True)
    pull.ask_again("mallory")
    _settled(bot)
    assert (pull.reviews, len(pull.checks())) == ([], 1)
    assert any("/collaborators/mallory/permission" in path for _, path, _ in pull.requests)


@pytest.mark.parametrize(
    "run",
    [
        {"external_id": ""},
        {"external_id": None},
        {"external_id": "check:1:1:" + "0" * 64},
        {"external_id": "x" * 1000},
    ],
)
def test_a_check_run_that_is_not_ours_is_left(bot: Driver, run: dict[str, Any]) -> None:
    pull = _opened(bot)
    answer = pull.deliver("rerequested", event="check_run", check_run=run)
    assert (answer.status, answer.text) == (204, "")


def test_our_run_without_its_seal_is_known_by_its_name_and_commit(bot: Driver) -> None:
    pull = _opened(bot)
    bot.github.add_collaborator("alice", 5, "write")
    run = {"name": "reviewbot", "head_sha": pull.head, "external_id": ""}
    sender = {"login": "alice", "id": 5}
    answer = pull.deliver("rerequested", event="check_run", check_run=run, sender=sender)
    assert answer.status == 202
    assert len(_concluded(pull, 2)) == 2
    run["head_sha"] = "e" * 40
    answer = pull.deliver("rerequested", event="check_run", check_run=run, sender=sender)
    assert answer.status == 204


def test_a_check_run_of_one_repository_asks_for_nothing_in_another(bot: Driver) -> None:
    pull, other = _opened(bot), _opened(bot)
    [run] = other.checks()
    assert pull.deliver("rerequested", event="check_run", check_run=run).status == 204


def test_another_button_is_left(bot: Driver) -> None:
    pull = _opened(bot)
    more: dict[str, Any] = {"requested_action": {"identifier": "fix-it"}}
    assert pull.ask_again("alice", "requested_action", **more).status == 204


def test_a_suite_that_is_asked_for_again_is_looked_at_again(bot: Driver) -> None:
    pull = _opened(bot)
    bot.github.add_collaborator("alice", 5, "admin")
    suite: dict[str, Any] = {
        "check_suite": {"head_sha": pull.head},
        "sender": {"login": "alice", "id": 5},
    }
    assert pull.deliver("rerequested", event="check_suite", **suite).status == 202
    assert len(_concluded(pull, 2)) == 2
    suite["check_suite"]["head_sha"] = "e" * 40
    assert pull.deliver("rerequested", event="check_suite", **suite).status == 204


# --- labels and closing ----------------------------------------------------------------------


def test_a_label_that_the_policy_waits_for_asks_for_a_review(bot: Driver) -> None:
    policy = {".reviewbot.yml": "auto_review: {labels: [review-me]}"}
    pull = _opened(bot, base_files=policy)
    assert pull.checks()[0]["conclusion"] == "skipped"
    pull.change(labels=("review-me",))
    pull.deliver("labeled")
    wait_for("a review", lambda: pull.reviews)


def test_a_label_that_means_nothing_to_the_policy_changes_nothing(bot: Driver) -> None:
    pull = _opened(bot)
    _settled(bot)  # before it, the label would come while the opening is still under way
    before = pull.checks()
    pull.change(labels=("wontfix",))
    assert pull.deliver("labeled").status == 202
    _settled(bot)
    assert pull.checks() == before


def test_a_title_that_loses_the_word_that_held_a_review_up_asks_for_it(bot: Driver) -> None:
    policy = {".reviewbot.yml": "auto_review: {ignore_title_keywords: [wip]}"}
    pull = bot.open(_FILES, title="WIP: orders", base_files=policy)
    pull.deliver("opened")
    assert pull.wait_for_check()["conclusion"] == "skipped"
    pull.change(title="Orders")
    assert pull.deliver("edited", changes={"title": {"from": "WIP: orders"}}).status == 202
    wait_for("a review", lambda: pull.reviews)


def test_a_title_that_means_nothing_to_the_policy_changes_nothing(bot: Driver) -> None:
    pull = _opened(bot)
    _settled(bot)
    before = pull.checks()
    pull.change(title="Orders, found")
    assert pull.deliver("edited", changes={"title": {"from": "Orders"}}).status == 202
    _settled(bot)
    assert pull.checks() == before


def test_a_label_does_not_hide_that_a_pull_request_was_opened(local_bot: Driver) -> None:
    local_bot.serve(LIMITS__DEBOUNCE_SECONDS="0.5")
    pull = local_bot.open(_FILES)
    pull.deliver("opened")
    pull.deliver("labeled")
    assert pull.wait_for_check()["conclusion"] == "success"


def test_closing_stops_the_review_under_way_and_says_so(bot: Driver) -> None:
    pull = bot.open({"src/held.py": defect(), "src/unasked.py": defect("unasked")})
    bot.model.hold("src/held.py")
    pull.deliver("opened")
    bot.model.wait_until_asked("src/held.py")
    bot.github.close_pull(pull.number, pull.repository)
    assert pull.deliver("closed").status == 202
    bot.model.let_go("src/held.py")
    assert pull.wait_for_check()["conclusion"] == "cancelled"
    assert pull.reviews == []


def test_a_draft_again_is_not_read_any_more(bot: Driver) -> None:
    pull = _opened(bot)
    pull.change(draft=True)
    pull.deliver("converted_to_draft")
    wait_for("a word", lambda: [c for c in pull.checks() if c["conclusion"] == "skipped"])


# --- merge queues ----------------------------------------------------------------------------


def _queued(bot: Driver, pull: Pull, head: str) -> dict[str, Any]:
    payload = bot.github.queue(pull.number, head, pull.repository)
    assert bot.deliver("merge_group", payload | {"installation": {"id": 1}}).status == 202
    return wait_for(
        "an answer to the queue",
        lambda: next(
            (
                run
                for run in bot.github.check_runs
                if run["head_sha"] == head and run["status"] == "completed"
            ),
            {},
        ),
    )


def test_a_merge_queue_hears_what_the_pull_requests_own_review_said(bot: Driver) -> None:
    fine, failing = _opened(bot), _opened(bot, base_files=_GATE)
    asked = len(bot.model.calls)
    assert _queued(bot, fine, "1" * 40)["conclusion"] == "success"
    answer = _queued(bot, failing, "2" * 40)
    assert (answer["conclusion"], answer["name"]) == ("failure", "reviewbot")
    assert f"#{failing.number}" in answer["output"]["title"]
    assert len(bot.model.calls) == asked


@pytest.mark.parametrize(
    ("policy", "conclusion"),
    [("", "neutral"), ("fail_on: high", "failure"), ("incomplete: block", "failure")],
)
def test_a_merge_queue_does_not_wait_for_a_review_that_there_is_not(
    bot: Driver, policy: str, conclusion: str
) -> None:
    pull = bot.open(_FILES, base_files={".reviewbot.yml": policy})
    head = f"{pull.number:040d}"
    assert _queued(bot, pull, head)["conclusion"] == conclusion


def test_a_queues_check_that_is_run_again_says_what_a_new_review_says(bot: Driver) -> None:
    bot.github.add_collaborator("alice", 5, "write")
    pull, head = _opened(bot, base_files=_GATE), "3" * 40
    stale = _queued(bot, pull, head)
    assert stale["conclusion"] == "failure"
    pull.change(base_files={}, base_sha="d" * 40)
    again: dict[str, Any] = {"check_run": stale, "sender": {"login": "alice", "id": 5}}
    assert pull.deliver("rerequested", event="check_run", **again).status == 202
    wait_for(
        "a new answer",
        lambda: [
            run
            for run in bot.github.check_runs
            if run["head_sha"] == head and run["conclusion"] == "success"
        ],
    )


# --- installations ---------------------------------------------------------------------------


def _installation(action: str, at: int) -> dict[str, Any]:
    moment = f"2026-01-02T03:04:{at:02d}Z"
    return {"action": action, "installation": {"id": 1, "updated_at": moment}}


def test_a_suspended_installation_stops_at_once_and_goes_on_afterwards(
    local_bot: Driver,
) -> None:
    bot = local_bot
    bot.serve(LIMITS__DEBOUNCE_SECONDS="0")
    pull = bot.open({"src/held.py": long_file("held"), "src/later.py": defect("later")})
    bot.model.hold("src/held.py")
    pull.deliver("opened")
    bot.model.wait_until_asked("src/held.py")
    bot.github.suspend(1)
    assert bot.deliver("installation", _installation("suspend", 2)).status == 202
    # One that was on its way before changes nothing.
    bot.deliver("installation", _installation("unsuspend", 1))
    bot.model.let_go("src/held.py")
    wait_for("the end", lambda: bot.service and bot.service.events("ended"))
    assert [each["outcome"] for each in bot.service.events("ended")] == ["halted"]  # type: ignore[union-attr]
    assert (pull.reviews, pull.checks()[0]["status"]) == ([], "in_progress")
    bot.github.unsuspend(1)
    bot.deliver("installation", _installation("unsuspend", 3))
    assert pull.wait_for_check()["conclusion"] == "success"
    assert bot.model.times("src/held.py") == 1


@pytest.mark.parametrize("gone", ["installation", "installation_repositories"])
def test_what_was_removed_is_not_worked_for(local_bot: Driver, gone: str) -> None:
    bot = local_bot
    bot.serve(LIMITS__DEBOUNCE_SECONDS="0")
    pull = bot.open(_FILES)
    repository = {"id": 1000 + pull.number, "full_name": pull.repository}
    deleted = gone == "installation"
    removed = _installation("deleted" if deleted else "removed", 1)
    added = _installation("created" if deleted else "added", 2)
    bot.deliver(gone, removed | {"repositories_removed": [repository]})
    pull.deliver("opened")
    other = bot.open(_FILES)
    other.deliver("opened")
    if not deleted:
        other.wait_for_check()
    assert pull.requests == []
    bot.deliver(gone, added | {"repositories_added": [repository]})
    pull.deliver("reopened")
    assert pull.wait_for_check()["conclusion"] == "success"
