"""What is said to people on GitHub, in their language.

English stands in the code, where it is said: ``say("Not read, and why")``. A file here for each
other language has the same sentences, by their English wording. Machine contracts (JSON, SARIF,
marks, command names, keys and values of the policy) are not words, and stay as they are.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from reviewbot.domain.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LANGUAGES = ("de", "es", "fr", "ja", "pt", "zh", "zh-hant")  # besides English
_REGIONS = {"zh-tw": "zh-hant", "zh-hk": "zh-hant", "zh-mo": "zh-hant"}


def _one_and_more(count: int) -> int:
    return int(count != 1)


def _upto_one_and_more(count: int) -> int:
    return int(count > 1)


def _always_the_same(_count: int) -> int:
    return 0


# Which of a language's forms a count takes.
_FORMS: Mapping[str, Callable[[int], int]] = {
    "fr": _upto_one_and_more,
    "pt": _upto_one_and_more,
    "ja": _always_the_same,
    "zh": _always_the_same,
    "zh-hant": _always_the_same,
}


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """One language's words; called with the English wording, they say it in theirs.

    *language* is the file's name: where there is none for what a policy asks for, it is English.
    """

    language: str
    sentences: Mapping[str, str | list[str]] = field(default_factory=dict, repr=False)
    terms: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)

    def __call__(self, template: str, /, *, one: str = "", **values: object) -> str:
        """A sentence; *one* is its English wording for a ``count`` of one."""
        return self.told(Phrase(template, one=one, **values))

    def told(self, text: str) -> str:
        """A phrase in this language; any other text is foreign, and stays as it is."""
        if not isinstance(text, Phrase) or not self.sentences:
            return str(text)
        forms = self.sentences.get(text.template)
        if forms is None:  # such as phrases in a row, which need words only for their parts
            forms = text.template
        elif isinstance(forms, list):
            forms = forms[self.form(text.values["count"])]
        return forms.format(**{name: self._inner(each) for name, each in text.values.items()})

    def term(self, word: StrEnum) -> str:
        """A severity, category, tier or class of the receipt."""
        return self.terms.get(type(word).__name__.lower(), {}).get(word.value, word.value)

    def _inner(self, value: object) -> object:
        if isinstance(value, StrEnum):
            return self.term(value)
        return self.told(value) if isinstance(value, Phrase) else value

    def form(self, count: int) -> int:
        """Which form of a sentence a count takes."""
        return _FORMS.get(self.language, _one_and_more)(count)


ENGLISH = Words("en")


def in_language(tag: str) -> Words:
    """The words for a BCP 47 tag: ``de-AT`` finds German; English where nothing is found."""
    parts = tag.lower().split("-")
    for length in range(len(parts), 0, -1):
        name = "-".join(parts[:length])
        name = _REGIONS.get(name, name)
        if name in LANGUAGES:
            return _words(name)
    return ENGLISH


@cache
def _words(name: str) -> Words:
    table = tomllib.loads((resources.files(__package__) / f"{name}.toml").read_text("utf-8"))
    return Words(name, table.pop("sentences"), table)
