"""A service that is told to stop while workflows wait for its answers."""

from __future__ import annotations

import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.money import parse_usd
from tests.fakes.patience import PATIENCE, wait_for
from tests.journeys.action.companion import Companion, code_of, completion
from tests.journeys.driver import ask, defect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.journeys.driver import Running

_ASKED = "src/a.py"  # what questions by hand are about


@pytest.fixture
def companion(tmp_path: Path) -> Iterator[Companion]:
    with Companion(tmp_path, f"sqlite:///{tmp_path / 'ledger.db'}") as companion:
        yield companion.serve()


def told_to_stop(companion: Companion) -> Running:
    """The service, once it knows that it is to stop."""
    service = companion.bot.service
    assert service is not None
    service.ask_to_stop()
    wait_for("a word about stopping", lambda: service.events("stopping"))
    return service


def refused(companion: Companion, path: str, token: str, said: object) -> tuple[int, str, str]:
    """Status, code and what it says about coming back."""
    connection = http.client.HTTPConnection("127.0.0.1", companion.port, timeout=PATIENCE)
    with closing(connection):
        headers = {"Authorization": f"Bearer {token}"}
        connection.request("POST", f"/companion/{path}", json.dumps(said), headers)
        response = connection.getresponse()
        body = json.loads(response.read())
        later = response.headers.get("Retry-After", "")
        return response.status, str(body["error"]["code"]), later


def test_a_question_under_way_is_answered_and_paid_before_the_end(companion: Companion) -> None:
    pull = companion.bot.open({"src/b.py": defect()})
    session, token = companion.session(pull), companion.token(pull)
    companion.bot.model.hold(_ASKED)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(companion.ask, session)
        companion.bot.model.wait_until_asked(_ASKED)
        service = told_to_stop(companion)

        late = refused(companion, "v1/chat/completions", session, completion("y = 2"))
        assert late == (503, "stopping", "10")
        wish = {"pull_request": pull.number}
        assert refused(companion, "session", token, wish) == (503, "stopping", "10")
        ready = ask(companion.url, "/readyz")
        assert (ready.status, json.loads(ready.text)) == (503, {"status": "stopping"})

        companion.bot.model.let_go(_ASKED)
        answer = waiting.result()
    assert answer.status == 200
    assert service.wait() == 0
    [costs] = companion.bot.costs()
    assert (costs["calls"], costs["presumed_usd"]) == (1, "0")
    assert costs["spent_usd"] == json.loads(answer.text)["usage"]["cost"]
    assert parse_usd(costs["spent_usd"]) > 0


def test_a_token_that_was_put_off_opens_a_session_afterwards(companion: Companion) -> None:
    pull = companion.bot.open({"src/b.py": defect()})
    session, token = companion.session(pull), companion.token(pull)
    companion.bot.model.hold(_ASKED)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(companion.ask, session)
        companion.bot.model.wait_until_asked(_ASKED)
        service = told_to_stop(companion)
        assert companion.buy(token, pull.number).status == 503
        companion.bot.model.let_go(_ASKED)
        assert waiting.result().status == 200
    assert service.wait() == 0
    companion.serve()
    assert companion.buy(token, pull.number).status == 201
    again = companion.ask(session)
    assert (again.status, json.loads(again.text)["usage"]["cost"]) == (200, "0")


def test_a_second_sigterm_waits_for_nobody(companion: Companion) -> None:
    session = companion.session(companion.bot.open({"src/b.py": defect()}))
    companion.bot.model.hold(_ASKED)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(companion.ask, session)
        companion.bot.model.wait_until_asked(_ASKED)
        service = told_to_stop(companion)
        service.ask_to_stop()
        assert service.wait() == 0
        companion.bot.model.let_go(_ASKED)
        assert waiting.exception(PATIENCE) is not None


def test_without_a_question_it_ends_as_ever(companion: Companion) -> None:
    session = companion.session(companion.bot.open({"src/b.py": defect()}))
    assert companion.ask(session).status == 200
    service = told_to_stop(companion)
    assert service.wait() == 0
    companion.serve()
    assert code_of(companion.ask("rbs-" + "x" * 40)) == "session-over"
