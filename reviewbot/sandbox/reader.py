"""Reads a review's prompt as a person would, and answers it by the script."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reviewbot.domain.finding import Category, Severity, Side, Verdict
from reviewbot.sandbox.rule import Sight
from reviewbot.sandbox.script import rule_behind, rule_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reviewbot.sandbox.rule import Rule

_OPENING = re.compile(r"<<<(CHUNK|CLAIMS|FILES|PULL) (\S+)")
_LINE = re.compile(r"(\d+)(?: ([+ -])(?: (.*))?)?", re.DOTALL)
_WINDOW = 12  # lines that a rule looks at on either side
_MOST = 3  # findings a chunk, as the prompt asks
_RISKS = {
    Severity.CRITICAL: 0.95,
    Severity.HIGH: 0.8,
    Severity.MEDIUM: 0.5,
    Severity.LOW: 0.2,
    Severity.INFO: 0.1,
}
_QUIET_RISK = 0.05


@dataclass(frozen=True, slots=True)
class Shown:
    """A line as the prompt shows it."""

    number: int
    sign: str
    text: str


@dataclass(frozen=True, slots=True)
class Piece:
    """Consecutive lines, and the definition around them."""

    heading: str
    lines: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """What another model said, as far as the prompt tells."""

    id: str
    side: Side
    line: int
    quote: str
    title: str
    tool: str = ""  # which reported it, where that was no model


@dataclass(frozen=True, slots=True)
class Chunk:
    """One fenced part of a prompt, and the claims about it."""

    path: str
    pieces: tuple[Piece, ...]
    claims: tuple[Claim, ...] = ()


def answer(prompt: str, *, strong: bool) -> dict[str, Any]:
    """What a scripted model says of a prompt: findings, and the strong one's verdicts."""
    chunks = read_chunks(prompt)
    findings = [found for chunk in chunks for found in _findings(chunk, strong_only=strong)]
    said: dict[str, Any] = {"findings": findings}
    if strong or any(chunk.claims for chunk in chunks):
        said["verdicts"] = [_verdict(each, chunk) for chunk in chunks for each in chunk.claims]
    severities = [Severity(found["severity"]) for found in findings]
    said["risk"] = max((_RISKS[severity] for severity in severities), default=_QUIET_RISK)
    said["summary"] = "\n".join(f"{chunk.path}: {_change(chunk)}" for chunk in chunks)
    return said


def improvements(prompt: str) -> dict[str, Any]:
    """What a scripted model would write otherwise: rules for upkeep that know a better line."""
    found = [
        finding
        for chunk in read_chunks(prompt)
        for finding in _findings(chunk, strong_only=False)
        if finding["category"] in {Category.MAINTAINABILITY, Category.PERFORMANCE}
        and finding["suggestion"]
    ]
    return {"findings": found, "risk": 0, "summary": ""}


def description(prompt: str) -> dict[str, Any]:
    """What a scripted model says that a pull request changes, and why by its title alone."""
    chunks = read_chunks(prompt)
    files = {kind: lines for kind, _, lines in _fenced(prompt.split("\n"))}
    title = json.loads(files["PULL"][0])["title"]
    return {
        "title": f"Change {len(files['FILES'])} files",
        "what": f"It changes {len(files['FILES'])} files.",
        "why": f"The author says: {title}.",
        "files": [{"path": chunk.path, "change": _change(chunk)} for chunk in chunks],
    }


def _change(chunk: Chunk) -> str:
    """What a chunk does, as far as a script can tell."""
    lines = [shown for piece in chunk.pieces for shown in piece.lines]
    added, removed = (sum(shown.sign == sign for shown in lines) for sign in "+-")
    return f"adds {added} and removes {removed} lines"


def answer_in_words(prompt: str) -> str:
    """What a scripted model says to a question: which code it saw, and what is wrong with it."""
    chunks = read_chunks(prompt)
    titles = [found["title"] for chunk in chunks for found in _findings(chunk, strong_only=False)]
    seen = ", ".join(f"`{chunk.path}`" for chunk in chunks) or "no code"
    return f"From {seen}: {'; '.join(dict.fromkeys(titles)) or 'nothing shown is wrong'}."


# --- reading ---------------------------------------------------------------------------------


def read_chunks(prompt: str) -> list[Chunk]:
    """The chunks between their fences; whatever else a prompt says is passed over."""
    chunks: dict[str, Chunk] = {}
    for kind, fence, lines in _fenced(prompt.split("\n")):
        if kind == "CHUNK":
            chunks[fence] = _chunk(lines)
        elif kind == "CLAIMS" and fence in chunks:
            found = chunks[fence]
            claims = tuple(_claim(json.loads(line)) for line in lines)
            chunks[fence] = Chunk(found.path, found.pieces, claims)
    return list(chunks.values())


def _fenced(lines: Sequence[str]) -> Iterator[tuple[str, str, list[str]]]:
    inside: list[str] = []
    kind = fence = ""
    for line in lines:
        if not kind and (opening := _OPENING.fullmatch(line)):
            kind, fence, inside = opening.group(1), opening.group(2), []
        elif kind and line == f">>>{kind} {fence}":
            yield kind, fence, inside
            kind = ""
        elif kind:
            inside.append(line)


