from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.egress import Egress
from reviewbot.domain.errors import (
    BadAnswer,
    BudgetExhausted,
    ModelRefused,
    ModelUnavailable,
    OutOfMoney,
    SettingsError,
)
from reviewbot.domain.finding import Tier
from reviewbot.domain.policy import Data
from reviewbot.models.attempt import Attempts, Route
from reviewbot.models.breaker import Breaker, State
from reviewbot.models.config import Patience, RouteConfig
from reviewbot.models.endpoint import Endpoint
from reviewbot.models.faults import Fault
from reviewbot.models.router import Router
from reviewbot.review.ports import Ending
from tests.contracts.models.scripted import Reply, Scripted, refuses, says
from tests.contracts.models.world import KEY, PRICE, Hours, config, endpoint, purse, question
from tests.fakes.ledger import FakeLedger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reviewbot.models.config import RouterConfig
    from reviewbot.review.ports import Charge, Grant


class House:
    """A router over scripted endpoints named one, two…, with its ledger and its time."""

    def __init__(
        self,
        servers: list[Scripted],
        change: Callable[[RouterConfig], RouterConfig],
        ledger: FakeLedger | None = None,
        most_calls: int = 32,
    ) -> None:
        self.servers, self.hours = servers, Hours()
        self.ledger = ledger or FakeLedger()
        names = ("one", "two", "three")
        endpoints = [
            endpoint(name, server.url, name.upper())
            for name, server in zip(names, servers, strict=False)
        ]
        self.router = Router(change(config(*endpoints)), self.ledger, self.hours.clock, most_calls)

    @property
    def calls(self) -> list[int]:
        """How many requests each endpoint heard."""
        return [len(server.heard) for server in self.servers]

    @property
    def endings(self) -> list[Ending]:
        assert not self.ledger.open, "every grant is settled"
        return [entry.attempt.ending for entry in self.ledger.entries]


@contextlib.contextmanager
def house(
    *scripts: list[Reply],
    change: Callable[[RouterConfig], RouterConfig] = lambda config: config,
    ledger: FakeLedger | None = None,
    most_calls: int = 32,
) -> Iterator[House]:
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(Scripted(*replies).running()) for replies in scripts]
        built = House(servers, change, ledger, most_calls)
        stack.callback(built.router.close)
        yield built


def test_an_answer_is_reserved_sent_settled_and_shared_out() -> None:
    with house([says('{"n":1}')]) as it:
        answers = it.router.ask(question(1, 2), purse())
    assert [answer.key for answer in answers] == ["key-0", "key-1"]
    assert {answer.model for answer in answers} == {"small-model"}
    assert {answer.review_id for answer in answers} == {"review-1"}
    assert sum(answer.cost for answer in answers) == 100 * PRICE.input + 20 * PRICE.output
    assert [answer.tokens for answer in answers] == [40, 80]
    (entry,) = it.ledger.entries
    assert entry.answers == tuple(answers)
    assert entry.attempt.ending is Ending.ANSWERED
    assert entry.attempt.model_answered == "small-2026"
    assert entry.charge.jurisdiction == "ONE"
    assert entry.charge.lease_seconds == 120.0
    assert entry.cost <= entry.charge.worst


def test_a_parameter_is_learned_once_and_each_request_has_a_reservation() -> None:
    refusal = refuses(400, "response_format is not supported")
    with house([refusal, says()]) as it:
        it.router.ask(question(), purse())
        it.router.ask(question(), purse())
    assert it.calls == [3]
    assert it.endings == [Ending.REFUSED, Ending.ANSWERED, Ending.ANSWERED]


def test_lessons_are_no_attempts() -> None:
    lessons = [
        refuses(400, "response_format json_schema is unknown"),
        refuses(400, "response_format json_object is unknown"),
        refuses(400, "max_tokens is not supported"),
        refuses(400, "temperature must be 1"),
    ]
    with house([*lessons, says()]) as it:
        it.router.ask(question(), purse())
    body = it.servers[0].heard[-1].body
    assert set(body) == {"model", "messages", "max_completion_tokens"}


