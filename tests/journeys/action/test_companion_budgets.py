"""Budgets that only the service knows end a job's review as its own budget would."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reviewbot.ledger.database import open_database
from reviewbot.ledger.job_sessions import Sessions
from reviewbot.ledger.money import SqlLedger
from reviewbot.review.ports import Attempt, Ending
from reviewbot.sandbox.github import SandboxPull
from reviewbot.sandbox.model import CHEAP_MODEL, STRONG_MODEL
from tests.contracts.ledger.charges import charge
from tests.journeys.action.companion import Companion
from tests.journeys.driver import Pull, ask, defect, diff_of, long_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.journeys.action.workflow import Run

_ONE_BY_ONE = {"REVIEWBOT_LIMITS__CALLS_PER_REVIEW": "1"}
_SHORT = "0.012"  # USD: enough for some of the questions, not for all


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Companion]:
    """A companion that has not been started yet."""
    with Companion(tmp_path, url_of(tmp_path)) as companion:
        yield companion


def url_of(folder: Path) -> str:
    return f"sqlite:///{folder / 'ledger.db'}"


def results(run: Run) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(Path(run.outputs["results-file"]).read_text("utf-8"))
    return said


def neighbour(companion: Companion, pull: Pull, author_id: int) -> Pull:
    """Somebody's other pull request in the same repository."""
    number = 100 + author_id
    other = Pull(companion.bot, number, pull.repository, pull.repository_id)
    companion.bot.github.add_pull(
        SandboxPull(
            diff=diff_of({"src/other.py": defect()}),
            number=number,
            repository=pull.repository,
            repository_id=pull.repository_id,
            head_sha=other.next_sha(),
            author_id=author_id,
        )
    )
    return other


def spend(companion: Companion, pull: Pull, usd: str) -> None:
    """Let another pull request use up what all share, as far as the service's ledger knows."""
    session = companion.session(pull)
    with closing(open_database(url_of(companion.bot.home))) as database:
        entered = Sessions(database).enter(session)
        assert entered is not None
        paid = replace(charge(worst=usd), purse=entered.terms.purse)
        ledger = SqlLedger(database, patience=0)
        ledger.settle(ledger.reserve(paid), Attempt(Ending.UNKNOWN, error="elsewhere"))


# --- which budget ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "author_id", "title"),
    [
        ({"BUDGET__PER_SERVER": "0.5"}, 8, "the server this month"),
        ({"POLICY__BUDGET__PER_DAY": "0.5"}, 8, "the repository today"),
        (
            {"POLICY__BUDGET__PER_DAY": "5", "BUDGET__AUTHOR_SHARE": "0.1"},
            7,  # the author of the pull request that is reviewed
            "the author's share of the repository today",
        ),
    ],
    ids=["server", "day", "author"],
)
def test_what_others_used_up_is_over_budget_and_named(
    own: Companion, settings: dict[str, str], author_id: int, title: str
) -> None:
    own.serve(POLICY__BUDGET__PER_PR="0.5", **settings)
    pull = own.bot.open({"src/a.py": defect()})
    spend(own, neighbour(own, pull, author_id), "0.5")
    run = own.review(pull)
    assert (run.code, run.outputs["status"], run.outputs["coverage"]) == (
        3,
        "reviewed",
        "incomplete",
    ), run.log
    said = results(run)
    assert said["receipt"]["counts"] | {"over_budget": 1, "failed": 0} == said["receipt"]["counts"]
    [shortage] = said["shortages"]
    assert (shortage["scope"], shortage["limit_usd"], shortage["spent_usd"]) == (
        title,
        "0.5",
        "0.5",
    )
    [entry] = said["receipt"]["entries"]
    assert f"the budget of {title} ($0.500 of $0.500 spent) has no room" in entry["detail"]
    for shown in (run.summary, run.log, pull.summaries[0]["body"]):
        assert "1 over budget" in shown
        assert f"the budget of {title} refused 1 call" in shown
    assert own.bot.model.calls == []


