"""Texts for people that can be said in another language later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterable


class Phrase(str):
    """The English text, and how it was made: what is foreign in it is told from the words.

    *template* is the English wording with ``{names}`` for *values*, and what it is looked up by in
    other languages. *one* is the English wording for a ``count`` of one. As records, logs and
    terminals are English, they need no more than the string.
    """

    __slots__ = ("one", "template", "values")

    template: str
    one: str
    values: dict[str, Any]

    def __new__(cls, template: str, /, *, one: str = "", **values: object) -> Self:
        """Fill the template in; what *values* hold is never taken for a template."""
        english = one if one and values.get("count") == 1 else template
        phrase = super().__new__(cls, english.format(**values))
        phrase.template, phrase.one, phrase.values = template, one, values
        return phrase

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, object]]:
        """Errors that hold phrases survive pickling."""
        return (self.template,), {"one": self.one, **self.values}


def joined(phrases: Iterable[str], mark: str) -> Phrase:
    """Phrases in a row with a *mark* between them."""
    parts = {f"part{number}": phrase for number, phrase in enumerate(phrases)}
    return Phrase(mark.join(f"{{{name}}}" for name in parts), **parts)
