"""Every language says all that the code says, and nothing else."""

from __future__ import annotations

import re
import string
import tomllib
from typing import Any

import pytest

from reviewbot.domain.finding import Category, Severity, Tier
from reviewbot.domain.outcome import Coverage
from reviewbot.domain.phrase import Phrase
from reviewbot.domain.tip import Hearing
from reviewbot.review.walkthrough import Risk
from reviewbot.review.words import LANGUAGES, Words, in_language
from tests.unit.review.words.catalogue import SOURCE, computed, sentences, unsaid

ALL = pytest.mark.parametrize("language", LANGUAGES)
_TERMS = (Category, Coverage, Hearing, Risk, Severity, Tier)
_COUNTS = (0, 1, 2, 5, 21, 100)
_LONGEST_LABEL, _LONGEST_DESCRIPTION = 20, 40  # characters of a button, by GitHub


def words_of(language: str) -> Words:
    words = in_language(language)
    assert words.language == language
    return words


def forms_of(language: str, template: str) -> list[str]:
    forms = words_of(language).sentences[template]
    return forms if isinstance(forms, list) else [forms]


def placeholders(template: str) -> list[tuple[str, str, str]]:
    """Names, conversions and formats: a number is shown in one way everywhere."""
    parsed = string.Formatter().parse(template)
    return sorted((name, how or "", form or "") for _, name, form, how in parsed if name)


def test_there_is_a_file_for_each_language_and_no_other() -> None:
    files = (SOURCE / "review" / "words").glob("*.toml")

    assert tuple(sorted(file.stem for file in files)) == LANGUAGES


@ALL
def test_a_language_has_every_sentence_and_no_other(language: str) -> None:
    assert set(words_of(language).sentences) == set(sentences())


@ALL
def test_a_language_has_a_word_for_every_term(language: str) -> None:
    wanted = {kind.__name__.lower(): {each.value for each in kind} for kind in _TERMS}

    assert {table: set(words) for table, words in words_of(language).terms.items()} == wanted


@ALL
def test_a_sentence_fills_the_same_places_in_every_language(language: str) -> None:
    for template in sentences():
        for form in forms_of(language, template):
            assert placeholders(form) == placeholders(template)


@ALL
@pytest.mark.parametrize("template", [each for each, counted in sentences().items() if counted])
def test_what_is_counted_has_a_form_for_every_number(language: str, template: str) -> None:
    words = words_of(language)
    values: dict[str, Any] = {name: name for name, _, _ in placeholders(template)}

    said = {words.told(Phrase(template, **(values | {"count": n}))) for n in _COUNTS}

    assert len(said) == len(_COUNTS)
    used = {words.sentences[template][words.form(n)] for n in _COUNTS}
    assert used == set(forms_of(language, template))


@ALL
def test_the_code_in_a_sentence_is_the_same_in_every_language(language: str) -> None:
    for template in sentences():
        for form in forms_of(language, template):
            commands = [span for span in template.split("`")[1::2] if span.startswith("/")]
            assert [span for span in form.split("`")[1::2] if span.startswith("/")] == commands


@ALL
def test_a_table_keeps_its_columns(language: str) -> None:
    for template in sentences():
        for form in forms_of(language, template):
            assert form.count("|") == template.count("|")


@ALL
def test_a_button_has_room_for_its_label(language: str) -> None:
    words = words_of(language)

    assert len(words("Review again")) <= _LONGEST_LABEL
    assert len(words("Look at this pull request again")) <= _LONGEST_DESCRIPTION


@ALL
def test_no_sentence_was_left_in_english(language: str) -> None:
    same = {each for each in sentences() if forms_of(language, each) == [each]}

    assert not {each for each in same if " " in re.sub(r"\{.*?\}", "", each).strip(" ,")}


def test_nothing_is_said_past_the_tables() -> None:
    commands = {"replies: review full", "replies: ignore rule", "replies: approve-cost"}
    assert set(unsaid()) == commands


def test_what_is_made_up_at_run_time_is_known_here() -> None:
    assert computed() == {
        "Phrase(template)",  # a sentence of its caller's
        "Phrase(mark.join((f'{{{name}}}' for name in parts)))",  # phrases in a row
        "Phrase(kind)",  # of a secret: TOKEN_KINDS
    }


def test_files_are_plain_tables() -> None:
    for language in LANGUAGES:
        text = (SOURCE / "review" / "words" / f"{language}.toml").read_text("utf-8")
        assert "<" not in text
        assert tomllib.loads(text)
