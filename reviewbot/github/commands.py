"""Finds the command in a comment: ``/reviewbot VERB …`` or ``@reviewbot VERB …``.

It stands at the start of a line of plain text, as Markdown reads it: what is quoted, code,
HTML, or in a table or list is somebody's example.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from reviewbot.domain.command import LONGEST

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it.token import Token

_CALL = re.compile(r"[/@]reviewbot(?![\w./@-])[:,]?[ \t]*", re.IGNORECASE)
_CALLED = re.compile(rf"^[ \t]*{_CALL.pattern}", re.IGNORECASE | re.MULTILINE)
_OWN_MARK = "<!-- reviewbot:"
_LONGEST_COMMENT = 20_000  # characters; reading a comment must not keep a webhook waiting
_QUESTION = "ask"  # the one command that may go on over several lines
_BREAKS = {"softbreak", "hardbreak"}


def find_command(body: str) -> str | None:
    """The first command in a comment without the name that calls it; None if there is none."""
    if len(body) > _LONGEST_COMMENT or _OWN_MARK in body or not _CALLED.search(body):
        return None
    for paragraph in _paragraphs(body):
        lines = list(_lines(paragraph))
        for number, line in enumerate(lines):
            if line and (call := _CALL.match(line)):
                said = line[call.end() :]
                if said.casefold().split()[:1] == [_QUESTION]:
                    said = " ".join([said, *_until_next(lines[number + 1 :])])
                return " ".join(said.split())[:LONGEST] or "help"
    return None


def _until_next(lines: Sequence[str]) -> Iterator[str]:
    """The lines that go on with a question: the rest of its paragraph, or up to a command."""
    for line in lines:
        if _CALL.match(line):
            return
        yield line


def _paragraphs(body: str) -> Iterator[Sequence[Token]]:
    """The plain text between the blank lines of a comment, outside of everything else."""
    depth = 0
    for token in _reader().parse(body):
        if token.type == "inline" and token.children and depth == 1:
            yield token.children
        plain = token.type in {"paragraph_open", "paragraph_close"}
        # Whatever is no paragraph counts twice, so that only its outside has the depth of one.
        depth += token.nesting * (1 if plain else 2)


def _lines(children: Sequence[Token]) -> Iterator[str]:
    """The text of each line; one that does not begin as plain text begins with a blank."""
    line = ""
    for token in children:
        if token.type in _BREAKS:
            yield line
            line = ""
            continue
        code = token.type == "code_inline"
        shown = f"{token.markup}{token.content}{token.markup}" if code else token.content
        line += shown if line or token.type == "text" else f" {shown}"
    yield line


@cache
def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark").enable("table")
    return reader.disable(["link", "image", "emphasis", "autolink", "text_join"])
