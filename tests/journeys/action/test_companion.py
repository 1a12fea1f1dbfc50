"""Workflows that have no model key: a companion asks for them, under its own budgets."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from reviewbot.domain.money import parse_usd
from reviewbot.sandbox.github import SandboxPull
from reviewbot.sandbox.model import CHEAP_MODEL, STRONG_MODEL
from tests.fakes.ports import deaf_port
from tests.journeys.action.companion import Companion, code_of
from tests.journeys.driver import Pull, ask, defect, diff_of, long_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def companion(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Companion]:
    """A running companion; pull requests share it, each in a repository of its own."""
    folder = tmp_path_factory.mktemp("companion")
    with Companion(folder, f"sqlite:///{folder / 'ledger.db'}") as companion:
        yield companion.serve()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Companion]:
    """Another one, which has not been started yet."""
    with Companion(tmp_path, f"sqlite:///{tmp_path / 'ledger.db'}") as companion:
        yield companion


def spent(companion: Companion, pull: Pull) -> str:
    """What the service says that a repository has cost."""
    lines = companion.bot.costs("--repo", pull.repository)
    return str(lines[0]["spent_usd"]) if lines else "0"


# --- the way through -------------------------------------------------------------------------


@pytest.mark.parametrize("event", ["pull_request", "pull_request_target"])
def test_a_workflow_reviews_without_a_key_of_its_own(companion: Companion, event: str) -> None:
    pull = companion.bot.open({"src/a.py": defect()})
    run = companion.review(pull, event)
    assert (run.code, run.outputs["status"]) == (0, "reviewed"), run.log
    assert run.outputs["highest-severity"] == "critical"
    [review] = pull.reviews
    assert review["commit_id"] == pull.head
    assert companion.issuer.audiences[-1] == companion.url


def test_both_sides_agree_on_what_it_cost_to_the_last_digit(companion: Companion) -> None:
    pull = companion.bot.open({"src/a.py": defect(), "src/b.py": defect("seek")})
    run = companion.review(pull)
    assert run.code == 0, run.log
    assert run.outputs["cost-usd"] == spent(companion, pull)
    assert parse_usd(run.outputs["cost-usd"]) > 0
    [model] = [each for each in companion.bot.costs("--by", "model") if CHEAP_MODEL in str(each)]
    assert model["calls"] > 0
    results = json.loads(_read(run.outputs["results-file"]))
    assert results["cost"]["spent_usd"] == run.outputs["cost-usd"]


def _read(name: str) -> str:
    with open(name, encoding="utf-8") as file:  # noqa: PTH123 - a name from an output
        return file.read()


def test_a_second_run_asks_and_costs_nothing(companion: Companion) -> None:
    pull = companion.bot.open({"src/again.py": defect()})
    companion.review(pull)
    asked, paid = len(companion.bot.model.calls), spent(companion, pull)
    again = companion.review(pull)
    assert (again.code, again.outputs["cost-usd"]) == (0, "0"), again.log
    assert (len(companion.bot.model.calls), spent(companion, pull)) == (asked, paid)
    assert len(pull.reviews) == len(pull.summaries) == 1


def test_a_lost_cache_costs_nothing_either(companion: Companion) -> None:
    pull = companion.bot.open({"src/lost.py": defect()})
    companion.review(pull)
    asked, paid = len(companion.bot.model.calls), spent(companion, pull)
    companion.workflow(pull).caches.clear()
    again = companion.review(pull)
    assert (again.code, again.outputs["cost-usd"]) == (0, "0"), again.log
    assert (len(companion.bot.model.calls), spent(companion, pull)) == (asked, paid)


def test_the_report_names_the_models_that_answered(companion: Companion) -> None:
    pull = companion.bot.open({"src/named.py": defect()})
    run = companion.review(pull)
    results = _read(run.outputs["results-file"])
    assert STRONG_MODEL in results


def test_secrets_of_the_session_are_masked_and_nowhere_else(companion: Companion) -> None:
    pull = companion.bot.open({"src/secret.py": defect()})
    run = companion.review(pull)
    masked = [each.message for each in run.commands if each.name == "add-mask"]
    assert len(masked) == 3  # the token, the session, the seal
    assert masked[1].startswith("rbs-")
    rest = run.log
    for secret in masked:
        rest = rest.replace(f"::add-mask::{secret}\n", "")
    [kept] = companion.workflow(pull).caches.values()
    assert companion.bot.service is not None
    said = (rest, run.summary, json.dumps(run.outputs), companion.bot.service.log)
    for secret in masked:
        assert all(secret not in each for each in said)
        assert secret.encode() not in kept
    assert b"SQLite" not in kept


def test_a_cache_of_one_pull_request_opens_for_no_other(companion: Companion) -> None:
    one, other = (companion.bot.open({"src/same.py": defect()}) for _ in range(2))
    companion.review(one)
    [kept] = companion.workflow(one).caches.values()
    key = f"reviewbot-{1000 + other.number}-{other.number}-0-1"
    companion.workflow(other).caches[key] = kept
    run = companion.review(other)
    assert (run.code, run.outputs["status"]) == (0, "reviewed"), run.log
    assert parse_usd(run.outputs["cost-usd"]) > 0


def test_a_policy_with_a_budget_over_time_is_welcome(companion: Companion) -> None:
    files = {".reviewbot.yml": "budget: {per_day: 4, per_month: 40}"}
    pull = companion.bot.open({"src/a.py": defect()}, base_files=files)
    run = companion.review(pull)
    assert (run.code, run.outputs["status"]) == (0, "reviewed"), run.log


def test_the_services_patterns_of_secrets_hold_in_the_job(own: Companion) -> None:
    own.serve(POLICY__REDACTION='["internal-[0-9]+"]')
    pull = own.bot.open({"src/a.py": ["host = 'internal-4711'", *defect()]})
    run = own.review(pull)
    assert run.code == 0, run.log
    assert "internal-4711" not in str(own.bot.model.prompts)
    assert "internal-4711" not in run.log


def test_the_services_pages_show_the_session(companion: Companion) -> None:
    pull = companion.bot.open({"src/seen.py": defect()})
    companion.review(pull)
    log = companion.bot.run("audit")
    assert f"{pull.repository}#{pull.number}" in log
    assert "companion session" in log
    metrics = ask(companion.url, "/metrics").text
    assert 'reviewbot_companion_sessions_total{outcome="opened"}' in metrics
    assert 'reviewbot_companion_requests_total{outcome="answered"}' in metrics
    address = f"/costs/repositories/{pull.repository_id}"
    assert companion.page(address).status == 200
    shown = companion.page(f"{address}/pulls/{pull.number}")
    assert shown.status == 200
    assert "workflow run 77.1" in shown.text
    lines = json.loads(companion.page("/api/v1/costs?by=repository").text)["lines"]
    [line] = [each for each in lines if each["repository"] == pull.repository]
    assert line["spent_usd"] == spent(companion, pull) != "0"


# --- who has no token ------------------------------------------------------------------------


def test_a_fork_is_told_why_it_has_no_session(companion: Companion) -> None:
    pull = companion.bot.open({"src/a.py": defect()}, head_repository="mallory/shop")
    payload = companion.payload(pull)
    run = companion.workflow(pull).run(
        "pull_request", payload, {"companion-url": companion.url, "github-token": "x"}
    )
    assert (run.code, run.outputs["status"]) == (0, "no-secrets"), run.log
    assert "pull_request_target" in run.commands[0].message


def test_a_fork_is_reviewed_on_pull_request_target(companion: Companion) -> None:
    pull = companion.bot.open({"src/a.py": defect()}, head_repository="mallory/shop")
    run = companion.review(pull, "pull_request_target")
    assert (run.code, run.outputs["status"]) == (0, "reviewed"), run.log


def test_a_missing_permission_is_named(companion: Companion) -> None:
    pull = companion.bot.open({"src/a.py": defect()})
    run = companion.workflow(pull).run(
        "pull_request", companion.payload(pull), {"companion-url": companion.url}
    )
    assert (run.code, run.outputs["status"]) == (2, "failed"), run.log
    assert "id-token: write" in run.commands[0].message


@pytest.mark.parametrize(
    "inputs", [{"api-key": "sk-other"}, {"base-url": "https://x.example"}, {"cheap-model": "m"}]
)
def test_a_second_way_out_is_refused(companion: Companion, inputs: dict[str, str]) -> None:
    pull = companion.bot.open({"src/a.py": defect()})
    run = companion.review(pull, inputs=inputs)
    assert run.code == 2, run.log
    assert "companion-url is set" in run.commands[0].message


@pytest.mark.parametrize(
    "data", ['allowed_jurisdictions = ["MARS"]', 'allowed_endpoints = ["ours"]']
)
def test_places_that_only_the_workflow_names_are_refused(companion: Companion, data: str) -> None:
    pull = companion.bot.open({"src/a.py": defect()})
    before = len(companion.bot.model.calls)
    run = companion.review(pull, inputs={"config": f"[policy.data]\n{data}"})
    assert run.code == 2, run.log
    assert "policy.data" in run.commands[0].message
    assert len(companion.bot.model.calls) == before


def test_a_lower_budget_of_the_workflow_holds_too(companion: Companion) -> None:
    pull = companion.bot.open({"src/a.py": defect()})
    before = len(companion.bot.model.calls)
    run = companion.review(pull, inputs={"config": "[policy.budget]\nper_pr = 0.0000001"})
    assert (run.code, run.outputs["coverage"]) == (3, "incomplete"), run.log
    assert len(companion.bot.model.calls) == before


@pytest.mark.parametrize("url", ["http://reviews.example.org", "reviews.example.org", "https://"])
def test_a_companion_is_an_https_address(companion: Companion, url: str) -> None:
    pull = companion.bot.open({"src/a.py": defect()})
    run = companion.review(pull, inputs={"companion-url": url})
    assert run.code == 2, run.log
    assert "companion-url" in run.commands[0].message


# --- a companion that is not there -----------------------------------------------------------


def test_an_unreachable_companion_ends_with_three_and_says_so(companion: Companion) -> None:
    pull = companion.bot.open({"src/a.py": defect()})
    before = len(companion.bot.model.calls)
    with deaf_port() as port:
        run = companion.review(pull, inputs={"companion-url": f"http://127.0.0.1:{port}"})
    assert (run.code, run.outputs["status"]) == (3, "failed"), run.log
    [error] = [each for each in run.commands if each.name == "error"]
    assert "cannot be reached" in error.message
    assert "reviewbot serve" in error.message
    assert "cannot be reached" in run.summary
    assert len(companion.bot.model.calls) == before
    assert pull.requests == []


def test_a_server_that_is_no_companion_is_told_apart(companion: Companion) -> None:
    pull = companion.bot.open({"src/a.py": defect()})
    run = companion.review(pull, inputs={"companion-url": companion.issuer.url})
    assert run.code == 3, run.log
    assert "not as a companion" in run.log


def test_a_service_without_the_setting_is_none(own: Companion) -> None:
    assert own.bot.serve("--port", str(own.port)).url == own.url
    pull = own.bot.open({"src/a.py": defect()})
    run = own.review(pull)
    assert run.code == 3, run.log
    assert "companion.url" in run.log


def test_a_refused_job_is_told_what_to_do(own: Companion) -> None:
    own.serve(COMPANION__INSTALLATIONS="[]", COMPANION__REPOSITORIES="[4]")
    pull = own.bot.open({"src/a.py": defect()})
    run = own.review(pull)
    assert (run.code, run.outputs["status"]) == (3, "failed"), run.log
    [error] = [each for each in run.commands if each.name == "error"]
    assert "repository-not-enrolled" in error.message
    assert "companion.repositories" in error.message


def test_a_companion_that_is_slow_to_answer_is_not_paid_twice(own: Companion) -> None:
    own.serve()
    pull = own.bot.open({"src/slow.py": defect()})
    own.bot.model.hold("src/slow.py")
    impatient = {"REVIEWBOT_LIMITS__CHEAP_SECONDS": "1"}
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(own.review, pull, environ=impatient)
        own.bot.model.wait_until_asked("src/slow.py")
        own.bot.model.let_go("src/slow.py")
        run = running.result()
    assert own.bot.model.times("src/slow.py", CHEAP_MODEL) == 1
    assert run.outputs["status"] == "reviewed", run.log


def test_a_companion_that_hangs_ends_with_three(own: Companion) -> None:
    own.serve()
    pull = own.bot.open({"src/hang.py": defect()})
    own.bot.model.hold("src/hang.py")
    impatient = {"REVIEWBOT_LIMITS__CHEAP_SECONDS": "0.5", "REVIEWBOT_LIMITS__CALL_ATTEMPTS": "1"}
    run = own.review(pull, environ=impatient)
    own.bot.model.let_go("src/hang.py")
    assert (run.code, run.outputs["coverage"]) == (3, "incomplete"), run.log
    assert "did not answer in time" in run.log


# --- money -----------------------------------------------------------------------------------


def test_out_of_money_is_said_and_asked_once(own: Companion) -> None:
    own.serve(BUDGET__PER_SERVER="0.0000001")
    pull = own.bot.open({"src/a.py": defect()})
    run = own.review(pull)
    assert (run.code, run.outputs["coverage"]) == (3, "incomplete"), run.log
    assert "the budget of the server this month ($0.00 of $0.000001 spent) has no room" in run.log
    assert own.bot.model.calls == []
    metrics = ask(own.url, "/metrics").text
    assert 'reviewbot_companion_requests_total{outcome="budget-exhausted"} 1.0' in metrics


def test_a_limit_that_the_job_can_know_is_kept_before_anything_is_asked(own: Companion) -> None:
    own.serve(POLICY__BUDGET__PER_PR="0.0000001")
    run = own.review(own.bot.open({"src/a.py": defect()}))
    assert (run.code, run.outputs["coverage"]) == (3, "incomplete"), run.log
    assert "1 over budget" in run.log


def test_the_jobs_own_bound_holds_in_the_service_too(companion: Companion) -> None:
    pull = companion.bot.open({"src/a.py": defect()})
    session = companion.session(pull, max_cost_usd="0.0000001")
    refused = companion.ask(session)
    assert (refused.status, code_of(refused)) == (402, "budget-exhausted")
    assert "this review" in refused.text


def test_a_base_branch_bounds_the_companion_as_it_does_the_app(companion: Companion) -> None:
    files = {".reviewbot.yml": "budget: {per_pr: 0.0000001}"}
    pull = companion.bot.open({"src/a.py": defect()}, base_files=files)
    refused = companion.ask(companion.session(pull))
    assert (refused.status, code_of(refused)) == (402, "budget-exhausted")


def test_code_goes_only_where_the_policy_lets_it(companion: Companion) -> None:
    files = {".reviewbot.yml": "data: {allowed_jurisdictions: [MARS]}"}
    pull = companion.bot.open({"src/a.py": defect()}, base_files=files)
    before = len(companion.bot.model.calls)
    refused = companion.ask(companion.session(pull))
    assert (refused.status, code_of(refused)) == (424, "no-answer")
    assert len(companion.bot.model.calls) == before


def test_the_policys_places_are_the_companions_to_look_at(companion: Companion) -> None:
    files = {".reviewbot.yml": "data: {allowed_endpoints: [sandbox]}"}
    pull = companion.bot.open({"src/a.py": defect()}, base_files=files)
    run = companion.review(pull)
    assert (run.code, run.outputs["coverage"]) == (0, "complete"), run.log


def test_stopped_spending_stops_sessions_at_once(own: Companion) -> None:
    own.serve()
    pull = own.bot.open({"src/a.py": defect()})
    session = own.session(pull)
    own.bot.run("stop", "--why", "a drill")
    refused = own.ask(session)
    assert (refused.status, code_of(refused)) == (403, "spending-stopped")
    run = own.review(pull)
    assert run.code == 3, run.log
    assert "spending is stopped" in run.log
    own.bot.run("start")
    assert own.ask(session).status == 200


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_one_days_budget_holds_app_and_action_together(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Reviews of the App and sessions of jobs race for the same day, which has too little."""
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    if kind == "postgresql":
        url = request.getfixturevalue("postgres_url")
    limit = "0.06"
    settings = {"POLICY__BUDGET__PER_DAY": limit, "BUDGET__AUTHOR_SHARE": "1"}
    with Companion(tmp_path, url, **settings) as companion:
        companion.serve()
        pull = companion.bot.open({"src/first.py": defect()})
        others = [_neighbour(companion, pull, 100 + n) for n in range(3)]
        sessions = [companion.session(pull) for _ in range(3)]

        def spend(n: int) -> int:
            text = f"value_{n} = '{'x' * 4_000}'"
            return companion.ask(sessions[n % 3], text, model="strong").status

        # Each way in is let spend something first, however slow the machine is.
        assert spend(18) == 200
        assert others[0].deliver("opened").status == 202
        others[0].wait_for_check()
        for other in others[1:]:
            assert other.deliver("opened").status == 202
        with ThreadPoolExecutor(6) as pool:
            statuses = list(pool.map(spend, range(18)))
        for other in others:
            other.wait_for_check()
        [costs] = companion.bot.costs("--repo", pull.repository)
        by_pull = {each["name"] for each in companion.bot.costs("--by", "pr")}
    assert 402 in statuses
    assert set(statuses) <= {200, 402}
    total = parse_usd(costs["spent_usd"]) + parse_usd(costs["presumed_usd"])
    assert 0 < total <= parse_usd(limit)
    assert len(by_pull) > 1  # both ways in have spent of it


