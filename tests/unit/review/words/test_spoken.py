"""A review is in one language, from its badge to its receipt."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reviewbot.domain.command import Breadth, Sender
from reviewbot.domain.errors import ModelUnavailable, PolicyError
from reviewbot.domain.finding import Severity, Tier
from reviewbot.domain.outcome import Fate
from reviewbot.domain.phrase import Phrase
from reviewbot.domain.policy import Policy
from reviewbot.domain.ruling import Silence
from reviewbot.github.commands import find_command
from reviewbot.review.ports import BaseFiles, Document
from reviewbot.review.words import LANGUAGES, in_language
from tests.unit.review.examples import (
    FINDING,
    PAY,
    PULL,
    REQUEST,
    World,
    answer,
    claim_ids,
    claimed,
    diff,
    entry,
    world,
)
from tests.unit.review.words.catalogue import english_in
from tests.unit.review.words.spoken import GOLDEN, PAGES, answers, checks, page, review

if TYPE_CHECKING:
    from reviewbot.review.ports import Question

ALL = pytest.mark.parametrize("language", LANGUAGES)


@pytest.mark.parametrize("language", PAGES)
def test_a_full_review_reads_as_it_did(language: str) -> None:
    assert page(review(language)) == (GOLDEN / f"{language}.md").read_text("utf-8")


@ALL
def test_a_review_has_no_word_of_another_language(language: str) -> None:
    publication = review(language)

    said = re.sub(r"(?m)^# .*", "", page(publication)) + publication.fallback
    assert english_in(said, in_language(language)) == set()


@ALL
def test_checks_without_a_review_have_no_word_of_another_language(language: str) -> None:
    words = in_language(language)

    assert [
        left
        for each in checks(words)
        if (left := english_in(f"{each.title} {each.summary}", words))
    ] == []


@ALL
def test_answers_to_commands_have_no_word_of_another_language(language: str) -> None:
    words = in_language(language)

    assert [left for each in answers(words) if (left := english_in(each, words))] == []


@ALL
def test_what_is_said_is_no_command(language: str) -> None:
    words = in_language(language)
    said = [*answers(words), *(each.summary for each in checks(words)), review(language).summary]

    assert [each for each in said if find_command(each)] == []


@ALL
def test_words_that_are_left_in_english_would_be_seen(language: str) -> None:
    words = in_language(language)
    for each in ("NOT FULLY READ", "Coverage receipt", "saved $0.10", "approve the cost"):
        assert english_in(f"abc {each}", words)


@ALL
def test_what_machines_read_is_the_same_in_every_language(language: str) -> None:
    english, other = review("en"), review(language)

    assert other.check.conclusion is english.check.conclusion
    known = [replace(each.finding, title="") for each in other.comments]
    assert known == [replace(each.finding, title="") for each in english.comments]


def test_the_record_of_a_review_is_english_whatever_people_read() -> None:
    def recorded(language: str) -> tuple[object, ...]:
        here = world(diff(PAY, LOCKED, SECRET), say=_unsure, policy=f"language: {language}")
        here.review()
        [(_, _, text)] = here.journal.closed
        record = json.loads(text)
        return record["findings"], record["receipt"], record["escalations"]

    assert recorded("de") == recorded("zh-CN") == recorded("en")


# --- through a whole review ------------------------------------------------------------------


def _unsure(question: Question) -> str:
    """A confirmed finding, and one that nobody confirms."""
    if question.tier is Tier.CHEAP:
        return answer(claimed(), claimed(title="`x`", quote="def pay(price, count):", start_line=1))
    verdicts = ("confirmed", "uncertain")
    names = claim_ids(question)
    said = [{"id": n, "verdict": v, "reason": "`x`"} for n, v in zip(names, verdicts, strict=False)]
    return answer(verdicts=said)


def _said(here: World) -> str:
    """What people read, without what the models wrote."""
    texts: list[str] = list(here.forge.said)
    for check in filter(None, here.forge.checks):
        texts += [check.title, check.summary, *(each.message for each in check.annotations)]
    for publication in here.forge.reviews.values():
        texts += [publication.body, publication.summary, publication.fallback]
        texts += [each.body for each in publication.comments]
    return "\n".join(texts).replace(FINDING.title, "").replace(FINDING.explanation, "")


def _refuse(_question: Question) -> str:
    raise ModelUnavailable(Phrase("{endpoint} did not answer in time", endpoint="eu"))


@ALL
def test_a_review_speaks_its_policy_s_language_all_the_way(language: str) -> None:
    policy = f"language: {language}"
    paused = world(policy=policy)
    paused.rulings.paused = "maria"
    silenced = world(say=_unsure, policy=policy)
    known = silenced.reviewed().findings[0]
    silenced.rulings.silenced = [
        Silence(Breadth.FINDING, known.fingerprint, Sender(8, "maria"), Severity.CRITICAL)
    ]
    poor = world(diff(PAY, LOCKED), say=_unsure, policy=policy)
    poor.ledger.limit = 1
    poor.ledger.refusal = Phrase(
        "the budget of {scope} was closed: {endpoint} overbilled",
        scope=Phrase("the repository today"),
        endpoint="eu",
    )
    worlds = [
        world(diff(PAY, LOCKED, SECRET), say=_unsure, policy=policy),
        silenced,
        poor,
        world(say=_refuse, policy=policy),
        world(say=lambda _: "no JSON", policy=policy),
        paused,
        world(policy=policy, pull=replace(PULL, is_draft=True)),
        world(policy=f"{policy}\nbudget: {{approve_above: 0}}"),
    ]
    for here in worlds:
        here.review()
        assert english_in(_said(here), in_language(language)) == set()


@ALL
def test_an_unusable_policy_is_told_in_the_server_s_language(language: str) -> None:
    here = world(policy="langage: de", server=Policy(language=language))

    with pytest.raises(PolicyError, match="did you mean 'language'"):
        here.review()

    assert english_in(_said(here), in_language(language)) == set()


def test_a_language_without_words_has_english_ones_and_the_model_answers_in_it() -> None:
    here = world(say=_unsure, policy="language: tlh")

    here.review()

    [publication] = here.forge.reviews.values()
    assert publication.body.startswith("reviewbot: 2 high")
    assert all("tlh" in question.prompt.system for question in here.model.asked)


def test_another_language_at_the_next_push_says_nothing_twice() -> None:
    here = world(diff(PAY, SECRET), say=_unsure, policy="language: de")
    here.review()
    here.forge.files = BaseFiles(Document(".reviewbot.yml", "language: zh-CN"), None, ())
    here.forge.pull = replace(here.forge.pull, head_sha="c" * 40)

    report = here.reviewed()

    first, second = here.forge.reviews.values()
    assert len(first.comments) == 2
    assert second.comments == ()
    assert [each.fate for each in report.open_findings[:2]] == [Fate.STANDING, Fate.STANDING]
    assert "自上次推送以来" in second.summary


def test_a_secret_is_known_again_whatever_language_its_comment_is_in() -> None:
    here = world(diff(SECRET), policy="language: de")
    here.review()
    asked = len(here.model.asked)
    # GitHub gives the title back as it was posted.
    here.forge.comments = {
        name: replace(each, title="Geheimnis eingecheckt: AWS-Zugangsschlüssel")
        for name, each in here.forge.comments.items()
    }

    report = here.reviewed(replace(REQUEST, trigger="again"))

    assert len(here.model.asked) == asked
    assert [each.fate for each in report.findings] == [Fate.STANDING]


LOCKED = entry("uv.lock", "x = 1")
SECRET = entry("conf.py", 'key = "AKIAABCDEFGHIJKLMNOP"')
