"""Makes foreign text harmless where people read it: Markdown, terminals, annotations.

What a model or a pull request says may not mention people, link, load images, carry HTML,
refer to issues, or hide characters.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Line separators, zero-width characters, tags and variation selectors: invisible code.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]"
)
_UNSEEN = {"Cc", "Cf", "Cs"}  # control and format characters, halves of surrogate pairs
_HTML_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_TICKS = re.compile(r"`+")
# What GitHub would turn into a mention, a reference or a link.
_ACTIVE = re.compile(
    r"(?P<url>(?:[a-z][a-z0-9+.-]{1,20}://|www\.)[^\s<>`]+)"
    r"|(?P<name>@[A-Za-z0-9][A-Za-z0-9/_-]*)"
    r"|(?P<issue>(?:[\w.-]{1,100}/[\w.-]{1,100})?\#\d\w*|\bGH-\d\w*)"
    r"|(?P<commit>\b(?:[0-9a-f]{7,64}\b|(?=[a-f]{0,6}[0-9])[0-9a-f]{7}\w*))",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"([\\*_~\[\]|<>&])")
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}


def is_plain(text: str) -> bool:
    """Whether *text* has neither invisible nor control characters (tab and line feed aside)."""
    return visible(text) == text


def visible(text: str) -> str:
    """*text* without control, escape, bidirectional and invisible characters."""
    text = _INVISIBLE.sub("", text)
    return "".join(
        char for char in text if char in "\n\t" or unicodedata.category(char) not in _UNSEEN
    )


def spoken(text: str) -> str:
    """*text* as its readers see it: without HTML comments, which hide marks and worse."""
    return _HTML_COMMENT.sub("", visible(text))


def one_line(text: str) -> str:
    """*text* for a terminal's or a log's line."""
    return " ".join(visible(text).split())


def markdown(text: str) -> str:
    """Foreign prose as Markdown that only shows: code spans stay, all else is inert."""
    text = spoken(text)
    parts: list[str] = []
    end = 0
    for opening, closing in _code_spans(text):
        parts += [
            _inert(text[end : opening.start()]),
            code_span(text[opening.end() : closing.start()]),
        ]
        end = closing.end()
    parts.append(_inert(text[end:]))
    return _joined(parts).strip()


def _code_spans(text: str) -> Iterator[tuple[re.Match[str], re.Match[str]]]:
    """The backticks around each code span: a run, and the next one that is as long.

    In linear time: a pattern that looks ahead for the end of each run takes hours for some texts.
    """
    runs = list(_TICKS.finditer(text))
    later: dict[int, list[re.Match[str]]] = {}
    for run in reversed(runs):
        later.setdefault(len(run.group()), []).append(run)
    end = 0
    for run in runs:
        alike = later[len(run.group())]
        alike.pop()  # this one
        if run.start() >= end and alike:
            end = alike[-1].end()
            yield run, alike[-1]


def code_span(text: str) -> str:
    """*text* as inline code, whatever backticks it holds."""
    text = " ".join(visible(text).split())
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    ticks = "`" * (longest + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{pad}{text}{pad}{ticks}" if text else ""


def code_block(lines: Sequence[str], language: str = "") -> str:
    """*lines* as a fenced block; the fence is longer than any run of backticks inside."""
    longest = max((len(run) for line in lines for run in re.findall(r"`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join((f"{fence}{language}", *lines, fence))


def folded(title: str, lines: Sequence[str]) -> str:
    """*lines* as a part that people open by its title; Markdown, both of our own making."""
    inner = "\n".join(lines)
    return f"<details><summary>{title}</summary>\n\n{inner}\n\n</details>"


def cell(text: str) -> str:
    """*text* for a cell of a table: cells are told apart before code is, so a bar would end it."""
    return one_line(text).replace("|", "¦")


def shortened(text: str, most: int) -> str:
    """At most *most* characters, cut at a word."""
    if len(text) <= most:
        return text
    cut = text[: most - 1].rstrip()
    return (cut.rpartition(" ")[0] or cut) + "…"


def _inert(text: str) -> str:
    parts: list[str] = []
    end = 0
    for match in _ACTIVE.finditer(text):
        parts += [_escaped(text[end : match.start()]), code_span(match.group())]
        end = match.end()
    parts.append(_escaped(text[end:]))
    joined = _joined(parts)
    # What begins a line could be a heading, a list, a quotation or a rule.
    return re.sub(r"(?m)^([^\S\n]*\d*)([#+=-]+|[.)])(?=\s|$)", r"\1\\\2", joined)


def _joined(parts: list[str]) -> str:
    """The parts in a row; the backticks of neighbours would make other spans of them."""
    return re.sub(r"(?<=`)\0(?=`)", " ", "".join(f"{part}\0" for part in parts if part)).replace(
        "\0", ""
    )


def _escaped(text: str) -> str:
    escaped = _MARKUP.sub(lambda m: _ENTITIES.get(m.group(), f"\\{m.group()}"), text)
    return escaped.replace("`", "\\`")