def test_it_ends_as_a_budget_that_the_job_knows_itself(own: Companion) -> None:
    own.serve(BUDGET__PER_SERVER="0.0000001")
    one, other = (own.bot.open({"src/a.py": defect(), "src/b.py": defect()}) for _ in range(2))
    here = own.review(one, inputs={"config": "[policy.budget]\nper_pr = 0.0000001"})
    there = own.review(other)
    assert here.code == there.code == 3, there.log
    assert _shape(here) == _shape(there)
    title, conclusion = ({check[key] for check in _checks(one, other)} for key in ("t", "c"))
    assert (len(title), len(conclusion)) == (1, 1)


def _shape(run: Run) -> dict[str, Any]:
    """What does not depend on which limit it was."""
    said = results(run)
    entries = said["receipt"].pop("entries")
    [shortage] = said["shortages"]
    return {
        "outputs": {name: v for name, v in run.outputs.items() if name != "results-file"},
        "receipt": said["receipt"],
        "classes": [(entry["path"], entry["class"]) for entry in entries],
        "refused": shortage["calls_refused"],
        "findings": [finding["fingerprint"] for finding in said["findings"]],
        "spent": said["cost"]["spent_usd"],
        "complete": said["complete"],
    }


def _checks(*pulls: Pull) -> Iterator[dict[str, Any]]:
    for pull in pulls:
        check = pull.checks(pull.head)[-1]
        yield {"t": check["output"]["title"], "c": check["conclusion"]}


# --- what goes first -------------------------------------------------------------------------


def test_near_the_services_limit_the_second_look_goes_first(own: Companion) -> None:
    own.serve(BUDGET__PER_SERVER="0.03")
    pull = own.bot.open({"src/auth/login.py": ["def login(name):", "    return eval(name)"]})
    run = own.review(pull)
    assert (run.code, run.outputs["coverage"]) == (0, "complete"), run.log
    [look] = results(run)["escalations"]
    assert (look["done"], look["over_budget"]) == (False, True)
    assert "1 second look not done" in run.summary
    assert {call.model for call in own.bot.model.calls} == {CHEAP_MODEL}


def test_then_the_least_risky_code_goes(own: Companion) -> None:
    own.serve(BUDGET__PER_SERVER=_SHORT)
    files = {f"src/{name}.py": long_file(name) for name in "abcdefgh"}
    risky = {"src/auth/login.py": ["def login(name):", "    return eval(name)"]}
    pull = own.bot.open({**files, **risky})
    run = own.review(pull, environ=_ONE_BY_ONE)
    assert run.code == 3, run.log
    classes = {each["path"]: each["class"] for each in results(run)["receipt"]["entries"]}
    assert classes["src/auth/login.py"] == "read"
    assert set(classes.values()) == {"read", "over budget"}
    assert STRONG_MODEL not in {call.model for call in own.bot.model.calls}


def test_with_stop_the_companion_is_asked_no_more_after_its_first_refusal(own: Companion) -> None:
    own.serve(BUDGET__PER_SERVER="0.0000001")
    files = {f"src/{name}.py": long_file(name) for name in "abcd"}
    policy = {".reviewbot.yml": "budget: {on_exhausted: stop}"}
    run = own.review(own.bot.open(files, base_files=policy), environ=_ONE_BY_ONE)
    assert run.code == 3, run.log
    said = results(run)["receipt"]
    assert said["counts"]["over_budget"] == said["segments"]
    stopped = [each for each in said["entries"] if "the policy says to stop" in each["detail"]]
    assert stopped
    metrics = ask(own.url, "/metrics").text
    assert 'reviewbot_companion_requests_total{outcome="budget-exhausted"} 1.0' in metrics


def test_what_was_not_read_is_read_once_there_is_room(own: Companion) -> None:
    own.serve(BUDGET__PER_SERVER=_SHORT)
    pull = own.bot.open({f"src/{name}.py": long_file(name) for name in "abcdefgh"})
    assert own.review(pull, environ=_ONE_BY_ONE).code == 3
    asked = len(own.bot.model.calls)
    assert own.bot.service is not None
    assert own.bot.service.stop() == 0
    own.serve(BUDGET__PER_SERVER="1")
    again = own.review(pull, environ=_ONE_BY_ONE)
    assert (again.code, again.outputs["coverage"]) == (0, "complete"), again.log
    counts = results(again)["receipt"]["counts"]
    assert counts["known"] > 0
    assert 0 < len(own.bot.model.calls) - asked <= counts["read"]