def test_an_endpoint_that_refuses_a_parameter_for_ever_is_given_up() -> None:
    with house([refuses(400, "temperature response_format max_tokens")]) as it:
        with pytest.raises(ModelRefused):
            it.router.ask(question(), purse())
        assert it.calls[0] <= 7


def test_the_next_route_is_asked_when_one_cannot_answer() -> None:
    with house([refuses(503)], [says()]) as it:
        it.router.ask(question(), purse())
    assert it.calls == [1, 1]
    assert it.endings == [Ending.REFUSED, Ending.ANSWERED]
    assert it.hours.slept == []


def test_a_cut_connection_is_presumed_to_have_cost_the_worst() -> None:
    with house([Reply(drop=True)], [says()]) as it:
        it.router.ask(question(), purse())
    assert it.endings == [Ending.UNKNOWN, Ending.ANSWERED]
    assert it.ledger.entries[0].cost == it.ledger.entries[0].charge.worst


def test_a_lone_route_is_asked_again_after_a_pause() -> None:
    with house([refuses(500), refuses(500), says()]) as it:
        it.router.ask(question(), purse())
    first, second = it.hours.slept
    assert 0.25 <= first <= 0.5 <= second <= 1.0


def test_half_an_answer_is_asked_for_again() -> None:
    with house([Reply(body=b'{"choices": [{"mess'), says()]) as it:
        it.router.ask(question(), purse())
    assert it.endings == [Ending.UNKNOWN, Ending.ANSWERED]


def test_a_page_is_not_asked_for_again() -> None:
    with house([Reply(body=b"<html>Welcome</html>")]) as it, pytest.raises(ModelRefused):
        it.router.ask(question(), purse())
    assert it.calls == [1]


def test_attempts_come_to_an_end_with_the_reason() -> None:
    with house([refuses(500)]) as it:
        with pytest.raises(ModelUnavailable, match=r"one could not answer \(http-500\)"):
            it.router.ask(question(), purse())
        assert it.calls == [3]


def test_a_breaker_opens_and_lets_one_probe_in_later() -> None:
    with house([*[refuses(500)] * 5, says()], change=_impatient) as it:
        for _ in range(5):
            with pytest.raises(ModelUnavailable):
                it.router.ask(question(), purse())
        assert it.router.endpoints_status() == [("one", State.OPEN)]
        with pytest.raises(ModelUnavailable, match="one failed repeatedly"):
            it.router.ask(question(), purse())
        assert it.calls == [5]
        it.hours.seconds += 10
        it.router.ask(question(), purse())
        assert it.router.endpoints_status() == [("one", State.CLOSED)]


def test_a_refused_budget_leaves_the_probe_to_others() -> None:
    ledger = FakeLedger()
    with house([*[refuses(500)] * 5, says()], change=_impatient, ledger=ledger) as it:
        for _ in range(5):
            with pytest.raises(ModelUnavailable):
                it.router.ask(question(), purse())
        it.hours.seconds += 10
        ledger.limit = 0
        with pytest.raises(BudgetExhausted):
            it.router.ask(question(), purse())
        ledger.limit = 10**18
        assert it.router.ask(question(), purse())


def test_retry_after_is_honoured_where_there_is_no_other_route() -> None:
    with house([refuses(429, headers={"Retry-After": "7"}), says()]) as it:
        it.router.ask(question(), purse())
    assert it.hours.slept == [7.0]


def test_a_date_in_retry_after_is_honoured_too() -> None:
    until = "Tue, 24 Nov 2026 12:00:02 GMT"  # two seconds after the world's noon
    with house([refuses(429, headers={"Retry-After": until}), says()]) as it:
        it.router.ask(question(), purse())
    assert it.hours.slept == [2.0]