def _neighbour(companion: Companion, pull: Pull, number: int) -> Pull:
    """Another pull request of the same repository."""
    other = Pull(companion.bot, number, pull.repository, pull.repository_id)
    companion.bot.github.add_pull(
        SandboxPull(
            diff=diff_of({f"src/other_{number}.py": defect(), "src/long.py": long_file("row")}),
            number=number,
            repository=pull.repository,
            repository_id=pull.repository_id,
            head_sha=other.next_sha(),
        )
    )
    return other


# --- doctor ----------------------------------------------------------------------------------


def test_doctor_looks_at_the_companion_from_the_service(own: Companion) -> None:
    told = own.bot.run("doctor", "--json", code=2, COMPANION__URL=own.url, **_issuer(own))
    parts = {each["part"]: each for each in json.loads(told)}
    assert parts["companion enrolment"]["health"] == "wrong"
    assert parts["companion issuer"]["says"].endswith("lists 1 key")


def _issuer(companion: Companion) -> dict[str, str]:
    return {"COMPANION__ISSUER": companion.issuer.url}


def test_doctor_looks_at_the_companion_from_a_job(companion: Companion, tmp_path: Path) -> None:
    pull = companion.bot.open({"src/a.py": defect()})
    payload: dict[str, Any] = companion.payload(pull)
    event = tmp_path / "event.json"
    event.write_text(json.dumps(payload), encoding="utf-8")
    job = companion.issuer.job("pull_request", payload)
    about = {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": str(event)}
    told = companion.bot.diagnose(companion.url, job | about)
    assert [each["health"] for each in told] == ["fine", "fine", "fine"]
    assert CHEAP_MODEL in told[-1]["says"]
    told = companion.bot.diagnose(companion.url, {})
    assert "id-token: write" in told[-1]["advice"]
    with deaf_port() as port:
        told = companion.bot.diagnose(f"http://127.0.0.1:{port}", job)
    assert [each["health"] for each in told] == ["down"]