def _chunk(lines: Sequence[str]) -> Chunk:
    path = ""
    pieces: list[tuple[str, list[Shown]]] = []
    for line in lines:
        if match := _LINE.fullmatch(line):
            number, sign, text = match.groups()
            pieces = pieces or [("", [])]
            pieces[-1][1].append(Shown(int(number), sign or " ", text or ""))
        elif line.startswith("@@"):
            pieces.append((line[2:].strip(), []))
        elif line.startswith("File: "):
            path = line.removeprefix("File: ")
    return Chunk(path, tuple(Piece(heading, tuple(shown)) for heading, shown in pieces))


def _claim(said: dict[str, Any]) -> Claim:
    side, line = Side(said["side"]), int(said.get("line", 0))
    return Claim(said["id"], side, line, said["quote"], said["claim"], said.get("tool", ""))


# --- saying ----------------------------------------------------------------------------------


def _findings(chunk: Chunk, *, strong_only: bool) -> list[dict[str, Any]]:
    found = [
        (rule.severity.rank, shown.number, _finding(rule, chunk.path, shown))
        for piece in chunk.pieces
        for index, shown in enumerate(piece.lines)
        for rule in [rule_for(_sight(chunk.path, piece, index), strong_only=strong_only)]
        if rule
    ]
    found.sort(key=lambda entry: entry[:2])
    return [finding for _, _, finding in found[:_MOST]]


def _sight(path: str, piece: Piece, index: int) -> Sight:
    lines = piece.lines
    before = "\n".join(_kept(lines[max(0, index - _WINDOW) : index]))
    after = "\n".join(_kept(lines[index + 1 : index + 1 + _WINDOW]))
    shown = lines[index]
    return Sight(path, shown.sign, shown.text, f"{piece.heading}\n{before}", after)


def _kept(lines: Sequence[Shown]) -> list[str]:
    return [shown.text for shown in lines if shown.sign != "-"]


def _finding(rule: Rule, path: str, shown: Shown) -> dict[str, Any]:
    deleted = shown.sign == "-"
    return {
        "path": path,
        "side": (Side.LEFT if deleted else Side.RIGHT).value,
        "start_line": shown.number,
        "end_line": shown.number,
        "quote": shown.text,
        "category": rule.category.value,
        "title": rule.title,
        "explanation": rule.explanation,
        "suggestion": None if deleted else rule.suggestion(shown.text),
        "cwe": rule.cwe,
        "rule": None,
        "severity": rule.severity.value,
        "confidence": rule.confidence,
    }


def _verdict(claim: Claim, chunk: Chunk) -> dict[str, Any]:
    place = _place(claim, chunk)
    if place is None:
        return _ruled(claim, Verdict.REJECTED, "The quoted line is not among the shown ones.")
    piece, index = place
    shown = piece.lines[index]
    sight = _sight(chunk.path, piece, index)
    if claim.tool:
        return _verdict_of_tool(claim, rule_for(sight, strong_only=False), chunk.path, shown)
    rule = rule_behind(claim.title, sight)
    if rule is None:
        return _ruled(claim, Verdict.UNCERTAIN, "Code that is not shown decides.")
    second = rule.second
    reason = second.reason.replace("{quote}", _quotable(shown.text))
    if second.verdict in {Verdict.REJECTED, Verdict.UNCERTAIN}:
        return _ruled(claim, second.verdict, reason)
    better = _finding(rule, chunk.path, shown)
    better["confidence"] = second.confidence
    better["severity"] = (second.severity or rule.severity).value
    return _ruled(claim, second.verdict, reason, better)


def _verdict_of_tool(claim: Claim, rule: Rule | None, path: str, shown: Shown) -> dict[str, Any]:
    """A tool's words are its own, so what counts is whether the script finds the line wrong."""
    if rule is None:
        harmless = f"`{_quotable(shown.text)}`: nothing on this line does what is claimed."
        return _ruled(claim, Verdict.REJECTED, harmless)
    return _ruled(claim, Verdict.CONFIRMED, "The shown line does it.", _finding(rule, path, shown))


def _ruled(
    claim: Claim, verdict: Verdict, reason: str, finding: dict[str, Any] | None = None
) -> dict[str, Any]:
    return {"id": claim.id, "verdict": verdict.value, "reason": reason, "finding": finding}


def _place(claim: Claim, chunk: Chunk) -> tuple[Piece, int] | None:
    """The claimed line: its quote decides, its number only between equal lines."""
    left = claim.side is Side.LEFT
    places = [
        (abs(shown.number - claim.line), piece, index)
        for piece in chunk.pieces
        for index, shown in enumerate(piece.lines)
        if (shown.sign == "-") is left and shown.text.strip() == claim.quote.strip()
    ]
    _, piece, index = min(places, key=lambda entry: entry[0], default=(0, None, 0))
    return None if piece is None else (piece, index)


def _quotable(text: str) -> str:
    """The longest part of a line that can stand between backticks."""
    return max(text.split("`"), key=len).strip()
