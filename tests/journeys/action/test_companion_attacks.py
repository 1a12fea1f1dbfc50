"""What somebody tries who wants the companion to pay: one test a row of the threats."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.journeys.action.companion import Companion, code_of, completion, messages
from tests.journeys.driver import ask, defect, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.journeys.driver import Pull


@pytest.fixture(scope="module")
def companion(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Companion]:
    folder = tmp_path_factory.mktemp("attacked")
    with Companion(folder, f"sqlite:///{folder / 'ledger.db'}") as companion:
        yield companion.serve()


@pytest.fixture(scope="module")
def pull(companion: Companion) -> Pull:
    return companion.bot.open({"src/a.py": defect()})


def refused(companion: Companion, token: str, number: int) -> tuple[int, str]:
    answer = companion.buy(token, number)
    assert "Traceback" not in answer.text
    return answer.status, code_of(answer)


# --- tokens ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"iss": "https://token.actions.evil.example"}, "token-issuer"),
        ({"aud": "https://another.example.org"}, "token-audience"),
        ({"exp": 1_700_000_000}, "token-expired"),
        ({"nbf": 4_000_000_000}, "token-early"),
        ({"algorithm": "none", "key": ""}, "token-malformed"),
        ({"algorithm": "HS256", "key": "a secret of at least thirty-two bytes"}, "token-algorithm"),
        ({"repository_id": "999999"}, "other-repository"),
        ({"event_name": "workflow_dispatch"}, "event-not-allowed"),
        ({"ref": "refs/pull/31337/merge"}, "other-pull-request"),
        ({"head_ref": "another"}, "other-pull-request"),
        ({"repository": "acme/nothing"}, "repository-not-installed"),
    ],
)
def test_a_token_that_does_not_hold_opens_nothing(
    companion: Companion, pull: Pull, changed: dict[str, Any], code: str
) -> None:
    token = companion.token(pull, **changed)
    status, said = refused(companion, token, pull.number)
    assert (said, status in {401, 403}) == (code, True)


def test_a_key_of_somebody_else_signs_nothing(companion: Companion, pull: Pull) -> None:
    own = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    token = companion.token(pull, key=own)
    assert refused(companion, token, pull.number) == (401, "token-signature")


@pytest.mark.parametrize(
    "workflow",
    [
        "evil-acme/{name}/.github/workflows/review.yml@refs/pull/{n}/merge",
        "acme/{name}/.github/workflows/review.yml@refs/pull/{n}/merge/evil",
        "acme/{name}/.github/workflows/review.yml@refs/heads/evil",
        "acme/{name}/.github/workflows/evil.yml@refs/pull/{n}/merge",
        "acme/{name}/.github/workflows/review.yml.evil@refs/pull/{n}/merge",
        "acme/{name}/evil/.github/workflows/review.yml@refs/pull/{n}/merge",
        "mallory/x/.github/workflows/x.yml@acme/{name}/.github/workflows/review.yml@refs/heads/main",
    ],
)
def test_no_other_workflow_passes_for_an_allowed_one(
    companion: Companion, pull: Pull, workflow: str
) -> None:
    said = workflow.format(name=pull.repository.partition("/")[2], n=pull.number)
    token = companion.token(pull, job_workflow_ref=said)
    assert refused(companion, token, pull.number) == (403, "workflow-not-allowed")


def test_a_token_is_good_for_one_session(companion: Companion, pull: Pull) -> None:
    token = companion.token(pull)
    assert companion.buy(token, pull.number).status == 201
    assert refused(companion, token, pull.number) == (401, "token-used")


def test_nor_for_more_when_it_is_shown_many_times_at_once(companion: Companion, pull: Pull) -> None:
    token = companion.token(pull)
    with ThreadPoolExecutor(8) as pool:
        sold = list(pool.map(lambda _: companion.buy(token, pull.number), range(16)))
    statuses = [each.status for each in sold]
    assert statuses.count(201) == 1
    assert set(statuses) <= {201, 401, 503}


def test_a_token_of_one_pull_request_buys_nothing_for_another(
    companion: Companion, pull: Pull
) -> None:
    other = companion.bot.open({"src/b.py": defect()}, head_branch="other")
    token = companion.token(pull)
    assert refused(companion, token, other.number) == (403, "other-pull-request")
    # A job on `pull_request_target` says no number: its branches must fit.
    token = companion.token(pull, "pull_request_target", repository=other.repository)
    assert refused(companion, token, other.number) == (403, "other-repository")


def test_a_closed_pull_request_gets_no_session(companion: Companion) -> None:
    closed = companion.bot.open({"src/c.py": defect()})
    token = companion.token(closed)
    companion.bot.github.close_pull(closed.number, closed.repository)
    assert refused(companion, token, closed.number) == (403, "pull-request-closed")


@pytest.mark.parametrize("token", ["", "a.b.c", "Basic x", "ü.ü.ü"])
def test_what_is_no_token_is_refused(companion: Companion, pull: Pull, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    body = json.dumps({"pull_request": pull.number}).encode()
    answer = ask(companion.url, "/companion/session", body, _latin(headers))
    assert answer.status == 401


def _latin(headers: dict[str, str]) -> dict[str, str]:
    return {name: value.encode().decode("latin-1") for name, value in headers.items()}


# --- requests --------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["session", "v1/chat/completions"])
def test_without_a_token_no_body_is_received(companion: Companion, path: str) -> None:
    answer = companion.post_raw(path, "", b"x" * 100_000)
    assert (answer.status, code_of(answer)) == (401, "token-missing")


@pytest.mark.parametrize("path", ["session", "v1/chat/completions"])
def test_too_large_a_body_is_not_received(companion: Companion, path: str) -> None:
    answer = ask(
        companion.url,
        f"/companion/{path}",
        b"",
        {"Authorization": "Bearer x", "Content-Length": str(600 * 1024)},
    )
    assert (answer.status, code_of(answer)) == (413, "too-large")


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"[]",
        b"{}",
        b'{"pull_request": "1"}',
        b'{"pull_request": 0}',
        b'{"pull_request": true}',
        b'{"pull_request": 1, "admin": true}',
        b'{"pull_request": 1, "max_cost_usd": "lots"}',
        b'{"pull_request": 1, "max_cost_usd": 1}',
        b'{"pull_request": 1, "max_cost_usd": "1e999999"}',
        b"[" * 10_000,
        b"\xff\xfe",
    ],
)
def test_a_wish_that_is_none_is_refused(companion: Companion, pull: Pull, said: bytes) -> None:
    answer = companion.post_raw("session", companion.token(pull), said)
    assert (answer.status, code_of(answer)) == (400, "request-unreadable")


@pytest.mark.parametrize(
    "changed",
    [
        {"model": "gpt-4o"},
        {"model": ""},
        {"tools": [{"type": "function"}]},
        {"functions": []},
        {"stream": True},
        {"n": 5},
        {"temperature": 1},
        {"max_tokens": 0},
        {"max_tokens": 10**9},
        {"max_tokens": None},
        {"response_format": None},
        {"response_format": {"type": "text"}},
        {"messages": []},
        {"messages": [{"role": "user", "content": "hello"}]},
        {"messages": [*messages("x"), {"role": "assistant", "content": "yes"}]},
        {"messages": [{"role": "system", "content": "x"}, {"role": "user", "content": [{}]}]},
        {"user": "somebody"},
        {"store": True},
        {"web_search_options": {}},
    ],
)
def test_no_other_use_is_made_of_a_session(
    companion: Companion, pull: Pull, changed: dict[str, Any]
) -> None:
    session = companion.session(pull)
    before = len(companion.bot.model.calls)
    answer = companion.ask(session, **changed)
    assert (answer.status, code_of(answer)) == (400, "request-unreadable")
    assert len(companion.bot.model.calls) == before


def test_an_answer_is_never_longer_than_a_review_needs(companion: Companion, pull: Pull) -> None:
    companion.ask(companion.session(pull), "y = 2", max_tokens=100_000)
    assert '"max_tokens":4000' in companion.bot.model.prompts[-1].replace(" ", "")


# --- sessions --------------------------------------------------------------------------------


def test_a_stolen_session_spends_for_its_own_pull_request_alone(companion: Companion) -> None:
    mine, theirs = (companion.bot.open({f"src/{n}.py": defect()}) for n in "de")
    stolen = companion.session(mine)
    assert companion.ask(stolen, f"secret of {theirs.repository}").status == 200
    spent = {each["name"] for each in companion.bot.costs()}
    assert mine.repository in spent
    assert theirs.repository not in spent


def test_no_session_reads_what_another_pull_request_was_answered(companion: Companion) -> None:
    one, other = (companion.bot.open({f"src/{n}.py": defect()}) for n in "fg")
    companion.ask(companion.session(one), "z = 3")
    before = len(companion.bot.model.calls)
    companion.ask(companion.session(one), "z = 3")
    assert len(companion.bot.model.calls) == before
    companion.ask(companion.session(other), "z = 3")
    assert len(companion.bot.model.calls) == before + 1


def test_an_unknown_session_is_over(companion: Companion) -> None:
    answer = companion.ask("rbs-" + "a" * 43)
    assert (answer.status, code_of(answer)) == (401, "session-over")
    answer = ask(companion.url, "/companion/v1/models", None, {"Authorization": "Bearer x"})
    assert (answer.status, code_of(answer)) == (401, "session-over")


def test_a_jobs_token_is_no_session_and_a_session_no_token(
    companion: Companion, pull: Pull
) -> None:
    assert companion.ask(companion.token(pull)).status == 401
    session = companion.session(pull)
    assert refused(companion, session, pull.number)[0] == 401


def test_a_suspended_installation_halts_its_sessions(companion: Companion) -> None:
    pull = companion.bot.open({"src/h.py": defect()})
    session = companion.session(pull)
    about = {"id": 1, "account": {"login": "acme", "id": 99}, "suspended_at": None}
    payload = {"action": "suspend", "installation": about, "sender": {"login": "a", "id": 5}}
    assert companion.bot.deliver("installation", payload).status == 202
    answer = companion.ask(session)
    assert (answer.status, code_of(answer)) == (403, "spending-stopped")
    time.sleep(0.01)  # GitHub's events have times, and this one must be the later
    assert companion.bot.deliver("installation", payload | {"action": "unsuspend"}).status == 202
    assert companion.ask(session).status == 200


def test_one_session_may_not_take_all_the_places(companion: Companion) -> None:
    pull = companion.bot.open({"src/i.py": defect()})
    session = companion.session(pull)
    companion.bot.model.hold("src/a.py")
    with ThreadPoolExecutor(12) as pool:
        asked = [pool.submit(companion.ask, session, f"i = {n}") for n in range(12)]
        early = _first(asked, 4)
        assert ask(companion.url, "/healthz").status == 200
        companion.bot.model.let_go("src/a.py")
        statuses = [each.result().status for each in asked]
    assert {answer.status for answer in early} == {429}
    assert (statuses.count(429), statuses.count(200)) == (4, 8)


def _first(asked: list[Any], count: int) -> list[Any]:
    """The answers that come while the others wait."""

    def done() -> list[Any]:
        found = [each.result() for each in asked if each.done()]
        return found if len(found) >= count else []

    return wait_for("somebody to be turned away", done)


def test_the_same_question_at_the_same_time_is_paid_once(companion: Companion) -> None:
    pull = companion.bot.open({"src/j.py": defect()})
    session = companion.session(pull)
    before = len(companion.bot.model.calls)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: companion.ask(session, "j = 4"), range(6)))
    assert {each.status for each in answers} == {200}
    assert len(companion.bot.model.calls) == before + 1


def test_a_secret_that_slipped_through_goes_no_further(companion: Companion) -> None:
    pull = companion.bot.open({"src/k.py": defect()})
    secret = "AKIA" + "Z7Q4" * 4
    assert companion.ask(companion.session(pull), f"key = '{secret}'").status == 200
    assert secret not in str(companion.bot.model.prompts)
    metrics = ask(companion.url, "/metrics").text
    assert "reviewbot_companion_redactions_total 1.0" in metrics


def test_no_prompt_is_kept_anywhere(companion: Companion, pull: Pull) -> None:
    session = companion.session(pull)
    assert companion.ask(session, "unmistakable_name = 6").status == 200
    assert any("unmistakable_name" in each for each in companion.bot.model.prompts)
    service = companion.bot.service
    assert service is not None
    for file in companion.bot.home.rglob("ledger.db*"):
        kept = file.read_bytes()
        assert b"unmistakable_name" not in kept
        assert session.encode() not in kept
    assert "unmistakable_name" not in service.log


def test_refusals_tell_a_code_and_an_id_and_the_log_no_secret(
    companion: Companion, pull: Pull
) -> None:
    token = companion.token(pull, repository="acme/nothing")
    answer = companion.buy(token, pull.number)
    said = json.loads(answer.text)["error"]
    assert set(said) == {"message", "type", "param", "code"}
    assert "GET " not in answer.text
    service = companion.bot.service
    assert service is not None
    session = companion.session(pull)
    companion.ask(session, "l = 5")
    for secret in (token, session, completion("l = 5")["messages"][1]["content"]):  # type: ignore[index] # a message
        assert secret not in service.log