def test_a_throttled_route_is_left_for_another() -> None:
    with house([refuses(429, headers={"Retry-After": "7"})], [says()]) as it:
        it.router.ask(question(), purse())
    assert it.hours.slept == []
    assert it.calls == [1, 1]


def test_nobody_waits_longer_than_patience_lasts() -> None:
    with house([refuses(429, headers={"Retry-After": "3600"})]) as it:
        with pytest.raises(ModelUnavailable, match="asks to wait"):
            it.router.ask(question(), purse())
        assert it.hours.slept == []
        assert it.calls == [1]


def test_a_wrong_key_is_tried_once_and_never_shown() -> None:
    with house([refuses(401, f"wrong key {KEY}")]) as it:
        with pytest.raises(ModelRefused, match="does not accept the API key") as caught:
            it.router.ask(question(), purse())
        assert it.calls == [1]
    assert KEY not in str(caught.value)
    assert it.ledger.spent == 0


def test_a_wrong_key_at_one_endpoint_does_not_stop_the_others() -> None:
    with house([refuses(401)], [refuses(402)], [says()], change=_impatient) as it:
        it.router.ask(question(), purse())
    assert it.calls == [1, 1, 1]


def test_an_empty_account_is_told_apart() -> None:
    with house([refuses(402)]) as it, pytest.raises(OutOfMoney, match="one is out of money"):
        it.router.ask(question(), purse())


def test_an_answer_that_is_no_json_is_asked_for_once_more_and_both_are_billed() -> None:
    with house([says("no json"), says("{}")]) as it:
        it.router.ask(question(), purse())
    assert it.endings == [Ending.GARBLED, Ending.ANSWERED]
    assert it.ledger.entries[0].cost == it.ledger.entries[1].cost > 0


def test_two_useless_answers_are_enough() -> None:
    with house([says("no json")], [says()]) as it:
        with pytest.raises(BadAnswer, match="no JSON"):
            it.router.ask(question(), purse())
        assert it.calls == [2, 0]
    assert it.endings == [Ending.GARBLED, Ending.GARBLED]


def test_without_usage_the_worst_is_presumed_and_the_answers_are_kept() -> None:
    with house([says(usage=None)]) as it:
        answers = it.router.ask(question(3, 1), purse())
    (entry,) = it.ledger.entries
    assert entry.attempt.ending is Ending.UNKNOWN
    assert entry.answers == tuple(answers)
    assert sum(answer.cost for answer in answers) == entry.charge.worst


def test_a_redirect_takes_the_key_nowhere() -> None:
    with Scripted(says()).running() as elsewhere:
        redirect = Reply(308, headers={"Location": f"{elsewhere.url}/chat/completions"})
        with house([redirect]) as it, pytest.raises(ModelRefused, match="redirects elsewhere"):
            it.router.ask(question(), purse())
    assert elsewhere.heard == []


def test_code_goes_only_where_the_policy_lets_it() -> None:
    with house([says()], [says()]) as it:
        it.router.ask(question(), purse(Data(allowed_jurisdictions=("TWO",))))
        assert it.calls == [0, 1]
        with pytest.raises(ModelUnavailable, match="the policy lets no code go"):
            it.router.ask(question(), purse(Data(allowed_endpoints=())))
        assert it.calls == [0, 1]


def test_a_route_without_a_price_is_never_called() -> None:
    def change(config: RouterConfig) -> RouterConfig:
        (model,) = config.models
        first, second = model.routes
        routes = (replace(first, price=None), second)
        return replace(config, models=(replace(model, routes=routes),))

    with house([says()], [says()], change=change) as it:
        it.router.ask(question(), purse())
    assert it.calls == [0, 1]


def test_a_tier_without_any_price_is_a_wrong_setting() -> None:
    unpriced = config(endpoint("one", "http://127.0.0.1:9/v1"), price=None)
    with pytest.raises(SettingsError, match="no route of the cheap tier has a price"):
        Router(unpriced, FakeLedger(), Hours().clock)


