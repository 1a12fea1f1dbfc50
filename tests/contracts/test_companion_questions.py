"""Questions of sessions, on a real ledger and router, whatever the endpoint does."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.egress import REDACTED, Egress
from reviewbot.domain.finding import Tier
from reviewbot.domain.money import parse_usd
from reviewbot.domain.pull_request import PullKey
from reviewbot.ledger import quarantine
from reviewbot.ledger.drains import drain
from reviewbot.ledger.egress import entries
from reviewbot.ledger.job_sessions import Terms
from reviewbot.review.ports import Limits, Prompt, Purse
from reviewbot.review.schema import answer_schema
from reviewbot.runtime.companion_calls import Asked, NoAnswer, Questions
from reviewbot.runtime.core import open_core
from reviewbot.runtime.settings import load_settings
from reviewbot.sandbox.model import API_KEY, CHEAP_MODEL, STRONG_MODEL, SandboxModel
from reviewbot.sandbox.model_manners import Fault, Manners, Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reviewbot.runtime.core import Core

_ONE = parse_usd("1")
_CHUNK = "<<<CHUNK abc\nFile: src/a.py\n@@\n1 + {}\n>>>CHUNK abc"


def terms(number: int = 5) -> Terms:
    limits = Limits(_ONE, _ONE, _ONE, _ONE, _ONE)
    return Terms(Purse("review-1", PullKey(7, number), "acme/shop", 3, "a" * 40, limits))


def asked(text: str = "x = 1", model: str = "") -> Asked:
    prompt = Prompt("Answer in JSON.", _CHUNK.format(text), answer_schema(Tier.CHEAP))
    return Asked(Tier.CHEAP, model, prompt, 200)


@contextmanager
def opened(database_url: str, manners: Manners) -> Iterator[tuple[Core, SandboxModel]]:
    with SandboxModel(manners={CHEAP_MODEL: manners}) as model:
        environ = {
            "REVIEWBOT_API_KEY": API_KEY,
            "REVIEWBOT_BASE_URL": model.base_url,
            "REVIEWBOT_CHEAP_MODEL": CHEAP_MODEL,
            "REVIEWBOT_CHEAP_PRICE": "0.18/0.25",
            "REVIEWBOT_DATABASE__URL": database_url,
            "REVIEWBOT_LIMITS__BUDGET_WAIT_SECONDS": "0",
        }
        with open_core(load_settings(environ)) as core:
            yield core, model


def test_an_answer_is_told_with_its_exact_bill(database_url: str) -> None:
    with opened(database_url, Manners()) as (core, model):
        told = Questions(core).ask(terms(), asked())
        [call] = model.calls
        [left] = entries(core.database)
    assert json.loads(told.text)["findings"] == []
    assert (told.finish, told.model) == ("stop", CHEAP_MODEL)
    assert (told.bill.usage.input, told.bill.usage.output) == (
        call.prompt_tokens,
        call.completion_tokens,
    )
    assert told.bill.cost > 0
    assert left["repository"] == "acme/shop"


def test_the_same_question_is_answered_from_memory(database_url: str) -> None:
    with opened(database_url, Manners()) as (core, model):
        questions = Questions(core)
        first = questions.ask(terms(), asked())
        again = questions.ask(terms(), asked())
        assert (again.text, again.bill.cost) == (first.text, 0)
        questions.ask(terms(6), asked())  # of another pull request it is another question
        assert len(model.calls) == 2


def test_what_was_cut_off_is_said_to_be_and_billed(database_url: str) -> None:
    with opened(database_url, Manners(longest=3)) as (core, _):
        told = Questions(core).ask(terms(), asked())
    assert (told.text, told.finish) == ("", "length")
    assert told.bill.cost > 0


def test_a_garbled_answer_is_the_jobs_to_read_and_asked_anew(database_url: str) -> None:
    faults = (Fault(Trouble.GARBLED),)
    with opened(database_url, Manners(faults=faults)) as (core, model):
        questions = Questions(core)
        assert questions.ask(terms(), asked()).text.endswith("I could not go on.")
        assert json.loads(questions.ask(terms(), asked()).text)["findings"] == []
        assert len(model.calls) == 2


def test_an_answer_that_nobody_counted_is_given_without_usage(database_url: str) -> None:
    faults = (Fault(Trouble.NO_USAGE),)
    with opened(database_url, Manners(faults=faults)) as (core, _):
        told = Questions(core).ask(terms(), asked())
    assert told.text
    assert not told.bill.is_counted


def test_an_endpoint_that_fails_to_the_end_is_no_answer(database_url: str) -> None:
    faults = (Fault(status=401),)
    world = opened(database_url, Manners(faults=faults))
    with world as (core, _), pytest.raises(NoAnswer) as caught:
        Questions(core).ask(terms(), asked())
    assert (caught.value.status, caught.value.code) == (424, "no-answer")


def test_an_endpoint_under_quarantine_is_told_as_such(database_url: str) -> None:
    with opened(database_url, Manners()) as (core, model):
        [(name, _)] = core.router.endpoints_status()
        with core.database.transaction() as session:
            quarantine.flag(session, name, "billed too much", 0)
        with pytest.raises(NoAnswer) as caught:
            Questions(core).ask(terms(), asked())
        assert model.calls == []
    assert caught.value.code == "endpoint-quarantined"


def test_a_drained_endpoint_is_no_liar(database_url: str) -> None:
    with opened(database_url, Manners()) as (core, model):
        [(name, _)] = core.router.endpoints_status()
        drain(core.database, name, "ada", "maintenance")
        with pytest.raises(NoAnswer) as caught:
            Questions(core).ask(terms(), asked())
        assert model.calls == []
    assert (caught.value.status, caught.value.code) == (424, "endpoint-drained")


def test_a_model_may_be_named(database_url: str) -> None:
    with opened(database_url, Manners()) as (core, _):
        assert Questions(core).ask(terms(), asked(model=CHEAP_MODEL)).model == CHEAP_MODEL
        assert STRONG_MODEL not in core.router.models(Tier.CHEAP)


def test_a_secret_goes_no_further_in_whichever_message(database_url: str) -> None:
    secret = "AKIA" + "Z7Q4" * 4
    question = asked()
    prompt = replace(question.prompt, system=f"Answer in JSON. The key is '{secret}'.")
    with opened(database_url, Manners()) as (core, _):
        told = Questions(core).ask(terms(), replace(question, prompt=prompt))
        [left] = entries(core.database)
    clean = f"Answer in JSON. The key is '{REDACTED}AWS access key]'."
    assert left["prompt_sha256"] == Egress.of(clean, prompt.user).digest
    assert told.redactions == 1
