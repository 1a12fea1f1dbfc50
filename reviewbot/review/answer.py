"""Reads a model's answer, which is as untrusted as a webhook.

An answer to several chunks is divided into one text a chunk, with line numbers relative to
the chunk, so that it stays true when the chunk moves. What cannot be mended safely raises
BadAnswer, and the caller asks again.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from reviewbot.domain.errors import BadAnswer
from reviewbot.domain.finding import Category, Finding, Severity, Side, Verdict
from reviewbot.domain.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Sequence
    from enum import StrEnum

    from reviewbot.review.plan import Chunk

    Word = TypeVar("Word", bound=StrEnum)

MOST_FINDINGS = 500  # of one answer; more is a model gone astray
_LONGEST_TEXT = 4_000
_LONGEST_SUMMARY = 400
_FARTHEST = 10**9  # lines
_JSON = json.JSONDecoder(strict=False)  # takes raw control characters inside strings
_LONGEST_MENDED = 16_000  # characters; mending takes time that grows with their square
_THOUGHT = re.compile(r"^\s*<think>.*?</think>", re.DOTALL)
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+("?)', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Ruling:
    """The strong tier's verdict on the claim *id*."""

    id: str
    verdict: Verdict
    reason: str
    finding: Finding | None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a tier said of one chunk; risk and summary may be those of a whole request."""

    findings: tuple[Finding, ...]
    rulings: tuple[Ruling, ...] = ()
    risk: float = 0.0
    summary: str = ""
    elsewhere: bool = False  # whether other chunks' findings account for the risk


def divide(text: str, chunks: Sequence[Chunk], claims: Sequence[frozenset[str]]) -> tuple[str, ...]:
    """One answer text a chunk; raises BadAnswer if *text* is not what the contract asks for.

    *claims* are the ids that each chunk's verdicts may name.
    """
    answer = _load(text)
    common = {"risk": _share(answer.get("risk"))}
    stored: list[dict[str, Any]] = [
        {"findings": [], "verdicts": [], **common, "summary": summary}
        for summary in _summaries(_text(answer.get("summary")), chunks)
    ]
    for raw in _list(answer, "findings")[:MOST_FINDINGS]:
        if (finding := _finding(raw)) is not None:
            home = _home(finding, chunks)
            stored[home]["findings"].append(_relative(finding, chunks[home]))
    for raw in _list(answer, "verdicts")[:MOST_FINDINGS]:
        ruling = _ruling(raw)
        if ruling is None:
            continue
        for part, chunk, ids in zip(stored, chunks, claims, strict=True):
            if ruling.id in ids:
                part["verdicts"].append(_relative_ruling(ruling, chunk))
    found = any(part["findings"] for part in stored)
    for part in stored:
        part["elsewhere"] = found and not part["findings"]
    return tuple(json.dumps(part, ensure_ascii=False, separators=(",", ":")) for part in stored)


def read(text: str, chunk: Chunk) -> Reading:
    """A stored answer, with the line numbers that *chunk* has now; raises BadAnswer."""
    answer = _load(text)
    findings = tuple(
        _absolute(finding, chunk)
        for finding in map(_finding, _list(answer, "findings"))
        if finding is not None
    )
    rulings = tuple(
        replace(ruling, finding=ruling.finding and _absolute(ruling.finding, chunk))
        for ruling in map(_ruling, _list(answer, "verdicts"))
        if ruling is not None
    )
    return Reading(
        findings,
        rulings,
        _share(answer.get("risk")),
        _text(answer.get("summary"))[:_LONGEST_SUMMARY],
        answer.get("elsewhere") is True,
    )


# --- JSON, as models write it ----------------------------------------------------------------


def _load(text: str) -> dict[str, Any]:
    answer = _parse(_THOUGHT.sub("", text, count=1).strip())
    if not isinstance(answer, dict) or not isinstance(answer.get("findings"), list):
        message = Phrase("the answer holds no list of findings")
        raise BadAnswer(message)
    return answer


def _parse(text: str) -> object:
    try:
        # What is said around the object counts for nothing: models explain, and fence.
        return _JSON.raw_decode(text, max(0, text.find("{")))[0]
    except (ValueError, RecursionError):
        pass
    begin = text.find("{")
    if begin < 0 or len(text) - begin > _LONGEST_MENDED or not _is_closed(text[begin:]):
        message = Phrase("the answer is no JSON, or was cut off")
        raise BadAnswer(message)
    import json_repair

    try:
        return json_repair.loads(text[begin:], skip_json_loads=True)
    except (ValueError, RecursionError) as error:
        message = Phrase("the answer is no JSON")
        raise BadAnswer(message) from error


def _is_closed(text: str) -> bool:
    """Whether as many brackets close as open: an answer that was cut off is not mended."""
    bare = _STRING.sub(lambda string: '""' if string[1] else string[0], text)
    ends = text.rstrip().endswith(("}", "```"))
    return ends and bare.count("{") <= bare.count("}") and bare.count("[") <= bare.count("]")


def _list(answer: dict[str, Any], name: str) -> list[Any]:
    value = answer.get(name)
    return value if isinstance(value, list) else []


# --- fields ----------------------------------------------------------------------------------


def _finding(raw: object) -> Finding | None:
    """A finding, or None where the claim itself is missing; wrong words become the nearest."""
    if not isinstance(raw, dict):
        return None
    path, title = _text(raw.get("path")), _text(raw.get("title"))
    quote = raw.get("quote")
    if not path or not title:
        return None
    start = _number(raw.get("start_line"))
    return Finding(
        path=path,
        side=_word(Side, str(raw.get("side")).upper(), Side.RIGHT),
        start_line=start,
        end_line=max(start, _number(raw.get("end_line"))),
        quote=_storable(quote)[:_LONGEST_TEXT] if isinstance(quote, str) else "",
        category=_word(Category, _lower(raw.get("category")), Category.CORRECTNESS),
        severity=_word(Severity, _lower(raw.get("severity")), Severity.MEDIUM),
        confidence=_share(raw.get("confidence")),
        title=title[:200],
        explanation=_text(raw.get("explanation")),
        suggestion=_suggestion(raw.get("suggestion")),
        cwe=_matching(raw.get("cwe"), r"CWE-\d{1,5}"),
        rule=_matching(raw.get("rule"), r"[A-Za-z0-9._-]{1,64}"),
    )


def _ruling(raw: object) -> Ruling | None:
    if not isinstance(raw, dict) or not (name := _text(raw.get("id"))):
        return None
    verdict = _word(Verdict, _lower(raw.get("verdict")), Verdict.UNCERTAIN)
    return Ruling(name, verdict, _text(raw.get("reason")), _finding(raw.get("finding")))


def _text(value: object) -> str:
    return _storable(value).strip()[:_LONGEST_TEXT] if isinstance(value, str) else ""


def _storable(text: str) -> str:
    """Halves of surrogate pairs, which JSON can name, are no text that a database takes."""
    return text.encode(errors="replace").decode()


def _lower(value: object) -> str:
    return _text(value).lower()


def _number(value: object) -> int:
    return int(_clamped(value, -_FARTHEST, _FARTHEST))


def _share(value: object) -> float:
    return float(_clamped(value, 0, 1))


def _clamped(value: object, least: int, most: int) -> int | float:
    """A number between two others; what is none counts as zero."""
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return max(least, min(value, most))
    return 0


def _word(kind: type[Word], value: str, otherwise: Word) -> Word:
    return kind(value) if value in set(kind) else otherwise


def _suggestion(value: object) -> str | None:
    """A replacement text; models write the word "null" for none, and half of one is none."""
    if not isinstance(value, str) or value.strip().lower() in {"", "null", "none"}:
        return None
    return _storable(value) if len(value) <= _LONGEST_TEXT else None


def _matching(value: object, pattern: str) -> str | None:
    return value if isinstance(value, str) and re.fullmatch(pattern, value) else None


# --- chunks ----------------------------------------------------------------------------------


def _summaries(said: str, chunks: Sequence[Chunk]) -> list[str]:
    """What an answer sums up of each chunk: its file's line, or all of it where no file is named.

    A model that names some files only has nothing to say of the others.
    """
    told: dict[str, str] = {}
    paths = sorted({chunk.path for chunk in chunks}, key=len, reverse=True)
    for line in said.splitlines():
        bare = line.strip().lstrip("-*• ").replace("`", "")
        named = next((path for path in paths if bare.startswith(f"{path}:")), None)
        if named is not None:
            told.setdefault(named, bare.removeprefix(f"{named}:").strip())
    whole = "" if told else " ".join(said.split())
    return [told.get(chunk.path, whole)[:_LONGEST_SUMMARY] for chunk in chunks]


def _home(finding: Finding, chunks: Sequence[Chunk]) -> int:
    """The chunk that a finding speaks of: by path, then by its quote, then by its line."""
    of_path = [i for i, chunk in enumerate(chunks) if chunk.path == finding.path]
    candidates = of_path or list(range(len(chunks)))
    if len(candidates) == 1:
        return candidates[0]
    quote = finding.quote.strip().splitlines()[0].strip() if finding.quote.strip() else ""

    def doubt(index: int) -> tuple[bool, int]:
        chunk = chunks[index]
        holds = bool(quote) and any(
            quote in line.text for piece in chunk.pieces for line in piece.lines
        )
        return not holds, abs(finding.start_line - _first_line(chunk, finding.side))

    return min(candidates, key=doubt)


def _first_line(chunk: Chunk, side: Side) -> int:
    """Where the chunk begins on one side; 0 if it has no line there."""
    numbers = (
        line.old if side is Side.LEFT else line.new
        for piece in chunk.pieces
        for line in piece.lines
    )
    return next((number for number in numbers if number is not None), 0)


def _relative(finding: Finding, chunk: Chunk) -> dict[str, Any]:
    offset = _first_line(chunk, finding.side)
    return {
        "path": finding.path,
        "side": finding.side.value,
        "start_line": finding.start_line - offset,
        "end_line": finding.end_line - offset,
        "quote": finding.quote,
        "category": finding.category.value,
        "title": finding.title,
        "explanation": finding.explanation,
        "suggestion": finding.suggestion,
        "cwe": finding.cwe,
        "rule": finding.rule,
        "severity": finding.severity.value,
        "confidence": finding.confidence,
    }


def _relative_ruling(ruling: Ruling, chunk: Chunk) -> dict[str, Any]:
    return {
        "id": ruling.id,
        "verdict": ruling.verdict.value,
        "reason": ruling.reason,
        "finding": ruling.finding and _relative(ruling.finding, chunk),
    }


def _absolute(finding: Finding, chunk: Chunk) -> Finding:
    offset = _first_line(chunk, finding.side)
    return replace(
        finding,
        start_line=finding.start_line + offset,
        end_line=finding.end_line + offset,
    )