def test_names_that_lead_nowhere_are_wrong_settings() -> None:
    good = config(endpoint("one", "http://127.0.0.1:9/v1"))
    with pytest.raises(SettingsError, match="'other'"):
        Router(replace(good, strong=("other",)), FakeLedger(), Hours().clock)
    with pytest.raises(SettingsError, match="no known endpoint"):
        Router(replace(good, endpoints=()), FakeLedger(), Hours().clock)


def test_tiers_tell_their_models_and_their_price() -> None:
    router = Router(config(endpoint("one", "http://127.0.0.1:9/v1")), FakeLedger(), Hours().clock)
    assert list(router.models(Tier.CHEAP)) == ["small-model"]
    assert list(router.models(Tier.STRONG)) == []
    assert router.price(Tier.CHEAP) == PRICE
    assert router.price(Tier.STRONG) is None


def test_an_unexpected_error_leaves_no_grant_open() -> None:
    def divide(_: str) -> tuple[str, ...]:
        raise ZeroDivisionError

    with house([says()]) as it:
        with pytest.raises(ZeroDivisionError):
            it.router.ask(replace(question(), divide=divide), purse())
        assert it.endings == [Ending.UNKNOWN]


def test_a_refused_budget_sends_nothing() -> None:
    with house([says()], ledger=FakeLedger(limit=1)) as it:
        with pytest.raises(BudgetExhausted):
            it.router.ask(question(), purse())
        assert it.calls == [0]


def test_calls_side_by_side_are_bounded_for_the_whole_server() -> None:
    class Counting(FakeLedger):
        most = 0

        def reserve(self, charge: Charge) -> Grant:
            grant = super().reserve(charge)
            self.most = max(self.most, len(self.open))
            return grant

    ledger = Counting()
    with house([says()], ledger=ledger, most_calls=2) as it:
        threads = [
            threading.Thread(target=it.router.ask, args=(question(), purse())) for _ in range(12)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert it.calls == [12]
    assert len(it.endings) == 12
    assert 1 <= ledger.most <= 2


def test_a_probe_tells_of_every_endpoint() -> None:
    with house([says()], [refuses(401)]) as it:
        found = dict(it.router.probe())
    assert found["one"] == ""
    assert "API key" in found["two"]


def test_the_sdk_is_not_imported_before_it_is_needed() -> None:
    code = "import sys, reviewbot.models.router; sys.exit('openai' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def _impatient(config: RouterConfig) -> RouterConfig:
    return replace(config, patience=Patience(attempts=1, wait=5.0))


def test_the_last_look_before_code_leaves_trusts_no_router() -> None:
    ledger = FakeLedger()
    with Scripted(says()).running() as server:
        place = endpoint("one", server.url, "CN")
        speaker = Endpoint(place)
        route = Route("small-model", RouteConfig("one", "small", PRICE), speaker, Breaker(float))
        attempts = Attempts(ledger, Hours().clock, Patience(), 1)
        for data in (
            Data(allowed_jurisdictions=("EU",)),
            Data(allowed_endpoints=("two",)),
            Data(allowed_jurisdictions=("CN",), allowed_endpoints=()),
        ):
            with pytest.raises(Fault, match="the policy lets no code go to one"):
                attempts.make(question(), purse(data), route)
        assert server.heard == []
        assert not ledger.entries
        assert attempts.make(question(), purse(Data(allowed_jurisdictions=("CN",))), route)
        speaker.close()


def test_an_endpoint_without_a_jurisdiction_is_on_no_list() -> None:
    assert not Data(allowed_jurisdictions=("EU",)).allows("one", "")
    assert Data().allows("one", "")


def test_every_attempt_says_what_leaves() -> None:
    with house([refuses(500)], [says()]) as it:
        it.router.ask(question(), purse())
        sent = [entry.charge.egress for entry in it.ledger.entries]
    prompt = question().prompt
    assert sent == [Egress.of(prompt.system, prompt.user)] * 2
