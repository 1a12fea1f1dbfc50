"""Words are found for a language, and say what was meant."""

from __future__ import annotations

import pickle

import pytest

from reviewbot.domain.finding import Severity
from reviewbot.domain.phrase import Phrase
from reviewbot.review.words import ENGLISH, in_language


@pytest.mark.parametrize(
    ("tag", "found"),
    [
        ("de", "de"),
        ("de-AT", "de"),
        ("DE-at-1996", "de"),
        ("zh", "zh"),
        ("zh-CN", "zh"),
        ("zh-Hans-SG", "zh"),
        ("en-GB", "en"),
        ("tlh", "en"),
    ],
)
def test_a_language_falls_back_to_the_nearest_that_there_is(tag: str, found: str) -> None:
    assert in_language(tag).language == found


def test_a_phrase_is_its_english_text() -> None:
    phrase = Phrase("{count} segments", one="{count} segment", count=1)

    assert phrase == "1 segment"
    assert ENGLISH.told(phrase) == "1 segment"


def test_plurals_follow_the_language() -> None:
    one, two = (Phrase("{count} segments", one="{count} segment", count=n) for n in (1, 2))

    assert [in_language("de").told(each) for each in (one, two)] == ["1 Abschnitt", "2 Abschnitte"]
    assert [in_language("zh").told(each) for each in (one, two)] == ["1 个片段", "2 个片段"]


def test_foreign_text_stays_as_it_is_and_is_no_template() -> None:
    assert in_language("de").told("Not read, and why {0}") == "Not read, and why {0}"
    assert Phrase("{what}", what="{braces}") == "{braces}"


def test_terms_inside_a_phrase_are_said_too() -> None:
    assert in_language("de").term(Severity.HIGH) == "hoch"
    assert ENGLISH.term(Severity.HIGH) == "high"


def test_a_phrase_survives_pickling() -> None:
    phrase = pickle.loads(pickle.dumps(Phrase("{count} segments", one="one {x}", count=1, x="{")))  # noqa: S301

    assert (phrase, phrase.template) == ("one {", "{count} segments")
